//! Messages that a live connection missed while its relay was cut off from Redis, and that are not kept
//! any more: its client is told.

use serde_json::{Value, json};

use super::{KEPT, push};
use crate::cluster::Redis;
use crate::socketio::alice;
use crate::support::{Events, TestRelay, until};

/// The relay `a`, and the relay `b` with an account of its own.
async fn pair() -> (Redis, TestRelay, TestRelay) {
    let redis = Redis::with(&["--user", "b", "on", ">secret", "~*", "&*", "+@all"]);
    let a = redis.relay_with("a", &[KEPT]).await;
    let own = redis.url.replace("//", "//b:secret@");
    let b = redis.relay_with("b", &[KEPT, ("REDIS_URL", &own)]).await;
    (redis, a, b)
}

/// Publishes three messages while `b` is cut off, of which the last one is kept.
async fn miss_two(redis: &Redis, a: &TestRelay) {
    redis.cli(&["ACL", "SETUSER", "b", "off"]).await;
    redis.cli(&["CLIENT", "KILL", "USER", "b"]).await;
    push(a, &["two", "three", "four"]).await;
    let stream = redis.cli(&["KEYS", "relay:*:log:*alice"]).await;
    let length = async || redis.cli(&["XLEN", &stream]).await;
    until("all are kept", async || length().await == "4").await;
    redis.cli(&["XTRIM", &stream, "MAXLEN", "1"]).await;
    redis.cli(&["ACL", "SETUSER", "b", "on"]).await;
}

/// What of an event or message tells of a recovery, or its text.
fn told(value: &Value) -> Value {
    value.get("recovered").or(value.get("text")).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_stream_is_told_of_what_is_lost_before_what_comes_after() {
    let (redis, a, b) = pair().await;
    let mut alice = b.stream("alice").await;
    push(&a, &["one"]).await;
    assert_eq!([told(&alice.json().await), told(&alice.json().await)], [json!(false), json!("one")]);
    miss_two(&redis, &a).await;
    assert_eq!([told(&alice.json().await), told(&alice.json().await)], [json!(false), json!("four")]);
}

#[tokio::test]
async fn a_socket_is_told_of_what_is_lost_before_what_comes_after() {
    let (redis, a, b) = pair().await;
    let mut alice = b.socket("alice&resume=").await;
    push(&a, &["one"]).await;
    assert_eq!([told(&alice.json().await), told(&alice.json().await)], [json!(false), json!("one")]);
    miss_two(&redis, &a).await;
    let gap = alice.json().await;
    assert_eq!((&gap["type"], &gap["recovered"]), (&json!("recovery"), &json!(false)));
    assert_eq!(told(&alice.json().await), "four");
}

#[tokio::test]
async fn a_client_that_comes_back_from_before_what_is_lost_is_told_and_one_from_after_it_is_not() {
    let (redis, a, b) = pair().await;
    let mut alice = b.stream("alice").await;
    push(&a, &["one"]).await;
    let mut ids = Vec::new();
    let mut next_id = async |alice: &mut Events| {
        while ids.last().is_none_or(Option::is_none) {
            let event = alice.next().await.unwrap();
            ids.push(event.lines().find_map(|line| line.strip_prefix("id: ").map(str::to_owned)));
        }
        ids.pop().flatten().unwrap()
    };
    next_id(&mut alice).await;
    let before = next_id(&mut alice).await;
    miss_two(&redis, &a).await;
    let gap = next_id(&mut alice).await;
    let recovered = async |id: &str| {
        let request = reqwest::Client::new().get(b.url("/sse/alice")).header("Last-Event-ID", id);
        Events::from(request.send().await.unwrap()).json().await["recovered"].clone()
    };
    assert_eq!([recovered(&before).await, recovered(&gap).await], [json!(false), json!(true)]);
}

#[tokio::test]
async fn r002_15_a_socketio_client_that_missed_what_is_lost_comes_back_not_recovered() {
    let (redis, a, b) = pair().await;
    let script = r#"
        const { execFile } = require("child_process");
        const cli = (...words) => new Promise((done) =>
            execFile("redis-cli", ["-u", "REDIS", ...words], (_, text) => done(text.trim())));
        const headers = { "content-type": "application/json" };
        const by = (n) => fetch("OTHER/api/socketio/emit", { method: "POST", headers,
            body: JSON.stringify({ event: "n", conversationId: "c", data: n }) });
        await n(1); await all();
        const [gone, back] = [next(socket, "disconnect"), next(socket, "connect")];
        await cli("ACL", "SETUSER", "b", "off");
        await cli("CLIENT", "KILL", "USER", "b");
        const key = await cli("KEYS", "relay:*:log:*room*");
        const length = Number(await cli("XLEN", key));
        await by(2);
        while (Number(await cli("XLEN", key)) === length) await pause(10);
        await cli("XTRIM", key, "MAXLEN", "0");
        await cli("ACL", "SETUSER", "b", "on");
        const [reason] = await gone;
        await back;
        return [reason, socket.recovered, got];"#;
    let script = script.replace("REDIS", &redis.url).replace("OTHER", &a.url(""));
    assert_eq!(alice(b.address, "['websocket']", &script).await, json!(["transport close", false, [1]]));
}
