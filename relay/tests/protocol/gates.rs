//! What profiles ask of clients, one by one: connection tokens, a webhook, and tokens for streams
//! of events (conflict X-21).

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::auth::{relay, token};
use crate::support::{Client, Events, Received, TestRelay, node, soon};

const TOKENS: &str = "/api/v1/auth/ws-connection-token/";

async fn status(relay: &TestRelay, path: &str) -> u16 {
    soon(reqwest::get(relay.url(path))).await.unwrap().status().as_u16()
}

async fn first(relay: &TestRelay, path: &str) -> Received {
    Client::connect(&format!("ws://{}{path}", relay.address)).await.next().await
}

fn unauthenticated() -> Received {
    Received::Close(4001, "Unauthenticated".to_owned())
}

#[tokio::test]
async fn x21_all_that_is_told_of_events_asks_for_a_token() {
    let (relay, _file) = relay(&[]);
    let good = token("alice", 60);
    for path in ["/stream/events", "/stream/metrics", "/api/stats", "/api/aggregates/minute", "/api/events"] {
        assert_eq!(status(&relay, path).await, 401, "{path}");
        assert_eq!(status(&relay, &format!("{path}?token={good}")).await, 200, "{path}");
    }
}

#[tokio::test]
async fn x21_sockets_of_events_ask_for_a_token() {
    let (relay, _file) = relay(&[]);
    assert_eq!(first(&relay, "/ws/ingest").await, unauthenticated());
    let url = format!("ws://{}/ws/ingest?token={}", relay.address, token("alice", 60));
    let mut alice = Client::connect(&url).await;
    alice.send_json(json!({"type": "ping", "data": {}})).await;
    assert_eq!(alice.json().await["type"], "pong");
}

#[tokio::test]
async fn a_stream_of_events_ends_when_its_token_does() {
    let (relay, _file) = relay(&[]);
    let url = relay.url(&format!("/stream/events?token={}", token("alice", 2)));
    soon(Events::get(&url).await.rest()).await;
}

#[tokio::test]
async fn x21_a_stranger_cannot_end_a_players_connections_by_another_session() {
    let (relay, _file) = relay(&[]);
    let url = format!("/sse/alice?session_id=mine&token={}", token("alice", 60));
    let mut alice = Events::get(&relay.url(&url)).await;
    assert_eq!(status(&relay, "/sse/alice?session_id=theirs").await, 401);
    relay
        .post("/api/messages", json!({"player_id": "alice", "message": {"type": "t", "content": "c"}}))
        .await;
    assert_eq!(alice.json().await["content"], "c");
}

/// A relay whose profiles take connection tokens only, which a backend gets with its key.
fn with_tokens() -> (TestRelay, NamedTempFile) {
    let key = NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "s3cret").unwrap();
    let settings = [("AUTH", "token"), ("PUBLISH_KEY_FILE", key.path().to_str().unwrap())];
    (TestRelay::with(&settings), key)
}

async fn token_for(relay: &TestRelay, user: &str) -> String {
    let url = relay.url(&format!("{TOKENS}?user_id={user}"));
    let answer = reqwest::Client::new().post(url).bearer_auth("s3cret").send().await.unwrap();
    answer.json::<Value>().await.unwrap()["connection_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn x21_r003_01_only_who_has_the_key_gets_tokens_for_others() {
    let (relay, _key) = with_tokens();
    let url = relay.url(&format!("{TOKENS}?user_id=alice"));
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 401);
    let wrong = reqwest::Client::new().get(&url).bearer_auth("guess").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
}

#[tokio::test]
async fn x21_r003_04_a_connection_token_opens_one_connection_of_any_profile() {
    let (relay, _key) = with_tokens();
    for path in ["/ws?", "/ws/alice?", "/ws/ingest?"] {
        let url = format!("{path}connection_token={}", token_for(&relay, "alice").await);
        let mut client = Client::connect(&format!("ws://{}{url}", relay.address)).await;
        assert_eq!(client.next_or_silence().await, None, "{path}");
        assert_eq!(first(&relay, &url).await, unauthenticated(), "{path}");
    }
}

