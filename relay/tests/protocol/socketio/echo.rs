//! The echo servers, which show the bare transports to conformance suites.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::balanced::UNKNOWN;
use crate::support::{Client, Example, Received, node, until};

/// Text, bytes and acknowledgements, in two namespaces.
const ECHO: &str = r#"
    const auth = connect(VERSION, OPTIONS);
    const [, [first]] = await Promise.all([next(auth, "connect"), next(auth, "auth")]);
    const result = [first];
    for (const path of ["/", "/custom"]) {
        const socket = await connected(VERSION, OPTIONS, path);
        const back = next(socket, "message-back");
        socket.emit("message", 1, "2", { 3: [true] });
        result.push(await back);
        const bytes = next(socket, "message-back");
        socket.emit("message", Buffer.from([1, 2, 3]), { deep: [Buffer.from([4])] });
        const [one, { deep }] = await bytes;
        result.push([...one, ...deep[0]]);
        const [text, binary] = await ask(socket, "message-with-ack", "é", Buffer.from([9]));
        result.push([text, ...binary]);
    }
    return result;
"#;

async fn echo(version: u8, transports: &str) -> serde_json::Value {
    let server = Example::start("socketio_echo", &[]).await;
    let options = format!("{{ transports: {transports}, auth: {{ token: 'x' }} }}");
    let script = ECHO.replace("VERSION", &version.to_string()).replace("OPTIONS", &options);
    node(&server.address, &script).await
}

fn expected(auth: serde_json::Value) -> serde_json::Value {
    let (text, bytes, ack) = (json!([1, "2", {"3": [true]}]), json!([1, 2, 3, 4]), json!(["é", 9]));
    json!([auth, text, bytes, ack, text, bytes, ack])
}

#[tokio::test]
async fn r002_13_text_bytes_and_acknowledgements_come_back_by_polling() {
    assert_eq!(echo(4, "['polling']").await, expected(json!({"token": "x"})));
}

#[tokio::test]
async fn r002_13_text_bytes_and_acknowledgements_come_back_on_a_websocket() {
    assert_eq!(echo(4, "['websocket']").await, expected(json!({"token": "x"})));
}

#[tokio::test]
async fn r002_13_text_bytes_and_acknowledgements_come_back_through_an_upgrade() {
    assert_eq!(echo(4, "['polling', 'websocket']").await, expected(json!({"token": "x"})));
}

#[tokio::test]
async fn r002_06_text_bytes_and_acknowledgements_come_back_to_version_2_by_polling() {
    assert_eq!(echo(2, "['polling']").await, expected(json!({})));
}

#[tokio::test]
async fn r002_06_text_bytes_and_acknowledgements_come_back_to_version_2_on_a_websocket() {
    assert_eq!(echo(2, "['websocket']").await, expected(json!({})));
}

const QUICK: [(&str, &str); 3] =
    [("PING_INTERVAL", "300"), ("PING_TIMEOUT", "200"), ("MAX_PAYLOAD", "1000000")];

#[tokio::test]
async fn x14_a_client_that_answers_pings_stays() {
    let server = Example::start("socketio_echo", &QUICK).await;
    for transports in ["['polling']", "['websocket']"] {
        for version in [4, 2] {
            let script = format!(
                "const socket = await connected({version}, {{ transports: {transports} }}); await pause(2000);
                return socket.connected;"
            );
            assert_eq!(node(&server.address, &script).await, json!(true), "{version} {transports}");
        }
    }
}

#[tokio::test]
async fn x14_a_session_that_answers_no_ping_is_over() {
    let server = Example::start("engineio_echo", &QUICK).await;
    for version in [4, 3] {
        let address = format!("http://{}/engine.io/?EIO={version}&transport=polling", server.address);
        let terms = reqwest::get(&address).await.unwrap().text().await.unwrap();
        let sid = terms.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap();
        let poll = format!("{address}&sid={sid}");
        // It is pinged, and told that it is over; both are answers.
        until("no session", async || reqwest::get(&poll).await.unwrap().status() == 400).await;
        assert_eq!(reqwest::get(&poll).await.unwrap().text().await.unwrap(), UNKNOWN, "{version}");
    }
}

#[tokio::test]
async fn engine_io_echoes_text_and_bytes_in_both_revisions() {
    let server = Example::start("engineio_echo", &[]).await;
    for (version, bytes) in [(4, vec![1, 2, 3]), (3, vec![4, 1, 2, 3])] {
        let url = format!("ws://{}/engine.io/?EIO={version}&transport=websocket", server.address);
        let mut client = Client::connect(&url).await;
        client.next().await;
        client.send(Message::text("4hello")).await;
        assert_eq!(client.next().await, Received::Text("4hello".to_owned()));
        client.send(Message::binary(bytes.clone())).await;
        assert_eq!(client.next_binary().await, bytes);
    }
}

#[tokio::test]
async fn r002_06_a_browser_of_version_2_gets_bytes_as_bytes() {
    let server = Example::start("engineio_echo", &[]).await;
    let script = r#"
        const start = url + "/engine.io/?EIO=3&transport=polling";
        const { sid } = JSON.parse((await (await fetch(start)).text()).replace(/^[0-9]+:0/, ""));
        const headers = { "content-type": "application/octet-stream" };
        const body = Uint8Array.from([0, 2, 255, 0x34, 0x61, 1, 3, 255, 4, 1, 2]);
        await fetch(start + "&sid=" + sid, { method: "POST", headers, body });
        return [...new Uint8Array(await (await fetch(start + "&sid=" + sid)).arrayBuffer())];
    "#;
    let expected = json!([0, 2, 255, 0x34, 0x61, 1, 3, 255, 4, 1, 2]);
    assert_eq!(node(&server.address, script).await, expected);
}

#[tokio::test]
async fn while_a_session_upgrades_every_poll_is_answered_at_once() {
    let server = Example::start("engineio_echo", &[]).await;
    let address = format!("{}/engine.io/?EIO=4", server.address);
    let terms =
        reqwest::get(format!("http://{address}&transport=polling")).await.unwrap().text().await.unwrap();
    let sid = terms.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap();
    let poll = format!("http://{address}&transport=polling&sid={sid}");
    let mut client = Client::connect(&format!("ws://{address}&transport=websocket&sid={sid}")).await;
    client.send(Message::text("2probe")).await;
    assert_eq!(client.next().await, Received::Text("3probe".to_owned()));
    for _ in 0..3 {
        assert_eq!(reqwest::get(&poll).await.unwrap().text().await.unwrap(), "6");
    }
    client.send(Message::text("5")).await;
    client.send(Message::text("4hello")).await;
    assert_eq!(client.next().await, Received::Text("4hello".to_owned()));
    assert_eq!(reqwest::get(&poll).await.unwrap().status(), 400);
}

#[tokio::test]
async fn websockets_echo_text_and_bytes() {
    let server = Example::start("ws_echo", &[]).await;
    let mut client = Client::connect(&format!("ws://{}/", server.address)).await;
    client.send(Message::text("hello")).await;
    assert_eq!(client.next().await, Received::Text("hello".to_owned()));
    client.send(Message::binary(vec![1, 2])).await;
    assert_eq!(client.next_binary().await, [1, 2]);
}
