//! Sessions that poll whichever relay a balancer takes, while something happens to Redis.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{TestRelay, Trio, node, until};

/// In which all clients hear that it is over, and are done.
const HEARD: Duration = Duration::from_secs(60);

/// Clients of both versions that poll join a room; once an event says that it is over, they join
/// again and are asked: whether all have the id that they had, and what came of it. The first that loses
/// its connection ends it all, and says which it is, after which time, and why.
const POLL: &str = r#"
    const all = await Promise.all([4, 2, 4, 2].map((version) => connected(version, { transports: ["polling"] })));
    const ids = all.map((socket) => socket.id);
    const begun = Date.now();
    const lost = new Promise((resolve) => all.forEach((socket, at) => {
        const { id: sid } = socket.io.engine;
        let error = null;
        socket.io.engine.on("error", ({ message, description, context }) => {
            error = [message, String(description), context?.responseText ?? null];
        });
        socket.on("disconnect", (reason) => resolve({ at, sid, ms: Date.now() - begun, reason, error }));
    }));
    all.forEach((socket) => socket.on("q", (n, done) => done(n + 1)));
    const over = all.map((socket) => next(socket, "over"));
    const join = (socket) => ask(socket, "conversation:join", { conversationId: "polls" });
    const stay = async () => {
        await Promise.all(all.map(join));
        await Promise.all(over);
        const joins = await Promise.all(all.map(join));
        const q = { event: "q", conversationId: "polls", data: 1, ack: true };
        const { answers, silent_nodes } = await post("/api/socketio/emit", q);
        const same = all.every((socket, at) => socket.id === ids[at]);
        return [same, joins.map(([{ status }]) => status), answers, silent_nodes];
    };
    return Promise.race([stay(), lost]);
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
    if told != json!([true, vec!["ok"; 4], [2, 2, 2, 2], []]) {
        panic!("clients say {told}; relays say {:#?}", said(trio).await);
    }
}

/// What each relay says of the room, of itself, and of what it forwarded.
async fn said(trio: &Trio) -> Vec<(Value, Value, Vec<String>)> {
    let mut said = Vec::new();
    for relay in &trio.relays {
        let room = relay.get("/api/socketio/sockets?conversationId=polls").await;
        let figures = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
        let forwards = figures.lines().filter(|line| line.starts_with("relay_forward"));
        said.push((room, relay.status().await, forwards.map(str::to_owned).collect()));
    }
    said
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
    panic!("the clients go on without it; relays say {:#?}", said(trio).await)
}
