//! Requests and messages that come twice, to two nodes (requirement 004-24).

use futures::future::join_all;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use super::lose;
use crate::cluster::Redis;
use crate::resume::KEPT;
use crate::support::{Received, TestRelay};

/// A push to alice with a key.
fn push(relay: &TestRelay, key: &str, data: Value) -> RequestBuilder {
    let body = json!({"user_id": "alice", "data": data});
    Client::new().post(relay.url("/sse/push")).header("idempotency-key", key).json(&body)
}

async fn told(response: Response) -> (u16, bool, Value) {
    let replayed = response.headers().contains_key("idempotency-replayed");
    (response.status().as_u16(), replayed, response.json().await.unwrap())
}

async fn said(request: RequestBuilder) -> (u16, bool, Value) {
    told(request.send().await.unwrap()).await
}

#[tokio::test]
async fn r004_24_a_request_that_is_sent_again_to_another_node_is_answered_as_before_and_done_once() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = a.socket("alice").await;
    let done = json!({"status": "success", "message": "Message delivered"});
    assert_eq!(said(push(&a, "\"k\"", json!({"n": 1}))).await, (200, false, done.clone()));
    assert_eq!(said(push(&b, "k", json!({"n": 1}))).await, (200, true, done));
    assert_eq!(alice.json().await["n"], 1);
    assert_eq!(alice.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_24_of_ten_requests_with_one_key_at_once_one_is_done() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = a.socket("alice").await;
    let requests = (0..5).flat_map(|_| [&a, &b]).map(|relay| said(push(relay, "k", json!({"n": 1}))));
    let statuses: Vec<u16> = join_all(requests).await.into_iter().map(|(status, ..)| status).collect();
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(alice.json().await["n"], 1);
    assert_eq!(alice.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_24_a_key_with_another_body_is_refused() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    said(push(&a, "k", json!({"n": 1}))).await;
    let (status, _, body) = said(push(&b, "k", json!({"n": 2}))).await;
    assert_eq!((status, &body["error"]), (422, &json!("this Idempotency-Key was used with another body")));
}

/// As if its node had died between the publication and the answer.
#[tokio::test]
async fn r004_24_a_request_whose_answer_died_with_its_node_is_not_published_twice_where_a_history_is() {
    let redis = Redis::start();
    let (a, b) = (redis.relay_with("a", &[KEPT]).await, redis.relay_with("b", &[KEPT]).await);
    let mut alice = a.socket("alice").await;
    assert_eq!(said(push(&a, "k", json!({"n": 1}))).await.0, 200);
    let record = redis.cli(&["KEYS", "relay:*:done:*request:*"]).await;
    assert_eq!(redis.cli(&["DEL", &record]).await, "1");
    let (status, replayed, answer) = said(push(&b, "k", json!({"n": 1}))).await;
    assert_eq!((status, replayed, &answer["message"]), (200, false, &json!("Message delivered")));
    assert_eq!(said(push(&b, "other", json!({"n": 2}))).await.0, 200);
    assert_eq!([alice.json().await["n"].clone(), alice.json().await["n"].clone()], [1, 2]);
}

#[tokio::test]
async fn r004_24_what_is_no_key_is_refused() {
    let relay = TestRelay::start();
    assert_eq!(said(push(&relay, "a b", json!({}))).await.0, 400);
}

#[tokio::test]
async fn r004_24_without_redis_keys_are_known_too() {
    let relay = TestRelay::start();
    assert!(!said(push(&relay, "k", json!({}))).await.1);
    assert!(said(push(&relay, "k", json!({}))).await.1);
}

#[tokio::test]
async fn r004_24_a_request_that_is_to_be_tried_again_is_done_then() {
    let relay = TestRelay::with(&[("PUBLISH_RATE_LIMIT", "1")]);
    let mut alice = relay.socket("alice").await;
    said(push(&relay, "first", json!({"n": 1}))).await;
    assert_eq!(said(push(&relay, "k", json!({"n": 2}))).await.0, 429);
    crate::support::until("the second push", async || {
        said(push(&relay, "k", json!({"n": 2}))).await.0 == 200
    })
    .await;
    assert_eq!([alice.json().await["n"].clone(), alice.json().await["n"].clone()], [1, 2]);
}

#[tokio::test]
async fn r004_24_who_has_not_the_publish_key_learns_no_answer() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "s3cret").unwrap();
    let relay = TestRelay::with(&[("PUBLISH_KEY_FILE", key.path().to_str().unwrap())]);
    assert_eq!(said(push(&relay, "k", json!({})).bearer_auth("s3cret")).await.0, 200);
    assert_eq!(said(push(&relay, "k", json!({}))).await.0, 401);
}

/// A message to alice with an id.
async fn message(relay: &TestRelay, id: &str) -> (u16, Value) {
    let message = json!({"type": "t", "content": "c", "id": id});
    relay.post("/api/messages", json!({"player_id": "alice", "message": message})).await
}

#[tokio::test]
async fn r004_24_a_message_with_one_id_is_taken_from_one_of_two_nodes() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    assert_eq!(message(&a, "m1").await.1.get("duplicate"), None);
    crate::support::until("a duplicate", async || message(&b, "m1").await.1["duplicate"] == true).await;
    assert_eq!(alice.json().await["id"], "m1");
    assert_eq!(alice.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_24_while_redis_is_away_a_node_knows_its_own_ids() {
    let mut redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = a.socket("alice").await;
    lose(&mut redis, [&a, &b]).await;
    assert_eq!(message(&a, "m1").await.1.get("duplicate"), None);
    assert_eq!(message(&a, "m1").await.1["duplicate"], true);
    assert_eq!(alice.json().await["id"], "m1");
    assert_eq!(alice.next_or_silence().await, None::<Received>);
}
