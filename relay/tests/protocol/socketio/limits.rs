//! Limits (requirement 002-05, conflict X-18).

use serde_json::json;

use crate::support::{TestRelay, node};

#[tokio::test]
async fn r002_05_a_message_of_ten_megabytes_is_taken_by_both_ways() {
    let relay = TestRelay::start();
    for transports in ["['polling']", "['websocket']"] {
        let script = format!(
            r#"
            const socket = await connected(4, {{ transports: {transports} }});
            return (await ask(socket, "chat:message", {{ filler: "x".repeat(10_000_000) }}))[0].error;
            "#
        );
        assert_eq!(node(relay.address, &script).await, json!("Missing required field: content"));
    }
}

#[tokio::test]
async fn r002_05_a_message_over_the_limit_ends_a_websocket() {
    let relay = TestRelay::with(&[("SOCKETIO_MAX_HTTP_BUFFER_SIZE", "1000")]);
    let script = r#"
        const socket = await connected(4, { transports: ["websocket"], reconnection: false });
        socket.emit("x", "x".repeat(2000));
        return (await next(socket, "disconnect"))[0];
    "#;
    assert_eq!(node(relay.address, script).await, json!("transport close"));
}

#[tokio::test]
async fn r002_05_a_body_over_the_limit_is_refused_with_413() {
    let relay = TestRelay::with(&[("SOCKETIO_MAX_HTTP_BUFFER_SIZE", "1000")]);
    let script = r#"
        const base = url + "/socket.io/?EIO=4&transport=polling";
        const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
        return (await fetch(base + "&sid=" + sid, { method: "POST", body: "4".repeat(2000) })).status;
    "#;
    assert_eq!(node(relay.address, script).await, json!(413));
}

#[tokio::test]
async fn x18_unfinished_messages_of_all_clients_together_have_a_limit() {
    let relay = TestRelay::with(&[("MAX_NODE_QUEUE_BYTES", "1048576")]);
    let script = r#"
        const socket = await connected(4, { transports: ["websocket"], reconnection: false });
        socket.emit("x", "x".repeat(5_000_000));
        return (await next(socket, "disconnect"))[0];
    "#;
    assert_eq!(node(relay.address, script).await, json!("transport close"));
}
