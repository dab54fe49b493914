//! Conversations beyond the tokens that let into them (rows 003-18 to 003-25).

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::cluster::Redis;
use crate::support::{Client, Received, TestRelay, until};
use crate::tokens::{PATH, join, joined, token};

#[tokio::test]
async fn r003_01_a_token_carries_the_callers_own_connection_id() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let (_, answer) = relay.post(PATH, json!({"connection_id": "chat-42-1"})).await;
    assert_eq!(answer["connection_id"], "chat-42-1");
    let key = redis.cli(&["KEYS", "ws_conn_token:*"]).await;
    assert!(redis.cli(&["GET", &key]).await.contains(r#""connection_id":"chat-42-1""#));
}

#[tokio::test]
async fn r003_01_a_body_that_is_no_wish_is_told_422() {
    let relay = TestRelay::start();
    for body in [json!([]), json!({"connection_id": 7}), json!({"conversation_id": ""})] {
        assert_eq!(relay.post(PATH, body).await.0, 422);
    }
}

#[tokio::test]
async fn r003_02_a_token_may_be_for_one_conversation_alone() {
    let relay = TestRelay::start();
    let wish = json!({"conversation_id": "42"});
    let token =
        async || relay.post(PATH, wish.clone()).await.1["connection_token"].as_str().unwrap().to_owned();
    let refused = Received::Close(4003, "The token is for another conversation".to_owned());
    assert_eq!(join(&relay, "43", &token().await).await.next().await, refused);
    assert_eq!(join(&relay, "42", &token().await).await.json().await["event"], "connected");
}

#[tokio::test]
async fn r003_03_r003_06_a_token_that_has_ended_is_closed_with_4001() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let token = token(&relay, "alice").await;
    // It would by itself after a minute.
    redis.cli(&["PEXPIRE", &format!("ws_conn_token:default:{token}"), "1"]).await;
    until("an end", async || redis.cli(&["KEYS", "ws_conn_token:*"]).await.is_empty()).await;
    assert_eq!(join(&relay, "42", &token).await.close_code().await, 4001);
}

#[tokio::test]
async fn r003_21_a_socket_survives_a_restart_of_redis_and_tokens_are_given_again() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let mut alice = joined(&relay, "42", "alice").await;
    let _redis = redis.restart().await;
    until("a token", async || relay.get(PATH).await["connection_token"].is_string()).await;
    alice.send_json(json!({"type": "ping"})).await;
    assert_eq!(alice.json().await["event"], "pong");
    joined(&relay, "42", "bob").await;
}

