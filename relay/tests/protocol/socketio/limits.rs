//! Limits (requirement 002-05, conflict X-18).

use serde_json::json;

use crate::support::{TestRelay, node};

/// Held by tests of large messages: other tests are to have processors, too.
static LARGE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Sends that many bytes to the relay, and wants to be understood.
async fn sent_by(version: u8, transports: &str, size: u32) -> serde_json::Value {
    let _alone = LARGE.lock().await;
    let relay = TestRelay::start();
    let script = format!(
        r#"
        const socket = await connected({version}, {{ transports: {transports} }});
        return (await ask(socket, "chat:message", {{ filler: "x".repeat({size}) }}))[0].error;
        "#
    );
    node(relay.address, &script).await
}

#[tokio::test]
async fn r002_05_x18_a_hundred_megabytes_are_taken_on_a_websocket() {
    assert_eq!(sent_by(4, "['websocket']", 99_900_000).await, json!("Missing required field: content"));
}

#[tokio::test]
async fn r002_05_x18_a_hundred_megabytes_are_taken_by_polling() {
    assert_eq!(sent_by(4, "['polling']", 99_900_000).await, json!("Missing required field: content"));
}

#[tokio::test]
async fn r002_05_r002_06_x18_ten_megabytes_of_version_2_are_taken() {
    assert_eq!(sent_by(2, "['polling']", 10_000_000).await, json!("Missing required field: content"));
}

/// An event of `size` bytes to a client whose queue holds a megabyte, among small ones.
async fn received_by(transports: &str, size: u32) -> serde_json::Value {
    let _alone = LARGE.lock().await;
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "100000000")]);
    let script = format!(
        r#"
        const socket = await connected(4, {{ transports: {transports} }});
        const got = [];
        socket.on("n", (data) => got.push(data.length));
        const lengths = [1, {size}, 2];
        for (const length of lengths) await post("/api/socketio/emit", {{ event: "n", data: "x".repeat(length) }});
        while (got.length < lengths.length && socket.connected) await pause(10);
        return got;
        "#
    );
    node(relay.address, &script).await
}

#[tokio::test]
async fn r002_05_x18_an_event_of_a_hundred_megabytes_reaches_a_websocket() {
    assert_eq!(received_by("['websocket']", 99_900_000).await, json!([1, 99_900_000, 2]));
}

/// Not of a hundred: this client copies all that it has for each piece that comes.
#[tokio::test]
async fn r002_05_x18_an_event_of_ten_megabytes_reaches_a_client_that_polls() {
    assert_eq!(received_by("['polling']", 10_000_000).await, json!([1, 10_000_000, 2]));
}

#[tokio::test]
async fn r002_05_x18_an_event_of_a_hundred_megabytes_is_the_answer_to_a_poll() {
    let _alone = LARGE.lock().await;
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "100000000")]);
    let script = r#"
        const start = url + "/socket.io/?EIO=4&transport=polling";
        const { sid } = JSON.parse((await (await fetch(start)).text()).slice(1));
        const base = start + "&sid=" + sid;
        const poll = async () => (await fetch(base)).text();
        await fetch(base, { method: "POST", body: "40" });
        await poll();
        for (const length of [1, 99_900_000, 2])
            await post("/api/socketio/emit", { event: "n", data: "x".repeat(length) });
        const packets = (await poll()).split("\x1e").filter((packet) => packet !== "2");
        return packets.map((packet) => packet.length - '42["n",""]'.length);
    "#;
    assert_eq!(node(relay.address, script).await, json!([1, 99_900_000, 2]));
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