#[tokio::test]
async fn x21_a_connection_token_opens_a_stream_once() {
    let (relay, _key) = with_tokens();
    let path = format!("/sse/alice?connection_token={}", token_for(&relay, "alice").await);
    let _stream = Events::get(&relay.url(&path)).await;
    assert_eq!(status(&relay, &path).await, 401);
}

#[tokio::test]
async fn x21_a_connection_token_opens_a_socket_io_session_once() {
    let (relay, _key) = with_tokens();
    let auth = format!("{{ connection_token: '{}' }}", token_for(&relay, "alice").await);
    let script = format!(
        r#"
        const first = await connected(4, {{ auth: {auth} }});
        const [error] = await next(connect(4, {{ auth: {auth} }}), "connect_error");
        return [first.connected, error.data.code];
        "#
    );
    assert_eq!(node(relay.address, &script).await, json!([true, 4001]));
}

/// A webhook that lets in whose query has `good`, as alice, and remembers what it was asked.
async fn webhook() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/auth", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asks = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = Vec::new();
            let question = loop {
                if stream.read_buf(&mut buffer).await.unwrap() == 0 {
                    return;
                }
                let body =
                    buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| &buffer[at + 4..]);
                if let Some(Ok(question)) = body.map(serde_json::from_slice::<Value>) {
                    break question;
                }
            };
            let good = question["query"].as_str().is_some_and(|query| query.contains("good"))
                || question["auth"]["token"] == "good";
            let (status, body) = if good { ("200 OK", r#"{"user_id":"alice"}"#) } else { ("403 No", "") };
            asks.lock().unwrap().push(question);
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, asked)
}

#[tokio::test]
async fn x21_a_webhook_decides_for_every_profile() {
    let (url, asked) = webhook().await;
    let relay = TestRelay::with(&[("AUTH", "webhook"), ("AUTH_WEBHOOK_URL", &url)]);
    for path in ["/ws?user_id=alice&", "/ws/alice?", "/ws/ingest?"] {
        assert_eq!(first(&relay, &format!("{path}key=bad")).await, unauthenticated(), "{path}");
        let mut good = Client::connect(&format!("ws://{}{path}key=good", relay.address)).await;
        assert_eq!(good.next_or_silence().await, None, "{path}");
    }
    assert_eq!(status(&relay, "/sse/alice?key=bad").await, 401);
    assert_eq!(status(&relay, "/sse/bob?key=good").await, 403);
    let first = asked.lock().unwrap()[0].clone();
    assert_eq!(
        (&first["profile"], &first["path"], &first["client_ip"]),
        (&json!("push"), &json!("/ws"), &json!("127.0.0.1"))
    );
}

#[tokio::test]
async fn x21_a_webhook_is_shown_the_auth_of_socket_io() {
    let (url, _asked) = webhook().await;
    let relay = TestRelay::with(&[("AUTH", "webhook"), ("AUTH_WEBHOOK_URL", &url)]);
    let script = r#"
        await connected(4, { auth: { token: "good" } });
        const [error] = await next(connect(4, { auth: { token: "bad" } }), "connect_error");
        return error.data.code;
    "#;
    assert_eq!(node(relay.address, script).await, 4001);
}

#[tokio::test]
async fn x21_without_its_webhook_a_relay_lets_nobody_in_and_says_to_come_back() {
    let relay = TestRelay::with(&[("AUTH", "webhook"), ("AUTH_WEBHOOK_URL", "http://127.0.0.1:1/")]);
    let away = Received::Close(1013, "Tokens cannot be checked now".to_owned());
    assert_eq!(first(&relay, "/ws?user_id=alice").await, away);
    assert_eq!(status(&relay, "/sse/alice").await, 503);
}
