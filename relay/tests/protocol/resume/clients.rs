//! Real clients that come back by themselves.

use serde_json::json;

use super::relay;
use crate::support::{node, python};

/// Publishes to alice.
const SAY: &str = r#"
    const say = (text) => post("/sse/push", { user_id: "alice", data: { text } });
"#;

/// Ends all connections as a drain does, waits for that, and says what is missed meanwhile.
const MISS: &str = r#"
    const miss = async (gone, texts) => {
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ rate: 100, deadlineSeconds: 10, reason: "Test" });
        await fetch("http://ADMIN/admin/v1/drain", { method: "PUT", headers, body });
        await gone;
        for (const text of texts) await say(text);
        await fetch("http://ADMIN/admin/v1/drain", { method: "DELETE" });
    };
"#;

#[tokio::test]
async fn event_source_goes_on_by_itself_without_a_gap_or_a_duplicate() {
    let relay = relay();
    let miss = MISS.replace("ADMIN", &relay.admin.to_string());
    let script = r#"
        const { EventSource } = require("eventsource");
        const source = new EventSource(url + "/sse/alice");
        const [told, texts] = [[], []];
        const done = new Promise((resolve) => {
            source.addEventListener("recovery", ({ data }) => told.push(JSON.parse(data)));
            source.onmessage = ({ data }) => {
                texts.push(JSON.parse(data).text);
                if (texts.at(-1) === "five") resolve();
            };
        });
        await new Promise((resolve) => (source.onopen = resolve));
        await say("one");
        while (texts.length < 1) await pause(10);
        const gone = () => new Promise((resolve) => (source.onerror = resolve));
        await miss(gone(), ["two", "three"]);
        while (told.length < 2) await pause(10);
        await miss(gone(), ["four"]);
        await say("five");
        await done;
        source.close();
        return [told.map(({ recovered }) => recovered), texts];
    "#;
    let expected = json!([[false, true, true], ["one", "two", "three", "four", "five"]]);
    assert_eq!(node(relay.address, &format!("{SAY} {miss} {script}")).await, expected);
}

#[tokio::test]
async fn ws_goes_on_with_the_last_position_that_it_was_told() {
    let relay = relay();
    let script = r#"
        const WebSocket = require("ws");
        const [told, texts] = [[], []];
        let position = "";
        const come = () => new Promise((resolve) => {
            const address = url.replace("http", "ws") + "/ws?user_id=alice&resume=" + position;
            const socket = new WebSocket(address);
            socket.on("message", (data) => {
                const message = JSON.parse(data);
                position = message.resume ?? position;
                if (message.type === "recovery") told.push(message.recovered);
                else texts.push(message.text);
                resolve(socket);
            });
        });
        const first = await come();
        await say("one");
        while (texts.length < 1) await pause(10);
        first.terminate();
        await say("two");
        await say("three");
        const second = await come();
        await say("four");
        while (texts.length < 4) await pause(10);
        second.terminate();
        return [told, texts];
    "#;
    let expected = json!([[false, true], ["one", "two", "three", "four"]]);
    assert_eq!(node(relay.address, &format!("{SAY} {script}")).await, expected);
}

#[tokio::test]
async fn a_python_client_goes_on_with_the_last_position_that_it_was_told() {
    let relay = relay();
    let script = r#"
import urllib.request, websockets

def say(address, text):
    body = json.dumps({"user_id": "alice", "data": {"text": text}}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"http://{address}/sse/push", body, headers)).read()

async def answer(address):
    base = f"ws://{address}/ws?user_id=alice&resume="
    async with websockets.connect(base) as socket:
        position = json.loads(await socket.recv())["resume"]
    for text in ["one", "two"]:
        await asyncio.to_thread(say, address, text)
    async with websockets.connect(base + position) as socket:
        told = json.loads(await socket.recv())
        texts = [json.loads(await socket.recv())["text"] for _ in range(2)]
    return [told["recovered"], texts]
"#;
    assert_eq!(python(relay.address, script).await, json!([true, ["one", "two"]]));
}