#[tokio::test]
async fn r003_18_a_hundred_handshakes_amid_messages_take_far_less_than_ten_seconds() {
    let relay = TestRelay::start();
    let _first = joined(&relay, "42", "alice").await;
    let busy = async {
        for number in 0..200 {
            let chunk = json!({"event": "chunk", "content": number.to_string()});
            relay.post("/api/v1/chat/42/events", chunk).await;
        }
    };
    let handshakes = join_all((0..100).map(async |number| {
        let begin = Instant::now();
        let client = joined(&relay, "42", &format!("user-{number}")).await;
        (begin.elapsed(), client)
    }));
    let (_, clients) = tokio::join!(busy, handshakes);
    let slowest = clients.iter().map(|(time, _)| *time).max().unwrap();
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

/// The line of `name` in the figures.
async fn figure(relay: &TestRelay, name: &str) -> String {
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn r003_19_x10_the_guides_figures_count_conversations_and_their_messages_by_type() {
    let redis = Redis::start();
    let relay = redis.relay_with("a", &[("METRICS_ALIASES", "allthrive")]).await;
    let mut alice = joined(&relay, "42", "alice").await;
    alice.send_json(json!({"message": "Hello"})).await;
    alice.json().await;
    relay.post("/api/v1/chat/42/events", json!({"event": "chunk", "content": "Hi"})).await;
    let chunk = json!({"conversation_id": "42", "event": "chunk", "content": "there"}).to_string();
    redis.cli(&["PUBLISH", "relay:default:workers:events:0", &chunk]).await;
    assert_eq!(
        (alice.json().await["content"].clone(), alice.json().await["content"].clone()),
        (json!("Hi"), json!("there"))
    );
    until("two chunks", async || {
        figure(&relay, "allthrive_chat_messages_total{type=\"chunk\"}").await.ends_with(" 2")
    })
    .await;
    assert!(figure(&relay, "allthrive_chat_messages_total{type=\"message\"}").await.ends_with(" 1"));
    assert_eq!(figure(&relay, "allthrive_active_conversations").await, "allthrive_active_conversations 1");
}

#[tokio::test]
async fn r003_22_redis_cli_publishes_into_a_conversation_on_every_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let (mut one, mut two) = (joined(&a, "42", "alice").await, joined(&b, "42", "bob").await);
    let event = r#"{"conversation_id":"42","event":"chunk","content":"Hi","id":"m1"}"#;
    assert_eq!(redis.cli(&["PUBLISH", "relay:default:workers:events:0", event]).await, "2");
    let expected = json!({"event": "chunk", "content": "Hi", "id": "m1"});
    assert_eq!((one.json().await, two.json().await), (expected.clone(), expected));
}

#[tokio::test]
async fn r003_23_an_event_has_one_id_on_all_nodes_and_after_a_reconnect() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let (mut one, mut two) = (joined(&a, "42", "alice").await, joined(&b, "42", "alice").await);
    let event = json!({"event": "chunk", "content": "Hi"});
    let (_, answer) = a.post("/api/v1/chat/42/events", event.clone()).await;
    let id = answer["message_id"].clone();
    assert_eq!((&one.json().await["id"], &two.json().await["id"]), (&id, &id));
    one.close().await;
    let mut again = joined(&b, "42", "alice").await;
    let repeated = json!({"event": "chunk", "content": "Hi", "id": id});
    a.post("/api/v1/chat/42/events", repeated).await;
    assert_eq!(again.json().await["id"], id);
}

#[tokio::test]
async fn r003_25_behind_a_development_proxy_the_host_is_another_than_the_pages() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "http://localhost:3000")]);
    let token = token(&relay, "alice").await;
    let url = format!("ws://{}/ws/chat/42/?connection_token={token}", relay.address);
    let headers = [("host", "localhost:8000"), ("origin", "http://localhost:3000")];
    let mut page = Client::with_headers(&url, &headers).await.unwrap();
    assert_eq!(page.json().await["event"], "connected");
}

#[tokio::test]
async fn r003_06_x13_a_host_that_matches_the_page_is_no_reason_to_let_it_in() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "http://localhost:3000")]);
    let token = token(&relay, "alice").await;
    let url = format!("ws://{}/ws/chat/42/?connection_token={token}", relay.address);
    let headers = [("host", "evil.example"), ("origin", "http://evil.example")];
    let mut page = Client::with_headers(&url, &headers).await.unwrap();
    assert_eq!(page.close_code().await, 4003);
}

/// Connections that Redis has for commands, without that of the one who asks.
async fn connections(redis: &Redis) -> usize {
    redis.cli(&["CLIENT", "LIST", "TYPE", "normal"]).await.lines().count() - 1
}

#[tokio::test]
async fn r001_17_as_many_connections_as_are_set_stay_open() {
    let redis = Redis::start();
    let _relay = redis.relay_with("a", &[("REDIS_POOL_MIN", "5")]).await;
    // One more is for messages.
    until("five connections", async || connections(&redis).await == 6).await;
}

#[tokio::test]
async fn r001_17_no_more_connections_than_are_set_serve_many_calls() {
    let redis = Redis::start();
    let settings = [("REDIS_POOL_MIN", "0"), ("REDIS_POOL_MAX", "2"), ("TOKEN_RATE_LIMIT", "0")];
    let relay = redis.relay_with("a", &settings).await;
    redis.cli(&["CLIENT", "PAUSE", "300"]).await;
    let tokens = join_all((0..20).map(async |_| relay.get(PATH).await)).await;
    assert!(tokens.iter().all(|answer: &Value| answer["connection_token"].is_string()), "{tokens:?}");
    assert_eq!(connections(&redis).await, 3);
}
