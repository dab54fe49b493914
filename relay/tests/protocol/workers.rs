//! Workers outside, which leave events in Redis by `redis-cli`.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_tungstenite::connect_async;

use crate::cluster::Redis;
use crate::support::{Process, TestRelay, until};
use crate::tokens::joined;

/// Where workers leave events.
const STREAM: &str = "relay:default:in";

/// Leaves one event.
async fn leave(redis: &Redis, body: &Value) {
    redis.cli(&["XADD", STREAM, "*", "body", &body.to_string()]).await;
}

#[tokio::test]
async fn r003_22_r003_15_an_event_left_in_redis_reaches_its_conversation() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let (mut alice, mut bob) = (joined(&a, "42", "alice").await, joined(&b, "42", "bob").await);
    leave(&redis, &json!({"conversation_id": "42", "event": "chunk", "content": "Hi"})).await;
    assert_eq!((&alice.json().await["content"], &bob.json().await["content"]), (&json!("Hi"), &json!("Hi")));
}

#[tokio::test]
async fn r003_22_a_push_left_in_redis_reaches_its_user() {
    let redis = Redis::start();
    let (_a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    leave(&redis, &json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r003_22_what_was_left_before_the_first_relay_came_is_delivered() {
    let redis = Redis::start();
    until("Redis", async || redis.cli(&["PING"]).await == "PONG").await;
    leave(&redis, &json!({"user": "nobody", "event": "n"})).await;
    let _relay = redis.relay("a").await;
    until("an empty stream", async || redis.cli(&["XLEN", STREAM]).await == "0").await;
}

#[tokio::test]
async fn r003_22_what_is_no_event_is_counted_with_its_reason_and_holds_nothing_up() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let mut alice = relay.socket("alice").await;
    redis.cli(&["XADD", STREAM, "*", "other", "field"]).await;
    redis.cli(&["XADD", STREAM, "*", "body", "no JSON"]).await;
    leave(&redis, &json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
    let metrics = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
    for line in ["no_body", "invalid", "published"] {
        let line = format!("relay_worker_entries_total{{outcome=\"{line}\"}} 1");
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn r003_22_the_stream_is_read_again_after_redis_came_back_empty() {
    let redis = Redis::start();
    let relay: TestRelay = redis.relay("a").await;
    let mut alice = relay.socket("alice").await;
    redis.cli(&["FLUSHALL"]).await;
    leave(&redis, &json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

/// Has one `redis-cli` leave `count` events, by turns for these conversations.
async fn leave_many(redis: &Redis, count: u64, conversations: u64) {
    let mut cli = Command::new("redis-cli")
        .args(["-u", &redis.url])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = cli.stdin.take().unwrap();
    for n in 0..count {
        let body = json!({"conversation_id": (n % conversations).to_string(), "event": "chunk", "n": n});
        let line = format!("XADD {STREAM} * body '{body}'\n");
        input.write_all(line.as_bytes()).await.unwrap();
    }
    drop(input);
    assert!(cli.wait().await.unwrap().success());
}

/// Notes the numbers of the events of `conversation` that come to a socket at `relay`.
async fn listen(relay: &Process, conversation: u64) -> tokio::sync::watch::Receiver<Vec<u64>> {
    let answer = reqwest::get(relay.url("/api/v1/auth/ws-connection-token/")).await.unwrap();
    let token = answer.json::<Value>().await.unwrap()["connection_token"].as_str().unwrap().to_owned();
    let url = format!("ws://127.0.0.1:{}/ws/chat/{conversation}/?connection_token={token}", relay.port);
    let (mut socket, _) = connect_async(url).await.unwrap();
    let (numbers, seen) = tokio::sync::watch::channel(Vec::new());
    tokio::spawn(async move {
        while let Some(Ok(frame)) = socket.next().await {
            let event = frame.to_text().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(n) = event.and_then(|event| event["n"].as_u64()) {
                numbers.send_modify(|numbers| numbers.push(n));
            }
        }
    });
    seen
}

/// Leaves `count` events while the relay that reads them is killed, and tells what another's clients
/// got, by conversation.
async fn survive(count: u64, settings: &[(&str, &str)]) -> HashMap<u64, Vec<u64>> {
    const CONVERSATIONS: u64 = 4;
    let redis = Redis::start();
    let own = [("REDIS_URL", &*redis.url), ("TOKEN_RATE_LIMIT", "0")];
    let settings = [&own, settings].concat();
    let reader = Process::start(&settings).await;
    until("a reader", async || !redis.cli(&["GET", "relay:default:reader"]).await.is_empty()).await;
    let (second, _third) = (Process::start(&settings).await, Process::start(&settings).await);
    until("a ready relay", async || reqwest::get(second.admin_url("/readyz")).await.unwrap().status() == 200)
        .await;
    let mut clients = Vec::new();
    for conversation in 0..CONVERSATIONS {
        clients.push(listen(&second, conversation).await);
    }
    let first = clients[0].clone();
    let kill = async {
        until("a first event", async || !first.borrow().is_empty()).await;
        reader.signal("-KILL").await;
    };
    tokio::join!(leave_many(&redis, count, CONVERSATIONS), kill);
    let begin = Instant::now();
    while redis.cli(&["XLEN", STREAM]).await != "0" {
        assert!(begin.elapsed() < Duration::from_secs(60), "entries are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let last = |conversation: u64| count - CONVERSATIONS + conversation;
    for (conversation, client) in (0..).zip(&clients) {
        until("the last event", async || client.borrow().contains(&last(conversation))).await;
    }
    (0..).zip(clients.iter().map(|client| client.borrow().clone())).collect()
}

/// In order, as often as the end of a reader makes it: each batch may come twice at most.
fn is_in_order(numbers: &[u64]) -> bool {
    numbers.windows(2).filter(|pair| pair[0] >= pair[1]).count() <= 1
}

#[tokio::test]
async fn r003_22_the_end_of_the_reader_loses_no_event_and_their_order_stays() {
    const COUNT: u64 = 10_000;
    for (conversation, numbers) in survive(COUNT, &[]).await {
        let all: Vec<u64> = (0..COUNT).filter(|n| n % 4 == conversation).collect();
        let mut got = numbers.clone();
        got.sort_unstable();
        got.dedup();
        assert!(got == all, "{} of {}", got.len(), all.len());
        assert!(is_in_order(&numbers));
    }
}

/// Keeps more than these tests leave.
const HISTORY: (&str, &str) = ("HISTORY", "conversations=20000/300");

#[tokio::test]
async fn r003_22_where_a_history_is_kept_the_end_of_the_reader_doubles_no_event() {
    const COUNT: u64 = 10_000;
    for (conversation, numbers) in survive(COUNT, &[HISTORY]).await {
        let all: Vec<u64> = (0..COUNT).filter(|n| n % 4 == conversation).collect();
        assert!(numbers == all, "{} of {}", numbers.len(), all.len());
    }
}

#[tokio::test]
async fn r003_22_where_a_history_is_kept_one_relay_publishes_what_all_hear() {
    let redis = Redis::start();
    let (a, b) = (redis.relay_with("a", &[HISTORY]).await, redis.relay_with("b", &[HISTORY]).await);
    until("a reader", async || !redis.cli(&["GET", "relay:default:reader"]).await.is_empty()).await;
    let (mut alice, mut bob) = (joined(&a, "42", "alice").await, joined(&b, "42", "bob").await);
    for content in ["one", "two"] {
        let event = json!({"conversation_id": "42", "event": "chunk", "content": content}).to_string();
        redis.cli(&["PUBLISH", "relay:default:workers:events:0", &event]).await;
    }
    for client in [&mut alice, &mut bob] {
        assert_eq!(
            (&client.json().await["content"], &client.json().await["content"]),
            (&json!("one"), &json!("two"))
        );
    }
}
