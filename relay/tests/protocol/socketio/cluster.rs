//! Several nodes (requirement 002-15).

use serde_json::json;

use crate::cluster::Redis;
use crate::support::node;

#[tokio::test]
async fn r002_15_an_event_reaches_sockets_of_all_nodes_by_both_ways() {
    let redis = Redis::start();
    let (one, other) = (redis.relay("one").await, redis.relay("other").await);
    let script = r#"
        const sockets = [
            await connected(4, { transports: ["polling"] }),
            await connected(4, { transports: ["websocket"] }),
            await connected(2),
        ];
        for (const socket of sockets) await ask(socket, "conversation:join", { conversationId: "c" });
        const events = sockets.map((socket) => next(socket, "chat:token"));
        await fetch("http://OTHER/api/socketio/emit", { method: "POST", body: JSON.stringify(
            { event: "chat:token", conversationId: "c", data: { token: "x" } }) });
        return (await Promise.all(events)).map(([{ token }]) => token);
    "#;
    let script = script.replace("OTHER", &other.address.to_string());
    assert_eq!(node(one.address, &script).await, json!(["x", "x", "x"]));
}
