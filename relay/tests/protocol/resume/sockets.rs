//! WebSockets.

use serde_json::{Value, json};

use super::{push, relay};
use crate::support::{Client, Received, TestRelay};
use crate::tokens::token;

/// A socket of `path` that asks to go on after `since`.
async fn socket(relay: &TestRelay, path: &str, since: &str) -> Client {
    let mark = if path.contains('?') { '&' } else { '?' };
    Client::connect(&format!("ws://{}{path}{mark}resume={since}", relay.address)).await
}

const PUSH: &str = "/ws?user_id=alice";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_socket_that_asks_is_told_where_it_stands() {
    let relay = relay();
    let told = socket(&relay, PUSH, "").await.json().await;
    let position = text(&told["resume"]);
    assert_eq!(told, json!({"type": "recovery", "recovered": false, "replayed": 0, "resume": position}));
}

#[tokio::test]
async fn a_socket_that_comes_back_gets_what_it_missed_and_then_what_comes() {
    let relay = relay();
    let mut first = socket(&relay, PUSH, "").await;
    first.json().await;
    push(&relay, &["one"]).await;
    let one = first.json().await;
    assert_eq!(one["text"], "one");
    first.close().await;
    push(&relay, &["two"]).await;
    let mut second = socket(&relay, PUSH, &text(&one["resume"])).await;
    let told = second.json().await;
    assert_eq!((&told["recovered"], &told["replayed"]), (&json!(true), &json!(1)));
    push(&relay, &["three"]).await;
    assert_eq!([second.json().await["text"].clone(), second.json().await["text"].clone()], ["two", "three"]);
}

#[tokio::test]
async fn r000_05_a_socket_that_does_not_ask_sees_what_it_always_saw() {
    let relay = relay();
    let mut alice = relay.socket("alice").await;
    push(&relay, &["one"]).await;
    let message = alice.json().await;
    assert_eq!((&message["text"], message.get("resume")), (&json!("one"), None));
}

#[tokio::test]
async fn where_nothing_is_kept_a_socket_that_asks_is_told_so() {
    let relay = TestRelay::start();
    let mut alice = socket(&relay, PUSH, "00000000deadbeef-1").await;
    assert_eq!(alice.json().await, json!({"type": "recovery", "recovered": false, "replayed": 0}));
    push(&relay, &["one"]).await;
    assert_eq!(alice.json().await["text"], "one");
}

#[tokio::test]
async fn r004_01_a_player_goes_on_by_a_socket() {
    let relay = relay();
    let position = text(&socket(&relay, "/ws/alice", "").await.json().await["resume"]);
    push(&relay, &["one"]).await;
    let mut again = socket(&relay, "/ws/alice", &position).await;
    assert_eq!(again.json().await["recovered"], true);
    assert_eq!(again.json().await["text"], "one");
}

#[tokio::test]
async fn a_position_of_a_stream_is_good_for_a_socket() {
    let relay = relay();
    push(&relay, &["one"]).await;
    let mut stream = relay.stream("alice").await;
    let mut event = String::new();
    while !event.contains("event: recovery") {
        event = stream.next().await.unwrap();
    }
    let id = event.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    assert_eq!(socket(&relay, PUSH, id).await.json().await["recovered"], true);
}

#[tokio::test]
async fn r003_02_a_conversation_goes_on() {
    let relay = relay();
    let join = async |since: &str| {
        let token = token(&relay, "alice").await;
        let mut socket = socket(&relay, &format!("/ws/chat/42/?connection_token={token}"), since).await;
        assert_eq!(socket.json().await["event"], "connected");
        socket
    };
    let position = text(&join("").await.json().await["resume"]);
    relay.post("/api/v1/chat/42/events", json!({"event": "chunk", "content": "Hi"})).await;
    let mut again = join(&position).await;
    let told = again.json().await;
    assert_eq!((&told["event"], &told["recovered"]), (&json!("recovery"), &json!(true)));
    let chunk = again.json().await;
    assert_eq!((&chunk["content"], chunk["resume"].is_string()), (&json!("Hi"), true));
}

#[tokio::test]
async fn r001_01_a_subscriber_of_events_goes_on() {
    let relay = relay();
    let mut first = socket(&relay, "/ws?subscribe=true", "").await;
    let position = text(&first.json().await["resume"]);
    first.send_json(json!({"type": "click", "number": 7})).await;
    let event = first.json().await;
    assert_eq!((&event["number"], event["resume"].is_string()), (&json!(7), true));
    let mut again = socket(&relay, "/ws?subscribe=true", &position).await;
    assert_eq!(again.json().await["recovered"], true);
    assert_eq!(again.json().await["number"], 7);
}

#[tokio::test]
async fn x20_a_slow_socket_is_sent_away_with_a_hint_and_goes_on_where_it_was() {
    let limits = [("MAX_QUEUE_BYTES", "65536"), ("OVERFLOW", "drop_oldest"), ("HISTORY", "users=1000/300")];
    let relay = TestRelay::with(&limits);
    let mut slow = socket(&relay, PUSH, "").await;
    let position = text(&slow.json().await["resume"]);
    let large = "x".repeat(60_000);
    let mut sent = 0;
    while !somebody_was_too_slow(&relay).await {
        push(&relay, &[&large]).await;
        sent += 1;
        assert!(sent < 1000, "the history holds no more");
    }
    let (mut last, mut got) = (position, 0);
    let end = loop {
        match slow.next().await {
            Received::Text(message) => {
                let message: Value = serde_json::from_str(&message).unwrap();
                (last, got) = (text(&message["resume"]), got + 1);
            }
            Received::Ping => {}
            end => break end,
        }
    };
    assert_eq!(end, Received::Close(1013, "Too slow: resume from the last position".to_owned()));
    let mut again = socket(&relay, PUSH, &last).await;
    let told = again.json().await;
    assert_eq!((&told["recovered"], &told["replayed"]), (&json!(true), &json!(sent - got)));
    for _ in got..sent {
        assert!(again.json().await["text"].is_string());
    }
}

/// Whether a message found a queue full.
async fn somebody_was_too_slow(relay: &TestRelay) -> bool {
    let figures = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
    figures.lines().any(|line| line.contains("queue_full") && !line.ends_with(" 0"))
}
