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

#[tokio::test]
async fn x18_a_session_that_polls_no_more_keeps_a_bounded_queue_and_then_ends() {
    let relay = TestRelay::with(&[("MAX_QUEUE_BYTES", "2000")]);
    let script = r#"
        const start = url + "/socket.io/?EIO=4&transport=polling";
        const { sid } = JSON.parse((await (await fetch(start)).text()).slice(1));
        await fetch(start + "&sid=" + sid, { method: "POST", body: "40" });
        let delivered = 0;
        while ((await post("/api/socketio/emit", { event: "x", data: "x".repeat(100) })).delivered) delivered++;
        return delivered > 5 && delivered < 20;
    "#;
    assert_eq!(node(relay.address, script).await, json!(true));
    relay.has_connections(0).await;
}

#[tokio::test]
async fn sessions_over_the_cap_are_refused_with_503() {
    let relay = TestRelay::with(&[("MAX_TOTAL_CONNECTIONS", "3")]);
    let script = r#"
        const statuses = [];
        for (let n = 0; n < 4; n++) {
            const answer = await fetch(url + "/socket.io/?EIO=4&transport=polling");
            statuses.push(answer.status);
            await answer.text();
        }
        return statuses;
    "#;
    assert_eq!(node(relay.address, script).await, json!([200, 200, 200, 503]));
}
