//! Tokens of clients (conflict X-21, rows 003-16, 004-01, 004-13 and 004-14).

use std::time::{Duration, Instant};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::{Client, Events, Process, Received, TestRelay, soon, until};

pub(crate) const SECRET: &str = "a secret that has more than thirty-two bytes";
pub(crate) const PAGE: &str = "https://app.example";

/// A relay that asks for tokens, and a file that must live as long.
pub(crate) fn relay(settings: &[(&str, &str)]) -> (TestRelay, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SECRET).unwrap();
    let path = file.path().to_str().unwrap();
    let ours =
        [("AUTH", "jwt"), ("JWT_SECRET_FILE", path), ("JWT_LEEWAY_SECONDS", "0"), ("CORS_ORIGINS", PAGE)];
    (TestRelay::with(&[&ours, settings].concat()), file)
}

/// A token of `subject` that is good for some seconds.
pub(crate) fn token(subject: &str, seconds: i64) -> String {
    let claims = json!({"sub": subject, "exp": jiff::Timestamp::now().as_second() + seconds});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

async fn socket(relay: &TestRelay, query: &str) -> Client {
    Client::connect(&format!("ws://{}/ws?{query}", relay.address)).await
}

async fn get(relay: &TestRelay, path: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = reqwest::Client::new().get(relay.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = soon(request.send()).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn unauthenticated() -> Received {
    Received::Close(4001, "Unauthenticated".to_owned())
}

#[tokio::test]
async fn x21_a_socket_with_a_good_token_gets_messages() {
    let (relay, _file) = relay(&[]);
    let mut alice = socket(&relay, &format!("user_id=alice&token={}", token("alice", 60))).await;
    relay.has_connections(1).await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn x21_a_socket_without_a_good_token_is_closed_with_4001() {
    let (relay, _file) = relay(&[]);
    for query in ["user_id=alice".to_owned(), format!("user_id=alice&token={}", token("alice", -60))] {
        assert_eq!(socket(&relay, &query).await.next().await, unauthenticated());
    }
}

#[tokio::test]
async fn x21_a_secret_that_is_rotated_counts_and_ends_nobody() {
    let (relay, file) = relay(&[]);
    let mut alice = socket(&relay, &format!("user_id=alice&token={}", token("alice", 60))).await;
    relay.has_connections(1).await;
    std::fs::write(file.path(), "another secret of more than thirty-two bytes").unwrap();
    let query = format!("user_id=bob&token={}", token("bob", 60));
    until("a token of before is refused", async || {
        socket(&relay, &query).await.next_or_silence().await == Some(unauthenticated())
    })
    .await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn a_socket_for_another_name_than_its_tokens_is_closed_with_4003() {
    let (relay, _file) = relay(&[]);
    let query = format!("user_id=bob&token={}", token("alice", 60));
    assert_eq!(socket(&relay, &query).await.close_code().await, 4003);
}

#[tokio::test]
async fn a_socket_ends_with_4001_when_its_token_does() {
    let (relay, _file) = relay(&[]);
    let begin = Instant::now();
    let mut alice = socket(&relay, &format!("token={}", token("alice", 2))).await;
    assert_eq!(alice.next().await, Received::Close(4001, "Token expired".to_owned()));
    assert!(begin.elapsed() > Duration::from_secs(1));
}

#[tokio::test]
async fn r004_01_a_token_may_come_as_a_subprotocol_and_does_not_come_back() {
    let (relay, _file) = relay(&[]);
    let offer: &'static str = format!("bearer, {}", token("alice", 60)).leak();
    let url = format!("ws://{}/ws", relay.address);
    let alice = Client::with_headers(&url, &[("sec-websocket-protocol", offer)]).await.unwrap();
    assert_eq!(alice.headers["sec-websocket-protocol"], "bearer");
    relay.has_connections(1).await;
}

#[tokio::test]
async fn r003_16_a_cookie_lets_in_from_a_listed_page_only() {
    let (relay, _file) = relay(&[("JWT_COOKIE", "access_token")]);
    let cookie: &'static str = format!("a=b; access_token={}", token("alice", 60)).leak();
    let url = format!("ws://{}/ws", relay.address);
    let mut without_origin = Client::with_headers(&url, &[("cookie", cookie)]).await.unwrap();
    assert_eq!(without_origin.next().await, unauthenticated());
    assert!(
        Client::with_headers(&url, &[("cookie", cookie), ("origin", "https://evil.example")]).await.is_err()
    );
    let mut page = Client::with_headers(&url, &[("cookie", cookie), ("origin", PAGE)]).await.unwrap();
    assert_eq!(page.next_or_silence().await, None);
}

#[tokio::test]
async fn r003_16_cookies_are_not_looked_at_unless_one_is_named() {
    let (relay, _file) = relay(&[]);
    let cookie: &'static str = format!("access_token={}", token("alice", 60)).leak();
    let headers = [("cookie", cookie), ("origin", PAGE)];
    let mut page = Client::with_headers(&format!("ws://{}/ws", relay.address), &headers).await.unwrap();
    assert_eq!(page.next().await, unauthenticated());
}

#[tokio::test]
async fn x21_a_stream_asks_for_a_token_of_its_player() {
    let (relay, _file) = relay(&[]);
    assert_eq!(get(&relay, "/sse/alice", None).await.0, 401);
    assert_eq!(get(&relay, "/sse/bob", Some(&token("alice", 60))).await.0, 403);
    let url = relay.url(&format!("/sse/alice?token={}", token("alice", 60)));
    assert!(Events::get(&url).await.next().await.is_some());
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let (relay, _file) = relay(&[]);
    let mut events = Events::get(&relay.url(&format!("/sse/alice?token={}", token("alice", 2)))).await;
    soon(events.rest()).await;
}

#[tokio::test]
async fn x21_a_profile_may_be_open_while_another_asks() {
    let (relay, _file) = relay(&[("AUTH", "jwt,dual=none")]);
    assert!(relay.stream("alice").await.next().await.is_some());
    assert_eq!(socket(&relay, "user_id=alice").await.next().await, unauthenticated());
}

#[tokio::test]
async fn r004_13_a_token_is_verified_and_its_end_told() {
    let (relay, _file) = relay(&[]);
    let (status, body) = get(&relay, "/api/auth/verify", Some(&token("alice", 60))).await;
    assert_eq!((status, &body["valid"], &body["player_id"]), (200, &json!(true), &json!("alice")));
    assert!((50..=60).contains(&body["expires_in"].as_i64().unwrap()));
}

#[tokio::test]
async fn r004_13_a_bad_token_is_told_401_and_why() {
    let (relay, _file) = relay(&[]);
    let (status, body) = get(&relay, "/api/auth/verify", Some(&token("alice", -60))).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("the token has expired")));
    assert_eq!(get(&relay, "/api/auth/verify", None).await.0, 401);
}

#[tokio::test]
async fn no_token_stands_in_the_logs() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SECRET).unwrap();
    let log = NamedTempFile::new().unwrap();
    let (secret, path) = (file.path().to_str().unwrap(), log.path().to_str().unwrap());
    let settings = [("AUTH", "jwt"), ("JWT_SECRET_FILE", secret), ("LOG_FILE", path), ("DEBUG", "true")];
    let mut relay = Process::start(&settings).await;
    let (good, bad) = (token("alice", 60), token("alice", -60));
    for token in [&good, &bad] {
        let client = Client::connect(&format!("ws://127.0.0.1:{}/ws?token={token}", relay.port)).await;
        client.close().await;
    }
    relay.logs("Authentication failed").await;
    relay.terminate().await;
    relay.exit_code().await;
    let lines = std::fs::read_to_string(log.path()).unwrap();
    let parts = [&good, &bad].map(|token| token.rsplit('.').next().unwrap().to_owned());
    assert!(!lines.contains(&parts[0]) && !lines.contains(&parts[1]), "{lines}");
}
