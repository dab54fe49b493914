//! Node.js: `ws`.

use serde_json::json;

use crate::support::{TestRelay, node};

/// What each script begins with.
const WS: &str = r#"
    const WebSocket = require("ws");
    const at = (path, options) => new WebSocket(url.replace("http", "ws") + path, options);
    const closed = async (socket) => { const [code, why] = await next(socket, "close"); return [code, String(why)]; };
"#;

async fn ws(relay: &TestRelay, script: &str) -> serde_json::Value {
    node(relay.address, &format!("{WS} {script}")).await
}

#[tokio::test]
async fn r000_01_r000_04_ws_gets_a_pushed_message() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws?user_id=alice");
        await next(socket, "open");
        post("/sse/push", { user_id: "alice", data: { message: "hé" } });
        return JSON.parse((await next(socket, "message"))[0]).message;
    "#;
    assert_eq!(ws(&relay, script).await, json!("hé"));
}

#[tokio::test]
async fn r000_02_ws_sees_the_code_and_the_reason_of_a_refusal() {
    let relay = TestRelay::start();
    let _first = relay.socket("alice").await;
    let result = ws(&relay, r#"return closed(at("/ws?user_id=alice"));"#).await;
    assert_eq!(result, json!([1008, "User already connected"]));
}

#[tokio::test]
async fn r000_03_ws_that_says_goodbye_gets_its_code_back() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws");
        await next(socket, "open");
        socket.close(4000, "bye");
        return (await closed(socket))[0];
    "#;
    assert_eq!(ws(&relay, script).await, json!(4000));
}

#[tokio::test]
async fn r003_06_ws_sees_4001_after_the_handshake() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws/chat/42/?connection_token=forged");
        let opened = false;
        socket.on("open", () => (opened = true));
        return [...(await closed(socket)), opened];
    "#;
    assert_eq!(ws(&relay, script).await, json!([4001, "Unauthenticated", true]));
}

#[tokio::test]
async fn r004_21_ws_sees_1009_for_a_message_over_the_limit() {
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "1000")]);
    let script = r#"
        const socket = at("/ws");
        await next(socket, "open");
        socket.send("x".repeat(2000));
        return (await closed(socket))[0];
    "#;
    assert_eq!(ws(&relay, script).await, json!(1009));
}

#[tokio::test]
async fn ws_sees_1012_when_the_relay_drains() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws");
        await next(socket, "open");
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ rate: 100, deadlineSeconds: 10, reason: "Test" });
        fetch("http://ADMIN/admin/v1/drain", { method: "PUT", headers, body });
        return (await closed(socket))[0];
    "#;
    let script = script.replace("ADMIN", &relay.admin.to_string());
    assert_eq!(ws(&relay, &script).await, json!(1012));
}

#[tokio::test]
async fn x14_ws_gets_an_answer_to_its_ping() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws");
        await next(socket, "open");
        socket.ping("beat");
        return String((await next(socket, "pong"))[0]);
    "#;
    assert_eq!(ws(&relay, script).await, json!("beat"));
}

#[tokio::test]
async fn r001_02_ws_may_send_an_event_in_pieces() {
    let relay = TestRelay::start();
    let script = r#"
        const [reader, writer] = [at("/ws?subscribe=true"), at("/ws")];
        await Promise.all([next(reader, "open"), next(writer, "open")]);
        writer.send('{"type":"test","data"', { fin: false });
        writer.ping();
        writer.send(':{"value":42}}', { fin: true });
        return JSON.parse((await next(reader, "message"))[0]).data;
    "#;
    assert_eq!(ws(&relay, script).await, json!({"value": 42}));
}

#[tokio::test]
async fn ws_works_without_the_compression_that_it_offers() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = at("/ws", { perMessageDeflate: true });
        await next(socket, "open");
        return socket.extensions;
    "#;
    assert_eq!(ws(&relay, script).await, json!(""));
}

#[tokio::test]
async fn r004_39_ws_gets_the_subprotocol_that_it_offers() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = new WebSocket(url.replace("http", "ws") + "/ws/alice", ["mythos-protocol"]);
        await next(socket, "open");
        return socket.protocol;
    "#;
    assert_eq!(ws(&relay, script).await, json!("mythos-protocol"));
}
