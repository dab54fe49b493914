//! First requests, as people type them and as pages send them.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{TestRelay, soon};

async fn get(relay: &TestRelay, query: &str) -> (u16, String) {
    let answer = reqwest::get(relay.url(&format!("/socket.io/?{query}"))).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn r002_03_r002_05_the_terms_are_told_first() {
    let relay = TestRelay::start();
    let (_, body) = get(&relay, "EIO=4&transport=polling").await;
    let terms: Value = serde_json::from_str(body.strip_prefix('0').unwrap()).unwrap();
    let told = ["upgrades", "pingInterval", "pingTimeout", "maxPayload"].map(|name| terms[name].clone());
    assert_eq!(told, [json!(["websocket"]), json!(25_000), json!(60_000), json!(100_000_000)]);
}

#[tokio::test]
async fn r002_08_x05_the_guides_curl_gets_101() {
    let relay = TestRelay::start();
    let mut curl = Command::new("curl")
        .args(["-i", "-N", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"])
        .args(["-H", "Sec-WebSocket-Key: test", "-H", "Sec-WebSocket-Version: 13"])
        .arg(relay.url("/socket.io/"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("curl must be installed");
    let mut lines = BufReader::new(curl.stdout.take().unwrap()).lines();
    let first = soon(lines.next_line()).await.unwrap();
    assert_eq!(first.as_deref(), Some("HTTP/1.1 101 Switching Protocols"));
}

#[tokio::test]
async fn x05_the_lenient_handshake_is_a_setting() {
    let relay = TestRelay::with(&[("SOCKETIO_LENIENT_HANDSHAKE", "false")]);
    let client = reqwest::Client::new();
    let request = client.get(relay.url("/socket.io/")).header("connection", "Upgrade");
    assert_eq!(request.header("upgrade", "websocket").send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn r002_01_bad_requests_are_told_the_codes_of_the_reference_server() {
    let relay = TestRelay::start();
    for (query, code, message) in [
        ("EIO=4&transport=tobi", 0, "Transport unknown"),
        ("EIO=4&transport=polling&sid=x", 1, "Session ID unknown"),
        ("EIO=2&transport=polling", 5, "Unsupported protocol version"),
        ("EIO=4&transport=websocket", 3, "Bad request"),
    ] {
        let (status, body) = get(&relay, query).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body), (400, json!({"code": code, "message": message})), "{query}");
    }
}

#[tokio::test]
async fn r002_15_a_session_of_another_node_is_unknown_here() {
    let (one, other) = (TestRelay::with(&[("NODE_NAME", "one")]), TestRelay::with(&[("NODE_NAME", "other")]));
    let (_, body) = get(&one, "EIO=4&transport=polling").await;
    let terms: Value = serde_json::from_str(body.strip_prefix('0').unwrap()).unwrap();
    let sid = terms["sid"].as_str().unwrap();
    assert!(sid.ends_with(".one"), "{sid}");
    let (status, body) = get(&other, &format!("EIO=4&transport=polling&sid={sid}")).await;
    assert_eq!((status, body.contains("Session ID unknown")), (400, true));
}

#[tokio::test]
async fn r002_07_x13_a_listed_origin_is_echoed_with_credentials() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let url = relay.url("/socket.io/?EIO=4&transport=polling");
    let answer =
        reqwest::Client::new().get(url).header("origin", "https://good.example").send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://good.example");
    assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
}

#[tokio::test]
async fn r002_07_x13_another_origin_gets_no_session() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "https://good.example")]);
    let url = relay.url("/socket.io/?EIO=4&transport=polling");
    let request = reqwest::Client::new().get(url).header("origin", "https://good.example.evil");
    assert_eq!(request.send().await.unwrap().status(), 403);
    relay.has_connections(0).await;
}

#[tokio::test]
async fn x07_one_relay_listens_on_several_ports() {
    let ports = [crate::support::free_port(), crate::support::free_port()];
    let listen = format!(":{},127.0.0.1:{}", ports[0], ports[1]);
    let _relay = TestRelay::with(&[("LISTEN", &listen)]);
    for port in ports {
        assert_eq!(reqwest::get(format!("http://127.0.0.1:{port}/health")).await.unwrap().status(), 200);
    }
}
