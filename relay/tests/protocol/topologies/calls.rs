//! Calls about sockets of all nodes.

use serde_json::json;

use crate::support::{Trio, node};

/// A client of either version at each relay, in one room, that answers; what calls about them come to
/// once all nodes are known.
const CALLS: &str = r#"
    const all = [];
    for (const [n, at] of [URLS].entries()) {
        const socket = clients[n % 2 ? 2 : 4](at, { forceNew: true });
        open.push(socket);
        await next(socket, "connect");
        await ask(socket, "conversation:join", { conversationId: "calls" });
        socket.on("q", (k, done) => done(k + n));
        all.push(socket);
    }
    const room = { conversationId: "calls" };
    const sockets = async (query) => (await fetch(url + "/api/socketio/sockets?" + query)).json();
    let told = await sockets("conversationId=calls");
    for (; told.sockets.length < 3; told = await sockets("conversationId=calls")) await pause(50);
    const { answers, silent_nodes } = await post("/api/socketio/emit", { ...room, event: "q", data: 10, ack: true });
    const counts = [(await post("/api/socketio/join", { ...room, rooms: ["x"] })).sockets];
    counts.push((await sockets("room=x")).sockets.length);
    counts.push((await post("/api/socketio/disconnect", { room: "x" })).sockets);
    return [told.sockets.map(({ node }) => node).sort(), told.complete, answers.sort(), silent_nodes, counts];
"#;

/// The first relay asks who is in a room, gets an acknowledgement of each, and moves and ends them.
pub(super) async fn are_answered_by_all(trio: &Trio) {
    let urls = trio.relays.each_ref().map(|relay| format!("{:?}", relay.url(""))).join(", ");
    let told = node(trio.relays[0].address, &CALLS.replace("URLS", &urls)).await;
    let nodes = ["one", "three", "two"];
    assert_eq!(told, json!([nodes, true, [10, 11, 12], [], [3, 3, 3]]));
}
