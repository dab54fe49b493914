//! Python: `websockets`, and `httpx-sse`.

use serde_json::json;

use crate::support::{TestRelay, python};

#[tokio::test]
async fn r000_01_websockets_gets_a_pushed_message() {
    let relay = TestRelay::start();
    let script = r#"
import httpx, websockets
async def answer(address):
    async with websockets.connect(f"ws://{address}/ws?user_id=alice") as socket, httpx.AsyncClient() as http:
        await http.post(f"http://{address}/sse/push", json={"user_id": "alice", "data": {"message": "hé"}})
        return json.loads(await socket.recv())["message"]
"#;
    assert_eq!(python(relay.address, script).await, json!("hé"));
}

#[tokio::test]
async fn r000_02_websockets_sees_the_code_and_the_reason_of_a_refusal() {
    let relay = TestRelay::start();
    let _first = relay.socket("alice").await;
    let script = r#"
import websockets
async def answer(address):
    async with websockets.connect(f"ws://{address}/ws?user_id=alice") as socket:
        await socket.wait_closed()
        return [socket.close_code, socket.close_reason]
"#;
    assert_eq!(python(relay.address, script).await, json!([1008, "User already connected"]));
}

#[tokio::test]
async fn r000_03_websockets_that_says_goodbye_gets_its_code_back() {
    let relay = TestRelay::start();
    let script = r#"
import websockets
async def answer(address):
    socket = await websockets.connect(f"ws://{address}/ws")
    await socket.close(code=4000)
    return socket.close_code
"#;
    assert_eq!(python(relay.address, script).await, json!(4000));
}

#[tokio::test]
async fn x14_websockets_keeps_a_connection_alive_by_its_own_pings() {
    let relay = TestRelay::start();
    let script = r#"
import websockets
async def answer(address):
    async with websockets.connect(f"ws://{address}/ws", ping_interval=0.1, ping_timeout=1) as socket:
        await asyncio.sleep(0.5)
        return [await (await socket.ping()) < 1, socket.state.name]
"#;
    assert_eq!(python(relay.address, script).await, json!([true, "OPEN"]));
}

#[tokio::test]
async fn r004_39_websockets_offers_a_subprotocol_and_gets_it() {
    let relay = TestRelay::start();
    let script = r#"
import websockets
async def answer(address):
    async with websockets.connect(f"ws://{address}/ws/alice", subprotocols=["mythos-protocol"]) as socket:
        return socket.subprotocol
"#;
    assert_eq!(python(relay.address, script).await, json!("mythos-protocol"));
}

#[tokio::test]
async fn r004_02_httpx_sse_gets_a_players_message() {
    let relay = TestRelay::start();
    let script = r#"
import httpx
from httpx_sse import aconnect_sse
async def answer(address):
    message = {"type": "note", "content": "hé"}
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        async with aconnect_sse(http, "GET", "/sse/alice") as stream:
            await http.post("/api/messages", json={"player_id": "alice", "message": message})
            async for event in stream.aiter_sse():
                if event.data:
                    return event.json()["content"]
"#;
    assert_eq!(python(relay.address, script).await, json!("hé"));
}

#[tokio::test]
async fn r000_06_httpx_sse_posts_a_request_and_reads_the_answers_to_their_end() {
    let relay = TestRelay::start();
    let script = r#"
import httpx, websockets
from httpx_sse import aconnect_sse
async def respond(socket):
    question = json.loads(await socket.recv())
    for n in range(3):
        answer = {"correlation_id": question["correlation_id"], "n": n, "is_final": n == 2}
        await socket.send(json.dumps(answer))

async def answer(address):
    async with websockets.connect(f"ws://{address}/ws?user_id=alice") as socket, httpx.AsyncClient() as http:
        responder = asyncio.create_task(respond(socket))
        body = {"user_id": "alice", "data": {}}
        async with aconnect_sse(http, "POST", f"http://{address}/sse/send", json=body) as stream:
            answers = [event.json()["n"] async for event in stream.aiter_sse()]
        await responder
        return answers
"#;
    assert_eq!(python(relay.address, script).await, json!([0, 1, 2]));
}
