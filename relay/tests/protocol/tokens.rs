//! Connection tokens and conversations (rows 003-01 to 003-25).

use serde_json::{Value, json};

use crate::cluster::Redis;
use crate::support::{Client, Process, Received, TestRelay, soon, until};

pub(crate) const PATH: &str = "/api/v1/auth/ws-connection-token/";

/// A connection token of `user`.
pub(crate) async fn token(relay: &TestRelay, user: &str) -> String {
    let answer = relay.get(&format!("{PATH}?user_id={user}")).await;
    answer["connection_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn join(relay: &TestRelay, id: &str, token: &str) -> Client {
    Client::connect(&format!("ws://{}/ws/chat/{id}/?connection_token={token}", relay.address)).await
}

/// A socket that was told that it is connected.
pub(crate) async fn joined(relay: &TestRelay, id: &str, user: &str) -> Client {
    let mut client = join(relay, id, &token(relay, user).await).await;
    assert_eq!(client.json().await["event"], "connected");
    client
}

fn unauthenticated() -> Received {
    Received::Close(4001, "Unauthenticated".to_owned())
}

#[tokio::test]
async fn r003_01_x04_r003_26_a_token_is_issued_to_get_and_post_with_and_without_a_slash() {
    let relay = TestRelay::start();
    for path in [PATH, PATH.trim_end_matches('/')] {
        for method in [reqwest::Method::GET, reqwest::Method::POST] {
            let request = reqwest::Client::new().request(method, relay.url(path));
            let answer = soon(request.send()).await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["cache-control"]),
                (200, &"no-store".parse().unwrap())
            );
            let body: Value = answer.json().await.unwrap();
            assert_eq!((body["expires_in"].as_i64(), body["connection_token"].is_string()), (Some(60), true));
        }
    }
}

#[tokio::test]
async fn r003_02_and_13_a_conversation_is_joined_and_told_first() {
    let relay = TestRelay::start();
    let mut client = join(&relay, "42", &token(&relay, "alice").await).await;
    assert_eq!(client.json().await, json!({"event": "connected", "conversation_id": "42"}));
}

#[tokio::test]
async fn r003_04_and_26_a_second_use_is_closed_with_4001() {
    let relay = TestRelay::start();
    let token = token(&relay, "alice").await;
    let _first = join(&relay, "42", &token).await;
    assert_eq!(join(&relay, "42", &token).await.next().await, unauthenticated());
}

#[tokio::test]
async fn r003_04_of_many_uses_at_once_one_wins() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let token = token(&a, "alice").await;
    let mut clients = Vec::new();
    for relay in [&a, &b, &a, &b, &a, &b] {
        clients.push(join(relay, "42", &token));
    }
    let mut connected = 0;
    for mut client in futures::future::join_all(clients).await {
        connected += usize::from(matches!(client.next().await, Received::Text(_)));
    }
    assert_eq!(connected, 1);
}

#[tokio::test]
async fn r003_06_no_token_and_a_made_up_one_are_closed_with_4001() {
    let relay = TestRelay::start();
    let mut without = Client::connect(&format!("ws://{}/ws/chat/42/", relay.address)).await;
    assert_eq!(without.next().await, unauthenticated());
    for token in ["x".repeat(64), "0".repeat(64), "*".to_owned()] {
        assert_eq!(join(&relay, "42", &token).await.next().await, unauthenticated());
    }
}

#[tokio::test]
async fn r003_06_a_page_of_a_stranger_is_closed_with_4003_and_its_token_stays() {
    let relay = TestRelay::start();
    let token = token(&relay, "alice").await;
    let url = format!("ws://{}/ws/chat/42/?connection_token={token}", relay.address);
    let mut page = Client::with_headers(&url, &[("origin", "https://evil.example")]).await.unwrap();
    assert_eq!(page.close_code().await, 4003);
    assert_eq!(join(&relay, "42", &token).await.json().await["event"], "connected");
}

#[tokio::test]
async fn r003_05_and_26_a_token_is_a_key_of_redis_for_60_seconds() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let token = token(&relay, "alice").await;
    let key = redis.cli(&["KEYS", "ws_conn_token:*"]).await;
    assert_eq!(key, format!("ws_conn_token:default:{token}"));
    let left: i64 = redis.cli(&["TTL", &key]).await.parse().unwrap();
    assert!((55..=60).contains(&left));
    let value: Value = serde_json::from_str(&redis.cli(&["GET", &key]).await).unwrap();
    assert_eq!((&value["user_id"], &value["used"]), (&json!("alice"), &json!(false)));
}

#[tokio::test]
async fn r003_05_a_token_of_one_node_opens_a_socket_on_another() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let token = token(&a, "alice").await;
    assert_eq!(join(&b, "42", &token).await.json().await["event"], "connected");
}

#[tokio::test]
async fn r003_14_a_message_reaches_a_worker_through_redis() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let client = redis::Client::open(redis.url.as_str()).unwrap();
    let mut worker = client.get_connection().unwrap();
    let mut worker = worker.as_pubsub();
    worker.subscribe("relay:default:workers:tasks:0").unwrap();
    let mut alice = joined(&relay, "42", "alice").await;
    alice.send_json(json!({"message": "Hello"})).await;
    let queued = alice.json().await;
    let task: Value =
        serde_json::from_str(&worker.get_message().unwrap().get_payload::<String>().unwrap()).unwrap();
    assert_eq!((&queued["event"], &queued["task_id"]), (&json!("task_queued"), &task["id"]));
    assert_eq!((&task["conversation_id"], &task["message"]), (&json!("42"), &json!("Hello")));
}

