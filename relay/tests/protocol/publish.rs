//! The HTTP API of the push profile.

use serde_json::json;

use crate::support::TestRelay;

#[tokio::test]
async fn r000_04_a_push_to_a_connected_user_succeeds() {
    let relay = TestRelay::start();
    let _alice = relay.socket("alice").await;
    let answer = relay.post("/sse/push", json!({"user_id": "alice", "data": {}})).await;
    assert_eq!(answer, (200, json!({"status": "success", "message": "Message delivered"})));
}

#[tokio::test]
async fn r000_04_a_push_to_nobody_is_partial() {
    let relay = TestRelay::start();
    let answer = relay.post("/sse/push", json!({"user_id": "alice", "data": {}})).await;
    assert_eq!(answer, (200, json!({"status": "partial", "message": "User not connected"})));
}

#[tokio::test]
async fn r000_04_a_bad_body_is_told_its_field() {
    let relay = TestRelay::start();
    let answer = relay.post("/sse/push", json!({"user_id": "alice"})).await;
    assert_eq!(answer, (422, json!({"error": "Missing required field: data", "field": "data"})));
}

#[tokio::test]
async fn r000_05_the_delivered_object_names_the_sender() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    let push = json!({"user_id": "alice", "data": {"message": "hi"}, "timestamp": "t"});
    relay.post("/sse/push", push).await;
    assert_eq!(alice.json().await["original_sender"], json!({"user_id": "alice", "timestamp": "t"}));
}

#[tokio::test]
async fn r000_07_a_batch_is_answered_one_by_one_in_order() {
    let relay = TestRelay::start();
    let _alice = relay.socket("alice").await;
    let batch = json!([
        {"user_id": "bob", "data": {}}, {"user_id": "alice", "data": {}}, {"user_id": "carol"}
    ]);
    let results = json!([
        {"index": 0, "user_id": "bob", "success": false, "error": "User not connected"},
        {"index": 1, "user_id": "alice", "success": true},
        {"index": 2, "user_id": "carol", "success": false, "error": "Missing required field: data"},
    ]);
    assert_eq!(relay.post("/sse/push/batch", batch).await, (200, json!({ "results": results })));
}

#[tokio::test]
async fn r000_21_a_mention_of_a_public_account_reaches_the_account() {
    let relay = TestRelay::with(&[("PUBLIC_ACCOUNTS", "help")]);
    let mut help = relay.socket("help").await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "@help me"}})).await;
    assert_eq!(help.json().await["original_sender"]["user_id"], "alice");
}

#[tokio::test]
async fn messages_reach_a_socket_in_the_order_of_their_pushes() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    for number in 0..100 {
        relay.post("/sse/push", json!({"user_id": "alice", "data": {"number": number}})).await;
    }
    for number in 0..100 {
        assert_eq!(alice.json().await["number"], number);
    }
}

#[tokio::test]
async fn r004_21_a_body_over_the_limit_is_told_413() {
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "1000")]);
    let push = json!({"user_id": "alice", "data": {"message": "x".repeat(1000)}});
    assert_eq!(relay.post("/sse/push", push).await.0, 413);
}

/// The status of each publish request with that `Authorization`.
async fn statuses(authorization: Option<&str>) -> Vec<u16> {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "s3cret\n").unwrap();
    let relay = TestRelay::with(&[("PUBLISH_KEY_FILE", key.path().to_str().unwrap())]);
    let mut statuses = Vec::new();
    for path in ["/sse/push", "/sse/push/batch", "/sse/send", "/api/messages"] {
        let mut request = reqwest::Client::new().post(relay.url(path)).body("{");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_publish() {
    let relay = TestRelay::start();
    let request = reqwest::Client::new().post(relay.url("/sse/push")).body("{}");
    let answer = request.header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn publishing_without_the_key_is_told_401() {
    assert_eq!(statuses(None).await, [401; 4]);
}

#[tokio::test]
async fn publishing_with_a_wrong_key_is_told_403() {
    assert_eq!(statuses(Some("Bearer guess")).await, [403; 4]);
}

#[tokio::test]
async fn publishing_with_the_key_gets_to_the_body() {
    assert_eq!(statuses(Some("Bearer s3cret")).await, [422; 4]);
}
