//! Chat: messages of clients, and the answers to them (requirement 002-10).

use serde_json::json;

use crate::support::{TestRelay, node};

#[tokio::test]
async fn r002_10_a_message_reaches_the_worker_and_its_tokens_come_back_in_order() {
    let relay = TestRelay::start();
    let mut worker = relay.stream("chat-worker").await;
    let script = r#"
        const socket = await connected(4);
        const seen = [];
        socket.onAny((event) => seen.push(event));
        const tokens = [];
        socket.on("chat:token", ({ token }) => tokens.push(token));
        const complete = next(socket, "chat:complete");
        const [ack] = await ask(socket, "chat:message", { content: "hi", messageId: "m" });
        const conversationId = ack.conversationId;
        for (const token of "streamed") await post("/api/socketio/emit",
            { event: "chat:token", conversationId, data: { messageId: "m", token } });
        await post("/api/socketio/emit", { event: "chat:complete", conversationId, data: { messageId: "m" } });
        await complete;
        return [ack.status, tokens.join(""), seen.slice(0, 2)];
    "#;
    let result = node(relay.address, script).await;
    assert_eq!(result, json!(["ok", "streamed", ["conversation:created", "chat:thinking"]]));
    let message = worker.json().await;
    assert_eq!((&message["content"], &message["messageId"]), (&json!("hi"), &json!("m")));
}

#[tokio::test]
async fn r002_10_a_client_is_not_left_thinking_when_nobody_can_answer() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = await connected(4);
        const error = next(socket, "chat:error");
        socket.emit("chat:message", { content: "hi" });
        return (await error)[0].error;
    "#;
    assert_eq!(node(relay.address, script).await, json!("No model is connected"));
}

#[tokio::test]
async fn r002_10_a_bad_message_is_told_what_it_lacks() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = await connected(4);
        return [(await ask(socket, "chat:message", {}))[0].error, (await ask(socket, "chat:message", 7))[0].error];
    "#;
    let errors = json!(["Missing required field: content", "The argument must be an object"]);
    assert_eq!(node(relay.address, script).await, errors);
}

#[tokio::test]
async fn r002_10_a_client_that_left_a_conversation_gets_nothing_of_it() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = await connected(4);
        await ask(socket, "conversation:join", { conversationId: "c" });
        await ask(socket, "conversation:leave", { conversationId: "c" });
        return (await post("/api/socketio/emit", { event: "chat:token", conversationId: "c" })).delivered;
    "#;
    assert_eq!(node(relay.address, script).await, json!(0));
}

#[tokio::test]
async fn r002_10_an_event_for_one_socket_reaches_that_one_alone() {
    let relay = TestRelay::start();
    let script = r#"
        const [one, other] = [await connected(4), await connected(4)];
        const event = next(one, "x");
        const { delivered } = await post("/api/socketio/emit", { event: "x", socket: one.id, args: [1, "2"] });
        return [delivered, await event, one.id !== other.id];
    "#;
    assert_eq!(node(relay.address, script).await, json!([1, [1, "2"], true]));
}

#[tokio::test]
async fn r002_10_messages_for_a_user_reach_it_in_this_profile_too() {
    let relay = TestRelay::start();
    let script = r#"
        const sockets = [
            await connected(4, { auth: { userId: "alice é" } }),
            await connected(2, { query: { userId: "alice é" } }),
        ];
        const events = sockets.map((socket) => next(socket, "message"));
        await post("/sse/push", { user_id: "alice é", data: { message: "hi" } });
        return (await Promise.all(events)).map(([{ message }]) => message);
    "#;
    assert_eq!(node(relay.address, script).await, json!(["hi", "hi"]));
}

#[tokio::test]
async fn r002_09_health_counts_sessions_by_their_way() {
    let relay = TestRelay::start();
    let script = r#"
        const polling = await connected(4, { transports: ["polling"] });
        await upgraded(await connected(4));
        const health = await (await fetch(url + "/api/health")).json();
        return health.websocket;
    "#;
    let expected =
        json!({"connected": 1, "transports": {"websocket": 1, "polling": 1}, "upgrades": 1, "errors": 0});
    assert_eq!(node(relay.address, script).await, expected);
}
