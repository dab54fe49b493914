//! What strangers must not get: another page's sockets, the operator's port, the publish API, and
//! tokens out of logs (security: cross-site WebSocket hijacking, admin and publish API, replay).

use serde_json::json;
use tempfile::NamedTempFile;

use crate::auth::{PAGE, token};
use crate::support::{Client, Process, Received, TestRelay, soon};

/// Pages that only look like the one that is listed.
const STRANGERS: [&str; 6] = [
    "null",
    "https://evil.example",
    "https://app.example.evil.example",
    "https://evil-app.example",
    "http://app.example",
    "https://app.example:8443",
];

#[tokio::test]
async fn r003_24_x13_no_socket_opens_for_a_page_that_is_not_listed() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", PAGE)]);
    for path in
        ["/ws?user_id=alice", "/ws/alice", "/ws", "/ws/ingest", "/socket.io/?EIO=4&transport=websocket"]
    {
        let url = format!("ws://{}{path}", relay.address);
        for stranger in STRANGERS {
            assert!(Client::with_headers(&url, &[("origin", stranger)]).await.is_err(), "{path} {stranger}");
        }
        assert!(Client::with_headers(&url, &[("origin", PAGE)]).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn r003_24_x13_a_conversation_tells_a_strangers_page_4003() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", PAGE)]);
    let url = format!("ws://{}/ws/chat/42/", relay.address);
    for stranger in STRANGERS {
        let mut client = Client::with_headers(&url, &[("origin", stranger)]).await.unwrap();
        assert_eq!(client.next().await, Received::Close(4003, "Origin not allowed".to_owned()), "{stranger}");
    }
}

#[tokio::test]
async fn x13_no_stream_opens_for_a_page_that_is_not_listed() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", PAGE)]);
    for path in ["/sse/alice", "/stream/events", "/stream/metrics", "/socket.io/?EIO=4&transport=polling"] {
        for stranger in STRANGERS {
            let request = reqwest::Client::new().get(relay.url(path)).header("origin", stranger);
            assert_eq!(soon(request.send()).await.unwrap().status(), 403, "{path} {stranger}");
        }
    }
}

#[tokio::test]
async fn the_operators_api_is_not_on_the_clients_port() {
    let relay = TestRelay::start();
    let client = reqwest::Client::new();
    for request in [
        client.get(relay.url("/admin/v1/status")),
        client
            .put(relay.url("/admin/v1/drain"))
            .json(&json!({"rate": 1, "deadlineSeconds": 1, "reason": "x"})),
        client.delete(relay.url("/admin/v1/drain")),
        client.post(relay.url("/admin/v1/reload")),
    ] {
        assert_eq!(soon(request.send()).await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn whoever_publishes_anything_needs_the_key() {
    let key = NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "s3cret").unwrap();
    let relay = TestRelay::with(&[("PUBLISH_KEY_FILE", key.path().to_str().unwrap())]);
    for path in [
        "/sse/push",
        "/sse/push/batch",
        "/sse/send",
        "/api/messages",
        "/api/socketio/emit",
        "/api/v1/chat/42/events",
        "/api/connections/alice/session",
    ] {
        let post = || reqwest::Client::new().post(relay.url(path)).json(&json!({}));
        let statuses =
            [post(), post().bearer_auth("s3cre"), post().bearer_auth("s3cret")].map(|post| post.send());
        let statuses = soon(futures::future::try_join_all(statuses)).await.unwrap();
        let statuses: Vec<_> = statuses.iter().map(|answer| answer.status().as_u16()).collect();
        assert_eq!(statuses, [401, 403, 422], "{path}");
    }
}

#[tokio::test]
async fn no_token_of_any_transport_stands_in_the_logs() {
    let (secret, log) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
    std::fs::write(secret.path(), crate::auth::SECRET).unwrap();
    let mut relay = Process::start(&[
        ("AUTH", "jwt"),
        ("JWT_SECRET_FILE", secret.path().to_str().unwrap()),
        ("LOG_FILE", log.path().to_str().unwrap()),
        ("DEBUG", "true"),
    ])
    .await;
    let bad = token("alice", -600);
    for path in ["/sse/alice?", "/stream/events?", "/api/v1/auth/ws-connection-token/?", "/api/auth/verify?"]
    {
        let url = format!("http://127.0.0.1:{}{path}token={bad}", relay.port);
        assert_eq!(soon(reqwest::get(url)).await.unwrap().status(), 401, "{path}");
    }
    let socketio = format!("ws://127.0.0.1:{}/socket.io/?EIO=3&transport=websocket&token={bad}", relay.port);
    let mut client = Client::connect(&socketio).await;
    assert!(matches!(client.next().await, Received::Text(_)));
    relay.logs("Namespace refused").await;
    relay.terminate().await;
    relay.exit_code().await;
    let lines = std::fs::read_to_string(log.path()).unwrap();
    let signature = bad.rsplit('.').next().unwrap();
    assert!(lines.contains("Authentication failed") && !lines.contains(signature), "{lines}");
}
