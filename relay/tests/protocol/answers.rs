//! Request and response through `POST /sse/send` (requirement 000-06).

use serde_json::{Value, json};

use crate::support::{Client, Events, TestRelay};

/// The stream of answers to a request to `user`.
async fn send(relay: &TestRelay, user: &str) -> Events {
    let body = json!({"user_id": user, "data": {"message": "question"}, "correlation_id": "c1"});
    let request = reqwest::Client::new().post(relay.url("/sse/send")).json(&body);
    Events::from(request.send().await.unwrap())
}

async fn answer(client: &mut Client, text: &str, is_final: bool) {
    let correlation_id = client_question(client).await;
    client.send_json(json!({"correlation_id": correlation_id, "text": text, "is_final": is_final})).await;
}

async fn client_question(client: &mut Client) -> Value {
    client.json().await["correlation_id"].clone()
}

#[tokio::test]
async fn r000_06_answers_of_the_socket_come_back_as_events() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    let mut answers = send(&relay, "alice").await;
    answer(&mut alice, "yes", false).await;
    assert_eq!(answers.json().await["text"], "yes");
}

#[tokio::test]
async fn r000_06_the_final_answer_ends_the_stream() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    let mut answers = send(&relay, "alice").await;
    answer(&mut alice, "yes", true).await;
    assert_eq!(answers.rest().await.len(), 1);
}

#[tokio::test]
async fn r000_06_a_request_to_nobody_ends_with_an_error() {
    let relay = TestRelay::start();
    let mut answers = send(&relay, "alice").await;
    let error = json!({"error": "User not connected", "correlation_id": "c1"});
    assert_eq!(answers.json().await, error);
    assert_eq!(answers.next().await, None);
}

#[tokio::test]
async fn r000_06_an_answer_to_another_request_is_not_in_the_stream() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    let mut answers = send(&relay, "alice").await;
    alice.send_json(json!({"correlation_id": "c2", "text": "other", "is_final": true})).await;
    answer(&mut alice, "mine", true).await;
    assert_eq!(answers.json().await["text"], "mine");
}

#[tokio::test]
async fn r000_24_proxies_are_asked_not_to_buffer_the_answers() {
    let relay = TestRelay::start();
    let answers = send(&relay, "alice").await;
    assert_eq!(answers.response.headers()["x-accel-buffering"], "no");
}

#[tokio::test]
async fn r000_06_two_who_ask_under_one_id_do_not_get_each_others_answers() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    let mut first = send(&relay, "alice").await;
    let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c1"});
    assert_eq!(relay.post("/sse/send", body).await.0, 409);
    answer(&mut alice, "yes", true).await;
    assert_eq!(first.json().await["text"], "yes");
}

#[tokio::test]
async fn r000_06_nobody_answers_for_another_user() {
    let relay = TestRelay::start();
    let (mut alice, mut mallory) = (relay.socket("alice").await, relay.socket("mallory").await);
    let mut answers = send(&relay, "alice").await;
    let id = client_question(&mut alice).await;
    mallory.send_json(json!({"correlation_id": id, "text": "forged", "is_final": true})).await;
    alice.send_json(json!({"correlation_id": id, "text": "true", "is_final": true})).await;
    assert_eq!(answers.json().await["text"], "true");
}