#[tokio::test]
async fn r003_14_a_message_that_no_worker_hears_is_told() {
    let relay = TestRelay::start();
    let mut alice = joined(&relay, "42", "alice").await;
    alice.send_json(json!({"message": "Hello"})).await;
    assert_eq!(alice.json().await, json!({"event": "error", "error": "no worker listens"}));
}

#[tokio::test]
async fn r003_14_a_ping_is_answered_and_nonsense_is_told() {
    let relay = TestRelay::start();
    let mut alice = joined(&relay, "42", "alice").await;
    for (said, event) in [(json!({"type": "ping"}), "pong"), (json!({}), "error"), (json!([1]), "error")] {
        alice.send_json(said).await;
        assert_eq!(alice.json().await["event"], event);
    }
}

#[tokio::test]
async fn r003_15_and_22_chunks_of_a_worker_reach_every_socket_of_the_conversation_in_order() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let (mut one, mut two) = (joined(&a, "42", "alice").await, joined(&b, "42", "bob").await);
    let mut other = joined(&a, "43", "carol").await;
    let mut worker = redis::Client::open(redis.url.as_str()).unwrap().get_connection().unwrap();
    for number in 0..100 {
        let chunk = json!({"conversation_id": "42", "event": "chunk", "content": number.to_string()});
        let mut publish = redis::cmd("PUBLISH");
        publish.arg("relay:default:workers:events:0").arg(chunk.to_string());
        publish.exec(&mut worker).unwrap();
    }
    for number in 0..100 {
        let (first, second) = (one.json().await, two.json().await);
        assert_eq!((&first["event"], &first["content"]), (&json!("chunk"), &json!(number.to_string())));
        assert_eq!(second["content"], number.to_string());
    }
    assert_eq!(other.next_or_silence().await, None);
}

#[tokio::test]
async fn r003_15_a_worker_without_redis_posts_its_chunks() {
    let relay = TestRelay::start();
    let mut alice = joined(&relay, "42", "alice").await;
    let chunk = json!({"event": "chunk", "content": "Hi", "id": "m1"});
    let (status, answer) = relay.post("/api/v1/chat/42/events", chunk.clone()).await;
    assert_eq!((status, &answer["delivered"]), (200, &json!(1)));
    assert_eq!(alice.json().await, chunk);
    assert_eq!(relay.post("/api/v1/chat/42/events", json!({"content": "Hi"})).await.0, 422);
}

#[tokio::test]
async fn r003_17_and_26_without_a_login_the_token_endpoint_answers_401() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret that has more than thirty-two bytes").unwrap();
    let path = secret.path().to_str().unwrap();
    let relay = TestRelay::with(&[("AUTH", "jwt"), ("JWT_SECRET_FILE", path)]);
    let answer = reqwest::get(relay.url(&format!("{PATH}?user_id=alice"))).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["www-authenticate"]),
        (401, &"Bearer".parse().unwrap())
    );
}

#[tokio::test]
async fn r003_17_without_redis_the_token_endpoint_answers_503_and_when_to_come_back() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    drop(redis);
    until("a degraded bus", async || relay.status().await["bus"]["state"] == "degraded").await;
    let answer = reqwest::get(relay.url(PATH)).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true));
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "CACHE_UNAVAILABLE");
}

#[tokio::test]
async fn r003_21_sockets_survive_a_flush_and_tokens_do_not() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let (mut alice, unused) = (joined(&relay, "42", "alice").await, token(&relay, "bob").await);
    redis.cli(&["FLUSHDB"]).await;
    assert_eq!(join(&relay, "42", &unused).await.next().await, unauthenticated());
    alice.send_json(json!({"type": "ping"})).await;
    assert_eq!(alice.json().await["event"], "pong");
}

#[tokio::test]
async fn r003_07_to_12_each_stage_is_logged_and_no_token_is() {
    let mut relay = Process::start(&[]).await;
    let base = format!("127.0.0.1:{}", relay.port);
    let answer: Value = reqwest::get(format!("http://{base}{PATH}")).await.unwrap().json().await.unwrap();
    let token = answer["connection_token"].as_str().unwrap();
    let url = format!("ws://{base}/ws/chat/42/?connection_token={token}");
    let mut client = Client::connect(&url).await;
    client.json().await;
    client.send_json(json!({"message": "Hello"})).await;
    // Its answer comes after its line, and the second socket's line after that.
    client.json().await;
    let _second = Client::connect(&url).await;
    for text in [
        "[WS_TOKEN] Generated connection token",
        "[WS_TOKEN] Successfully consumed",
        "[WS_AUTH] Authenticated via connection token",
        "WebSocket CONNECT",
        "[WS_SEND]",
        "Unauthenticated WebSocket connection attempt",
    ] {
        assert!(!relay.logs(text).await.contains(token), "{text}");
    }
}

#[tokio::test]
async fn x15_a_chunk_has_its_text_in_chunk_too_when_asked_for() {
    let relay = TestRelay::with(&[("TOKENS_COMPAT", "true")]);
    let mut alice = joined(&relay, "42", "alice").await;
    relay.post("/api/v1/chat/42/events", json!({"event": "chunk", "content": "Hi"})).await;
    let chunk = alice.json().await;
    assert_eq!((&chunk["content"], &chunk["chunk"]), (&json!("Hi"), &json!("Hi")));
}
