//! What people do with Socket.IO, by clients of versions 4 and 2, by each way.

use serde_json::{Value, json};

use crate::support::{Example, TestRelay, node};

/// Both versions by polling, on a WebSocket, and from one to the other.
const CLIENTS: [(u8, &str); 6] = [
    (4, "['polling']"),
    (4, "['websocket']"),
    (4, "['polling', 'websocket']"),
    (2, "['polling']"),
    (2, "['websocket']"),
    (2, "['polling', 'websocket']"),
];

/// What `script` returns for each client, which is `socket` there; `options` are its other options.
async fn all(address: impl std::fmt::Display, script: &str) -> Vec<Value> {
    let clients = CLIENTS.map(|(version, transports)| format!("[{version}, {transports}]")).join(", ");
    let script = format!(
        r#"
        const one = async (version, transports) => {{
            const options = {{ transports, query: {{ userId: "u" + version }}, auth: {{ userId: "u" + version }} }};
            const socket = await connected(version, options);
            if (transports.length > 1) await upgraded(socket);
            {script}
        }};
        return Promise.all([{clients}].map(([version, transports]) => one(version, transports)));"#
    );
    let Value::Array(results) = node(address, &script).await else { panic!("an array") };
    results
}

/// Checks that each client saw `expected`.
async fn all_see(address: impl std::fmt::Display, script: &str, expected: Value) {
    for (result, client) in all(address, script).await.iter().zip(CLIENTS) {
        assert_eq!(*result, expected, "{client:?}");
    }
}

#[tokio::test]
async fn r002_02_r002_06_each_client_gets_its_bytes_back() {
    let server = Example::start("socketio_echo", &[]).await;
    let script = r#"
        const back = next(socket, "message-back");
        socket.emit("message", Buffer.from([1, 2, 3]), { deep: [Buffer.from([4])], text: "hé€😀" });
        const [bytes, { deep, text }] = await back;
        return [...bytes, ...deep[0], text];"#;
    all_see(&server.address, script, json!([1, 2, 3, 4, "hé€😀"])).await;
}

#[tokio::test]
async fn r002_02_r002_06_each_client_gets_its_events_acknowledged() {
    let server = Example::start("socketio_echo", &[]).await;
    let script = r#"
        const [text, bytes] = await ask(socket, "message-with-ack", "é", Buffer.from([9]));
        return [text, ...bytes];"#;
    all_see(&server.address, script, json!(["é", 9])).await;
}

#[tokio::test]
async fn r002_02_r002_06_each_client_keeps_its_namespaces_apart() {
    let server = Example::start("socketio_echo", &[]).await;
    let script = r#"
        const custom = socket.io.socket("/custom", { auth: {} });
        if (!custom.connected) await next(custom, "connect");
        let stray = 0;
        socket.on("message-back", () => stray++);
        const back = next(custom, "message-back");
        custom.emit("message", "for custom");
        const [text] = await back;
        custom.disconnect();
        await ask(socket, "message-with-ack");
        return [text, stray, custom.connected, socket.connected];"#;
    all_see(&server.address, script, json!(["for custom", 0, false, true])).await;
}

#[tokio::test]
async fn r002_02_r002_06_each_client_gets_the_events_of_its_rooms_alone() {
    let relay = TestRelay::start();
    let script = r#"
        const mine = "room " + version + transports;
        await ask(socket, "conversation:join", { conversationId: mine });
        const got = [];
        socket.on("x", (from) => got.push(from === mine));
        const last = next(socket, "last");
        await post("/api/socketio/emit", { event: "x", conversationId: mine, data: mine });
        await post("/api/socketio/emit", { event: "last", conversationId: mine });
        await last;
        return got;"#;
    all_see(relay.address, script, json!([true])).await;
}

#[tokio::test]
async fn r002_02_r002_10_each_client_gets_many_events_in_their_order() {
    let relay = TestRelay::start();
    let script = r#"
        const conversationId = "c " + version + transports;
        await ask(socket, "conversation:join", { conversationId });
        const got = [];
        socket.on("chat:token", ({ token }) => got.push(token));
        const complete = next(socket, "chat:complete");
        for (let n = 0; n < 50; n++)
            await post("/api/socketio/emit", { event: "chat:token", conversationId, data: { token: n } });
        await post("/api/socketio/emit", { event: "chat:complete", conversationId });
        await complete;
        return got.length === 50 && got.every((token, at) => token === at);"#;
    all_see(relay.address, script, json!(true)).await;
}

/// The connection is torn away, as by a network that fails.
#[tokio::test]
async fn r002_02_r002_06_each_client_comes_back_by_itself() {
    let server = Example::start("socketio_echo", &[]).await;
    let script = r#"
        const former = socket.io.engine.id;
        const again = next(socket, "connect");
        socket.io.engine.close();
        await again;
        const [text] = await ask(socket, "message-with-ack", "back");
        return [text, former !== socket.io.engine.id];"#;
    all_see(&server.address, script, json!(["back", true])).await;
}

/// What the guide's `getConnectionInfo()` has to show is known to a client that nobody changed.
#[tokio::test]
async fn r002_17_each_client_knows_its_connection() {
    let relay = TestRelay::start();
    let script = r#"
        const event = next(socket, "x");
        await post("/api/socketio/emit", { event: "x", socket: socket.id, data: "found" });
        const info = { connected: socket.connected, transport: transport(socket), found: (await event)[0] };
        return [info.connected, info.transport === transports.at(-1), info.found];"#;
    all_see(relay.address, script, json!([true, true, "found"])).await;
}
