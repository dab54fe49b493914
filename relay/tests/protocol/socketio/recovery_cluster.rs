//! Connection state recovery across nodes, with a real Redis between them.

use serde_json::{Value, json};

use super::recovery::alice;
use crate::cluster::Redis;
use crate::support::{Process, TestRelay, until};

const KEEP: [(&str, &str); 1] = [("HISTORY", "rooms=1000/60,users=1000/60")];

/// Two relays on one Redis, and what `script` returns for a client of the first, where `OTHER` is the second.
async fn pair(way: &str, script: &str) -> Value {
    let redis = Redis::start();
    let (one, other) = (redis.relay_with("one", &KEEP).await, redis.relay_with("other", &KEEP).await);
    alice(one.address, way, &script.replace("OTHER", &format!("\"{}\"", other.url("")))).await
}

#[tokio::test]
async fn r002_15_a_client_that_comes_back_to_another_node_has_its_id_its_rooms_and_what_it_missed() {
    for way in ["['polling']", "['websocket']"] {
        let script = r#"
            const former = socket.id;
            await n(1); await all();
            const recovered = await away(socket, async () => {
                await n(2); await send({ user: "alice" }, 3); await send({ conversationId: "other" }, 4);
            }, OTHER);
            await n(5);
            return [recovered, former === socket.id, (await all()).sort()];"#;
        assert_eq!(pair(way, script).await, json!([true, true, [1, 2, 3, 5]]), "{way}");
    }
}

#[tokio::test]
async fn r002_15_twenty_fast_reconnects_to_and_fro_lose_and_double_nothing() {
    let script = r#"
        const former = socket.id;
        let sending = true;
        const sender = (async () => {
            let count = 0;
            while (sending) await n(count++);
            return count;
        })();
        let recovered = 0;
        for (let times = 0; times < 20; times++)
            recovered += await away(socket, undefined, times % 2 ? url : OTHER);
        sending = false;
        const count = await sender;
        while (got.length < count) await pause(10);
        await all();
        return [recovered, former === socket.id, got.length === count && got.every((n, at) => n === at)];"#;
    assert_eq!(pair("['websocket']", script).await, json!([20, true, true]));
}

#[tokio::test]
async fn r002_16_a_drained_client_goes_on_on_another_node() {
    let redis = Redis::start();
    let (one, other) = (redis.relay_with("one", &KEEP).await, redis.relay_with("other", &KEEP).await);
    let script = r#"
        await n(1); await all();
        const gone = next(socket, "disconnect");
        const back = next(socket, "connect");
        socket.io.uri = "OTHER";
        const drain = { rate: 1000, deadlineSeconds: 60, reason: "Test" };
        const headers = { "content-type": "application/json" };
        await fetch("ADMIN/admin/v1/drain", { method: "PUT", headers, body: JSON.stringify(drain) });
        const [reason] = await gone;
        await n(2);
        await back;
        return [reason, socket.recovered, await all()];"#;
    let script = script.replace("OTHER", &other.url("")).replace("ADMIN", &one.admin_url(""));
    let outcome = alice(one.address, "['websocket']", &script).await;
    assert_eq!(outcome, json!(["transport close", true, [1, 2]]));
}

/// The client gets its events by a node that is killed at once, and comes back to another one.
#[tokio::test]
async fn r002_15_a_client_of_a_node_that_was_killed_goes_on_on_another() {
    let redis = Redis::start();
    let settings = [("REDIS_URL", redis.url.as_str()), ("NODE_NAME", "killed"), KEEP[0]];
    let killed = Process::start(&settings).await;
    let other = redis.relay_with("other", &KEEP).await;
    until("a ready relay", async || reachable(&killed).await).await;
    let script = r#"
        const former = socket.id;
        const headers = { "content-type": "application/json" };
        const by = (n) => fetch("OTHER/api/socketio/emit", { method: "POST", headers,
            body: JSON.stringify({ event: "n", conversationId: "c", data: n }) });
        await by(1);
        while (got.length < 1) await pause(10);
        socket.io.reconnection(false);
        const gone = next(socket, "disconnect");
        require("child_process").execSync("kill -9 PID");
        await gone;
        await by(2);
        socket.io.uri = "OTHER";
        const back = next(socket, "connect");
        socket.connect();
        await back;
        await by(3);
        while (got.length < 3) await pause(10);
        return [socket.recovered, former === socket.id, got];"#;
    let script = script.replace("OTHER", &other.url("")).replace("PID", &killed.pid().to_string());
    let outcome = alice(format!("127.0.0.1:{}", killed.port), "['websocket']", &script).await;
    assert_eq!(outcome, json!([true, true, [1, 2, 3]]));
}

async fn reachable(relay: &Process) -> bool {
    reqwest::get(relay.url("/api/health")).await.is_ok_and(|answer| answer.status() == 200)
}

/// The relay does not know yet that its client is gone: the connection is there, but nobody reads it.
#[tokio::test]
async fn r002_15_a_connection_that_lives_on_elsewhere_ends_and_changes_nothing() {
    let redis = Redis::start();
    let settings = [KEEP[0], ("SOCKETIO_MAX_DISCONNECTION_DURATION", "8000")];
    let (one, other) = (redis.relay_with("one", &settings).await, redis.relay_with("other", &settings).await);
    let script = r#"
        await n(1); await all();
        const twin = connect(4, { transports: ["websocket"], auth: { userId: "alice" }, autoConnect: false });
        [twin._pid, twin._lastOffset, twin.io.uri] = [socket._pid, socket._lastOffset, OTHER];
        socket.io.reconnection(false);
        const [gone, back] = [next(socket, "disconnect"), next(twin, "connect")];
        twin.connect();
        await back;
        await gone;
        return [twin.recovered, await away(twin, undefined, OTHER)];"#;
    let script = script.replace("OTHER", &format!("\"{}\"", other.url("")));
    assert_eq!(alice(one.address, "['websocket']", &script).await, json!([true, true]));
    one.has_connections(0).await;
}

#[tokio::test]
async fn r002_15_a_history_that_was_lost_is_told() {
    let redis = Redis::start();
    let relay: TestRelay = redis.relay_with("one", &KEEP).await;
    let script = r#"
        await n(1); await all();
        const flush = () => new Promise((done) =>
            require("child_process").execFile("redis-cli", ["-u", "URL", "FLUSHALL"], done));
        const recovered = await away(socket, flush);
        await n(2);
        return [recovered, await all()];"#;
    let outcome = alice(relay.address, "['websocket']", &script.replace("URL", &redis.url)).await;
    assert_eq!(outcome, json!([false, [1]]));
}
