//! The texts that the guide tells people to search for (rows 000-14 to 000-22), as the real binary
//! writes them.

use serde_json::{Value, json};

use crate::support::{Client, Process};

async fn push(relay: &Process, body: Value) {
    let url = format!("http://127.0.0.1:{}/sse/push", relay.port);
    reqwest::Client::new().post(url).json(&body).send().await.unwrap();
}

/// The line whose `message` is exactly `text`.
async fn line(relay: &mut Process, text: &str) -> Value {
    let line = relay.logs(&format!("\"message\":\"{text}\"")).await;
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn r000_14_and_15_a_socket_is_logged_as_it_comes_and_goes() {
    let mut relay = Process::start(&[]).await;
    let client = Client::connect(&format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await;
    assert_eq!(line(&mut relay, "User connected").await["user_id"], "alice");
    client.close().await;
    assert_eq!(line(&mut relay, "User disconnected").await["user_id"], "alice");
}

#[tokio::test]
async fn r000_19_and_16_a_push_is_logged_up_to_its_delivery() {
    let mut relay = Process::start(&[]).await;
    let _client = Client::connect(&format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await;
    // The client knows of its socket a moment before the hub does.
    line(&mut relay, "User connected").await;
    push(&relay, json!({"user_id": "alice", "data": {}})).await;
    line(&mut relay, "Processing SSE message").await;
    assert_eq!(line(&mut relay, "Message sent to user").await["user_id"], "alice");
}

#[tokio::test]
async fn r000_17_a_push_to_nobody_is_a_warning() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice", "data": {}})).await;
    assert_eq!(line(&mut relay, "Attempt to send message to disconnected user").await["level"], "WARNING");
}

#[tokio::test]
async fn r000_20_a_mention_is_logged_with_both_names() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice", "data": {"message": "@ci_bot go"}})).await;
    let line = line(&mut relay, "Detected @mention of public account").await;
    assert_eq!((&line["user_id"], &line["account"]), (&"alice".into(), &"ci_bot".into()));
}

#[tokio::test]
async fn r000_22_a_refused_body_is_logged_with_the_reason() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice"})).await;
    let line = line(&mut relay, "Validation error for message format").await;
    assert_eq!(line["error"], "Missing required field: data");
}
