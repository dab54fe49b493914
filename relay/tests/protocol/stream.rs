//! `/sse/{player_id}` of the dual profile.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::support::{TestRelay, soon};

fn message(player: &str, content: &str) -> serde_json::Value {
    json!({"player_id": player, "message": {"type": "note", "content": content}})
}

#[tokio::test]
async fn r004_02_curl_sees_a_message_as_an_event() {
    let relay = TestRelay::start();
    let url = relay.url("/sse/alice?session_id=s1");
    let mut curl =
        Command::new("curl").args(["-sN", &url]).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(curl.stdout.take().unwrap()).lines();
    assert_eq!(soon(lines.next_line()).await.unwrap().as_deref(), Some("retry: 2000"));
    relay.post("/api/messages", message("alice", "hi")).await;
    let mut data = String::new();
    while !data.starts_with("data: ") {
        data = soon(lines.next_line()).await.unwrap().unwrap();
    }
    assert!(data.contains(r#""content":"hi""#), "{data}");
}

#[tokio::test]
async fn r004_12_the_answer_counts_deliveries_by_transport() {
    let relay = TestRelay::start();
    let _socket = relay.socket("alice").await;
    let _streams = (relay.stream("alice").await, relay.stream("alice").await);
    let (_, answer) = relay.post("/api/messages", message("alice", "hi")).await;
    assert_eq!(answer["delivered"], json!({"websocket": 1, "sse": 2}));
}

#[tokio::test]
async fn r004_03_socket_and_stream_of_one_name_get_the_same_message() {
    let relay = TestRelay::start();
    let (mut socket, mut stream) = (relay.socket("alice").await, relay.stream("alice").await);
    relay.post("/api/messages", message("alice", "hi")).await;
    assert_eq!(socket.json().await, stream.json().await);
}

#[tokio::test]
async fn r004_22_a_message_without_content_is_told_so() {
    let relay = TestRelay::start();
    let body = json!({"player_id": "alice", "message": {"type": "note"}});
    let error = json!({"error": "Missing required field: content", "field": "content"});
    assert_eq!(relay.post("/api/messages", body).await, (422, error));
}

#[tokio::test]
async fn r004_15_a_stream_too_many_is_told_429() {
    let relay = TestRelay::with(&[("MAX_CONNECTIONS_PER_PLAYER", "1")]);
    let _first = relay.stream("alice").await;
    assert_eq!(reqwest::get(relay.url("/sse/alice")).await.unwrap().status(), 429);
}

#[tokio::test]
async fn x06_a_player_may_be_called_push() {
    let relay = TestRelay::start();
    let mut stream = relay.stream("push").await;
    relay.post("/api/messages", message("push", "hi")).await;
    assert_eq!(stream.json().await["content"], "hi");
}

#[tokio::test]
async fn a_message_of_several_lines_arrives_whole() {
    let relay = TestRelay::start();
    let mut stream = relay.stream("alice").await;
    relay.post("/api/messages", message("alice", "a\nid: b\r\n\r\nc")).await;
    assert_eq!(stream.json().await["content"], "a\nid: b\r\n\r\nc");
}

#[tokio::test]
async fn r000_23_a_stream_whose_client_left_is_gone() {
    let relay = TestRelay::start();
    drop(relay.stream("alice").await);
    relay.has_connections(0).await;
}

/// What a relay answers to bytes, up to the first `end`.
async fn exchange(stream: &mut TcpStream, request: &str, end: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with(end) {
        answer.push(char::from(soon(stream.read_u8()).await.unwrap()));
    }
    answer
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    let relay = TestRelay::start();
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    let answer = exchange(&mut stream, "GET /sse/alice HTTP/1.0\r\n\r\n", "\n\n").await;
    assert!(answer.ends_with("\r\n\r\nretry: 2000\n\n"), "{answer}");
}

#[tokio::test]
async fn a_stream_may_be_the_second_request_on_a_connection() {
    let relay = TestRelay::start();
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    exchange(&mut stream, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "}}").await;
    exchange(&mut stream, "GET /sse/alice HTTP/1.1\r\nHost: x\r\n\r\n", "retry: 2000\n\n").await;
    relay.post("/api/messages", message("alice", "hi")).await;
    assert!(exchange(&mut stream, "", "\n\n\r\n").await.contains(r#""content":"hi""#));
}

#[tokio::test]
async fn r000_24_proxies_are_asked_not_to_buffer_or_cache() {
    let relay = TestRelay::start();
    let stream = relay.stream("alice").await;
    let headers = stream.response.headers();
    assert_eq!(
        (&headers["x-accel-buffering"], &headers["cache-control"]),
        (&"no".parse().unwrap(), &"no-cache".parse().unwrap())
    );
}

#[tokio::test]
async fn x13_a_stream_of_a_listed_origin_names_it() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let request =
        reqwest::Client::new().get(relay.url("/sse/alice")).header("origin", "https://good.example");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "https://good.example");
}

#[tokio::test]
async fn x13_a_stream_of_another_origin_is_told_403() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let request =
        reqwest::Client::new().get(relay.url("/sse/alice")).header("origin", "https://evil.example");
    assert_eq!(request.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn r004_03_every_stream_of_a_player_gets_every_message_in_order() {
    let relay = TestRelay::with(&[("MAX_CONNECTIONS_PER_PLAYER", "20")]);
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(relay.stream("alice").await);
    }
    for number in 0..20 {
        relay.post("/api/messages", message("alice", &number.to_string())).await;
    }
    for stream in &mut streams {
        for number in 0..20 {
            assert_eq!(stream.json().await["content"], number.to_string());
        }
    }
}
