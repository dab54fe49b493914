//! What is the same for all profiles on the clients' port.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{TestRelay, soon};

#[tokio::test]
async fn r000_08_health_counts_connections() {
    let relay = TestRelay::start();
    let _alice = relay.socket("alice").await;
    relay.has_connections(1).await;
    let health = relay.get("/health").await;
    assert_eq!((&health["status"], &health["connections"]), (&"healthy".into(), &1.into()));
}

#[tokio::test]
async fn x08_both_health_paths_have_the_same_fields() {
    let relay = TestRelay::start();
    let fields = |health: serde_json::Value| health.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(relay.get("/health").await), fields(relay.get("/api/health").await));
}

#[tokio::test]
async fn r000_26_health_tells_the_version() {
    let relay = TestRelay::start();
    assert_eq!(relay.get("/health").await["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn r000_09_metrics_count_active_connections() {
    let relay = TestRelay::start();
    let _alice = relay.socket("alice").await;
    relay.has_connections(1).await;
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains("\nrelay_active_connections 1\n"), "{text}");
}

#[tokio::test]
async fn r000_26_metrics_tell_the_version() {
    let relay = TestRelay::start();
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains(concat!("relay_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")));
}

#[tokio::test]
async fn x09_metrics_are_json_for_who_asks_for_json() {
    let relay = TestRelay::start();
    let request = reqwest::Client::new().get(relay.url("/metrics")).header("accept", "application/json");
    let by_accept: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(by_accept["service"], "websocket-sse-server");
    assert_eq!(
        by_accept["active_connections"],
        relay.get("/metrics?format=json").await["active_connections"]
    );
}

#[tokio::test]
async fn r004_37_answers_name_the_node() {
    let relay = TestRelay::with(&[("NODE_NAME", "relay-7")]);
    for path in ["/health", "/no/such/path", "/sse/alice"] {
        let response = reqwest::get(relay.url(path)).await.unwrap();
        assert_eq!(response.headers()["x-relay-node"], "relay-7", "{path}");
    }
}

#[tokio::test]
async fn x13_a_preflight_of_a_listed_origin_is_allowed_with_credentials() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let request = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, relay.url("/sse/push"))
        .header("origin", "https://good.example")
        .header("access-control-request-method", "POST");
    let response = request.send().await.unwrap();
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://good.example");
    assert_eq!(headers["access-control-allow-credentials"], "true");
}

#[tokio::test]
async fn x13_another_origin_is_not_named() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let request = reqwest::Client::new().get(relay.url("/health")).header("origin", "https://evil.example");
    assert!(!request.send().await.unwrap().headers().contains_key("access-control-allow-origin"));
}

/// The first line of the answer to bytes.
async fn status_line(relay: &TestRelay, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 12];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_head_without_end_is_told_431() {
    let relay = TestRelay::start();
    let request = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'x'; 20_000]].concat();
    assert_eq!(status_line(&relay, &request).await, "HTTP/1.1 431");
}

#[tokio::test]
async fn bytes_that_are_no_request_are_told_400() {
    let relay = TestRelay::start();
    assert_eq!(status_line(&relay, b"\x16\x03\x01 hello\r\n\r\n").await, "HTTP/1.1 400");
}

#[tokio::test]
async fn r000_25_a_head_that_comes_in_pieces_is_served() {
    let relay = TestRelay::start();
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    for piece in ["GET /hea", "lth HTTP/1.0\r", "\n\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn r000_22_who_comes_and_goes_again_and_again_is_visible_in_the_figures() {
    let relay = TestRelay::start();
    for _ in 0..3 {
        relay.socket("alice").await.close().await;
        relay.has_connections(0).await;
    }
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "relay_connections_opened_total{profile=\"push\",transport=\"websocket\"} 3",
        "relay_connections_closed_total{code=\"1005\",transport=\"websocket\"} 3",
        "relay_connections{profile=\"push\",transport=\"websocket\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in {text}");
    }
}
