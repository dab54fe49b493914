//! Sessions that poll whichever relay a balancer takes, while something happens to Redis.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{TestRelay, Trio, node, until};

/// In which all clients hear that it is over, and are done.
const HEARD: Duration = Duration::from_secs(60);

/// Clients of both versions that poll join a room; once an event says that it is over, they join
/// again and are asked: how many lost their connection, whether all have the id that they had, and
/// what came of it.
const POLL: &str = r#"
    const all = await Promise.all([4, 2, 4, 2].map((version) => connected(version, { transports: ["polling"] })));
    const ids = all.map((socket) => socket.id);
    let lost = 0;
    for (const socket of all) {
        socket.on("disconnect", () => lost++);
        socket.on("q", (n, done) => done(n + 1));
    }
    const over = all.map((socket) => next(socket, "over"));
    const join = (socket) => ask(socket, "conversation:join", { conversationId: "polls" });
    await Promise.all(all.map(join));
    await Promise.all(over);
    const joins = await Promise.all(all.map(join));
    const q = { event: "q", conversationId: "polls", data: 1, ack: true };
    const { answers, silent_nodes } = await post("/api/socketio/emit", q);
    const same = all.every((socket, at) => socket.id === ids[at]);
    return [lost, same, joins.map(([{ status }]) => status), answers, silent_nodes];
"#;

/// Lets `trouble` come to its end while sessions poll: none is lost, and calls are answered after it.
pub(super) async fn go_on(trio: &Trio, trouble: impl Future<Output = ()>) {
    let balancer = trio.balancer().await;
    let [first, ..] = &trio.relays;
    let meanwhile = async {
        until("all in the room", async || members(first).await == 4).await;
        trouble.await;
        tell(trio).await
    };
    let told = tokio::select! {
        told = node(balancer.address, POLL) => told,
        never = meanwhile => match never {},
    };
    assert_eq!(told, json!([0, true, vec!["ok"; 4], [2, 2, 2, 2], []]));
}

/// How many sockets of the room a relay learns of.
async fn members(relay: &TestRelay) -> usize {
    let told = relay.get("/api/socketio/sockets?conversationId=polls").await;
    told["sockets"].as_array().map_or(0, Vec::len)
}

/// Tells the room that it is over, until nobody listens any more.
async fn tell(trio: &Trio) -> Infallible {
    let over: Value = json!({"event": "over", "conversationId": "polls", "data": 1});
    let [first, ..] = &trio.relays;
    let begin = Instant::now();
    while begin.elapsed() < HEARD {
        first.post("/api/socketio/emit", over.clone()).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut said = Vec::new();
    for relay in &trio.relays {
        said.push(relay.get("/api/socketio/sockets?conversationId=polls").await);
        said.push(relay.status().await);
    }
    panic!("the clients go on without it; relays say {said:?}")
}
