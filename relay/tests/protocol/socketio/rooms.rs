//! What can be asked about the sockets of all nodes, and done with them, from outside.

use serde_json::{Value, json};

use crate::cluster::Redis;
use crate::support::{Process, TestRelay, node, until};

/// A socket of each version on either node, in the room of a conversation: `here` and `there`, which
/// is of the user `bob`. `call` asks the first node.
const TWO: &str = r#"
    const here = await connected(2);
    const there = clients[4]("http://OTHER", { forceNew: true, auth: { userId: "bob" } });
    open.push(there);
    await next(there, "connect");
    for (const socket of [here, there]) await ask(socket, "conversation:join", { conversationId: "c" });
    const room = { conversationId: "c" };
    const call = (path, body) => post("/api/socketio/" + path, { ...room, ...body });
    const sockets = async (query) => (await fetch(url + "/api/socketio/sockets?" + query)).json();
"#;

async fn with_two(script: &str) -> Value {
    let redis = Redis::start();
    let (one, other) = (redis.relay("one").await, redis.relay("other").await);
    knows_of(&redis, &["one", "other"]).await;
    node(one.address, &(TWO.replace("OTHER", &other.address.to_string()) + script)).await
}

/// Waits until these nodes have told of themselves.
async fn knows_of(redis: &Redis, names: &[&str]) {
    until("nodes that know each other", async || {
        let key = redis.cli(&["--scan", "--pattern", "relay:default:nodes:*"]).await;
        let known = redis.cli(&["SMEMBERS", &key]).await;
        names.iter().all(|name| known.lines().any(|known| known == *name))
    })
    .await;
}

#[tokio::test]
async fn r002_15_the_sockets_of_a_room_are_told_with_their_nodes_and_users() {
    let told = with_two(
        r#"
        const told = await sockets("conversationId=c");
        const sorted = told.sockets.sort((a, b) => a.node.localeCompare(b.node));
        const ids = sorted[0].id === here.id && sorted[1].id === there.id;
        return [ids, sorted.map(({ node, user }) => [node, user]), sorted[1].rooms.includes("conversation:c"),
            told.complete, told.silent_nodes];
    "#,
    )
    .await;
    assert_eq!(told, json!([true, [["one", null], ["other", "bob"]], true, true, []]));
}

#[tokio::test]
async fn r002_15_sockets_of_all_nodes_join_and_leave_rooms_from_outside() {
    let told = with_two(
        r#"
        const counts = [(await call("join", { rooms: ["x"] })).sockets];
        const events = [next(here, "e"), next(there, "e")];
        await post("/api/socketio/emit", { room: "x", event: "e", data: 1 });
        const got = (await Promise.all(events)).flat();
        counts.push((await call("leave", { rooms: ["x"] })).sockets, (await sockets("room=x")).sockets.length);
        return [got, counts];
    "#,
    )
    .await;
    assert_eq!(told, json!([[1, 1], [2, 2, 0]]));
}

#[tokio::test]
async fn r002_15_sockets_of_all_nodes_are_disconnected_from_outside_and_stay_away() {
    let told = with_two(
        r#"
        const reasons = [next(here, "disconnect"), next(there, "disconnect")];
        const { sockets: count } = await call("disconnect", { close: true });
        const told = (await Promise.all(reasons)).map(([reason]) => reason);
        return [count, told, (await sockets("")).sockets.length];
    "#,
    )
    .await;
    assert_eq!(told, json!([2, ["io server disconnect", "io server disconnect"], 0]));
}

#[tokio::test]
async fn r002_15_a_socket_that_was_put_out_may_come_back() {
    let told = with_two(
        r#"
        const gone = next(there, "disconnect");
        await post("/api/socketio/disconnect", { socket: there.id });
        await gone;
        const back = next(there, "connect");
        there.connect();
        await back;
        return [here.connected, (await ask(there, "conversation:join", { conversationId: "c" }))[0].status];
    "#,
    )
    .await;
    assert_eq!(told, json!([true, "ok"]));
}

#[tokio::test]
async fn r002_15_acknowledgements_of_sockets_of_all_nodes_come_back() {
    let told = with_two(
        r#"
        here.on("q", (n, done) => done({ here: n + 1 }));
        there.on("q", (n, done) => done({ there: n + 2 }));
        const { answers, expected, answered, silent_nodes } = await call("emit", { event: "q", data: 1, ack: true });
        return [Object.assign({}, ...answers), expected, answered, silent_nodes];
    "#,
    )
    .await;
    assert_eq!(told, json!([{"here": 2, "there": 3}, 2, 2, []]));
}

#[tokio::test]
async fn r002_15_sockets_that_do_not_acknowledge_are_not_waited_for_longer_than_asked() {
    let told = with_two(
        r#"
        here.on("q", (n, done) => done("yes"));
        there.on("q", () => {});
        const told = await call("emit", { event: "q", data: 1, ack: true, timeoutMs: 300 });
        return [told.answers, told.expected, told.silent_nodes];
    "#,
    )
    .await;
    assert_eq!(told, json!([["yes"], 2, []]));
}

#[tokio::test]
async fn r002_15_a_node_that_does_not_answer_is_named() {
    let redis = Redis::start();
    let one = redis.relay("one").await;
    let other = Process::start(&[("REDIS_URL", &*redis.url), ("NODE_NAME", "other")]).await;
    knows_of(&redis, &["one", "other"]).await;
    other.signal("-STOP").await;
    let told = one.get("/api/socketio/sockets?timeoutMs=50").await;
    assert_eq!(told, json!({"sockets": [], "complete": false, "silent_nodes": ["other"]}));
}

#[tokio::test]
async fn r002_15_calls_need_the_key_of_publishers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "a-key-of-publishers").unwrap();
    let relay = TestRelay::with(&[("PUBLISH_KEY_FILE", file.to_str().unwrap())]);
    let told = reqwest::get(relay.url("/api/socketio/sockets")).await.unwrap().status().as_u16();
    let mut statuses = vec![told];
    for path in ["join", "leave", "disconnect"] {
        statuses.push(relay.post(&format!("/api/socketio/{path}"), json!({"rooms": ["x"]})).await.0);
    }
    assert_eq!(statuses, [401; 4]);
}

#[tokio::test]
async fn r002_15_one_relay_alone_answers_for_itself() {
    let relay = TestRelay::start();
    let script = r#"
        const socket = await connected(4);
        socket.on("q", (done) => done("yes"));
        const { answers } = await post("/api/socketio/emit", { socket: socket.id, event: "q", ack: true });
        const told = await (await fetch(url + "/api/socketio/sockets")).json();
        return [answers, told.sockets.length, told.complete];
    "#;
    assert_eq!(node(relay.address, script).await, json!([["yes"], 1, true]));
}
