//! Clients of both versions, by each way.

use serde_json::json;

use crate::support::{TestRelay, node};

/// Joins a conversation with an acknowledgement, and gets an event of it.
const CONVERSATION: &str = r#"
    const [ack] = await ask(socket, "conversation:join", { conversationId: "c" });
    const event = next(socket, "chat:token");
    const emitted = await post("/api/socketio/emit",
        { event: "chat:token", conversationId: "c", data: { messageId: "m", token: "hé" } });
    return [ack.status, emitted.delivered, (await event)[0].token, transport(socket)];
"#;

async fn converse(version: u8, transports: &str, upgraded: bool) -> serde_json::Value {
    let relay = TestRelay::start();
    let wait = if upgraded { "await upgraded(socket);" } else { "" };
    let script = format!(
        "const socket = await connected({version}, {{ transports: {transports} }}); {wait} {CONVERSATION}"
    );
    node(relay.address, &script).await
}

#[tokio::test]
async fn r002_02_r002_13_version_4_works_by_polling_alone() {
    assert_eq!(converse(4, "['polling']", false).await, json!(["ok", 1, "hé", "polling"]));
}

#[tokio::test]
async fn r002_02_r002_13_version_4_works_on_a_websocket_alone() {
    assert_eq!(converse(4, "['websocket']", false).await, json!(["ok", 1, "hé", "websocket"]));
}

#[tokio::test]
async fn r002_02_r002_13_version_4_upgrades() {
    assert_eq!(converse(4, "['polling', 'websocket']", true).await, json!(["ok", 1, "hé", "websocket"]));
}

#[tokio::test]
async fn r002_02_version_4_begins_on_a_websocket_where_the_guide_puts_it_first() {
    assert_eq!(converse(4, "['websocket', 'polling']", false).await, json!(["ok", 1, "hé", "websocket"]));
}

#[tokio::test]
async fn r002_06_version_2_works_by_polling_alone() {
    assert_eq!(converse(2, "['polling']", false).await, json!(["ok", 1, "hé", "polling"]));
}

#[tokio::test]
async fn r002_06_version_2_works_on_a_websocket_alone() {
    assert_eq!(converse(2, "['websocket']", false).await, json!(["ok", 1, "hé", "websocket"]));
}

#[tokio::test]
async fn r002_06_version_2_upgrades() {
    assert_eq!(converse(2, "['polling', 'websocket']", true).await, json!(["ok", 1, "hé", "websocket"]));
}

#[tokio::test]
async fn r002_06_version_2_is_refused_where_it_is_switched_off() {
    let relay = TestRelay::with(&[("SOCKETIO_ALLOW_EIO3", "false")]);
    let script = r#"
        const socket = connect(2, { reconnection: false, transports: ["polling"] });
        await next(socket, "connect_error");
        return connect(4).connected;
    "#;
    assert_eq!(node(relay.address, script).await, json!(false));
}

#[tokio::test]
async fn r002_02_no_message_is_lost_while_a_client_upgrades() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = connect(4);
        const got = [];
        socket.on("n", (n) => got.push(n));
        await next(socket, "connect");
        for (let n = 0; n < 200; n++) await post("/api/socketio/emit", { event: "n", data: n });
        while (got.length < 200) await pause(10);
        return [got.every((n, at) => n === at), transport(socket)];
    "#;
    assert_eq!(node(relay.address, script).await, json!([true, "websocket"]));
}

#[tokio::test]
async fn r002_02_a_client_falls_back_to_polling_where_websockets_are_off() {
    let relay = TestRelay::with(&[("SOCKETIO_TRANSPORTS", "polling")]);
    let script = r#"
        const socket = connect(4, { transports: ["websocket", "polling"], tryAllTransports: true });
        await next(socket, "connect");
        return transport(socket);
    "#;
    assert_eq!(node(relay.address, script).await, json!("polling"));
}

#[tokio::test]
async fn r002_13_an_unknown_namespace_is_a_connect_error_for_both_versions() {
    let relay = TestRelay::start();
    let script = r#"
        const [four] = await next(connect(4, {}, "/nope"), "connect_error");
        const [two] = await next(connect(2, {}, "/nope"), "error");
        return [four.message, two];
    "#;
    assert_eq!(node(relay.address, script).await, json!(["Invalid namespace", "Invalid namespace"]));
}

#[tokio::test]
async fn r002_13_a_client_that_leaves_is_gone() {
    let relay = TestRelay::start();
    for transports in ["['polling']", "['websocket']"] {
        let script = format!(
            "const socket = await connected(4, {{ transports: {transports} }}); socket.disconnect(); await pause(100);"
        );
        node(relay.address, &script).await;
        relay.has_connections(0).await;
    }
}
