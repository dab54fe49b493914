//! The admin port.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Process, Received, TestRelay, free_port, until};

const DRAIN: &str = "/admin/v1/drain";
const CONFIG: &str = "/admin/v1/config";

async fn call(relay: &TestRelay, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = reqwest::Client::new().request(method, relay.admin_url(path)).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn drain(rate: u32) -> Value {
    json!({"rate": rate, "deadlineSeconds": 60, "reason": "Rollout"})
}

#[tokio::test]
async fn status_counts_connections_by_transport_and_profile() {
    let relay = TestRelay::start();
    let _connections = (relay.socket("alice").await, relay.stream("bob").await);
    relay.has_connections(2).await;
    let expected = json!({
        "total": 2, "websocket": 1, "sse": 1, "socketio": 0, "byProfile": {"push": 1, "dual": 1}
    });
    assert_eq!(relay.status().await["connections"], expected);
}

#[tokio::test]
async fn a_drain_ends_sockets_with_1012() {
    let relay = TestRelay::start();
    let mut alice = relay.socket("alice").await;
    relay.has_connections(1).await;
    call(&relay, Method::PUT, DRAIN, drain(100)).await;
    assert_eq!(alice.next().await, Received::Close(1012, "Service restart".to_owned()));
}

#[tokio::test]
async fn a_drain_ends_streams_with_the_time_of_return() {
    let relay = TestRelay::start();
    let mut alice = relay.stream("alice").await;
    call(&relay, Method::PUT, DRAIN, drain(100)).await;
    let events = alice.rest().await;
    assert!(events.last().unwrap().starts_with("retry: "), "{events:?}");
}

#[tokio::test]
async fn a_drain_keeps_its_pace() {
    let relay = TestRelay::start();
    let _sockets = [relay.socket("a").await, relay.socket("b").await, relay.socket("c").await];
    relay.has_connections(3).await;
    let begin = std::time::Instant::now();
    call(&relay, Method::PUT, DRAIN, drain(2)).await;
    relay.has_connections(0).await;
    // Nothing is saved up: the first one ends half a second after the begin.
    assert!(begin.elapsed().as_millis() >= 1400, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_socket_that_comes_during_a_drain_is_told_1012() {
    let relay = TestRelay::start();
    call(&relay, Method::PUT, DRAIN, drain(1)).await;
    assert_eq!(relay.socket("alice").await.close_code().await, 1012);
}

#[tokio::test]
async fn a_stream_that_comes_during_a_drain_is_told_when_to_return() {
    let relay = TestRelay::start();
    call(&relay, Method::PUT, DRAIN, drain(1)).await;
    assert!(relay.stream("alice").await.rest().await[0].starts_with("retry: "));
}

#[tokio::test]
async fn a_cancelled_drain_lets_connections_stay() {
    let relay = TestRelay::start();
    call(&relay, Method::PUT, DRAIN, drain(1)).await;
    let (_, status) = call(&relay, Method::DELETE, DRAIN, Value::Null).await;
    assert_eq!((&status["accepting"], &status["draining"]), (&true.into(), &Value::Null));
}

#[tokio::test]
async fn a_drain_that_is_put_twice_is_one_drain() {
    let relay = TestRelay::start();
    call(&relay, Method::PUT, DRAIN, drain(7)).await;
    let (code, status) = call(&relay, Method::PUT, DRAIN, drain(7)).await;
    assert_eq!((code, &status["draining"]["rate"]), (200, &7.into()));
}

#[tokio::test]
async fn a_drain_without_a_rate_is_told_422() {
    let relay = TestRelay::start();
    let (code, body) = call(&relay, Method::PUT, DRAIN, drain(0)).await;
    assert_eq!((code, &body["error"]), (422, &"rate: must be at least 1".into()));
}

#[tokio::test]
async fn a_drain_is_no_reason_to_be_unready() {
    let relay = TestRelay::start();
    call(&relay, Method::PUT, DRAIN, drain(1)).await;
    assert_eq!(reqwest::get(relay.admin_url("/readyz")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn probes_and_figures_need_no_token() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "s3cret").unwrap();
    let relay = TestRelay::with(&[("ADMIN_TOKEN_FILE", token.path().to_str().unwrap())]);
    for path in ["/livez", "/readyz", "/startupz", "/metrics"] {
        assert_eq!(reqwest::get(relay.admin_url(path)).await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_admin_api_wants_its_token() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "s3cret").unwrap();
    let relay = TestRelay::with(&[("ADMIN_TOKEN_FILE", token.path().to_str().unwrap())]);
    let get = async |token: Option<&str>| {
        let request = reqwest::Client::new().get(relay.admin_url("/admin/v1/status"));
        let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!([get(None).await, get(Some("guess")).await, get(Some("s3cret")).await], [401, 403, 200]);
}

#[tokio::test]
async fn a_changed_settings_file_takes_effect_on_reload() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "MAX_CONNECTIONS_PER_PLAYER=1\n").unwrap();
    let relay = TestRelay::with(&[("CONFIG_FILE", file.path().to_str().unwrap())]);
    let _first = relay.stream("alice").await;
    std::fs::write(file.path(), "MAX_CONNECTIONS_PER_PLAYER=2\n").unwrap();
    call(&relay, Method::POST, "/admin/v1/reload", Value::Null).await;
    assert_eq!(reqwest::get(relay.url("/sse/alice")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_bad_settings_file_is_told_422_and_shown_in_the_status() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let relay = TestRelay::with(&[("CONFIG_FILE", file.path().to_str().unwrap())]);
    std::fs::write(file.path(), "WS_PING_INTERVAL=never\n").unwrap();
    let (code, _) = call(&relay, Method::POST, "/admin/v1/reload", Value::Null).await;
    let error = relay.status().await["config"]["error"].as_str().unwrap().to_owned();
    assert!(code == 422 && error.starts_with("WS_PING_INTERVAL"), "{code} {error}");
}

#[tokio::test]
async fn a_changed_settings_file_is_noticed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let relay = TestRelay::with(&[("CONFIG_FILE", file.path().to_str().unwrap())]);
    let before = relay.status().await["config"]["hash"].clone();
    std::fs::write(file.path(), "LOG_LEVEL=DEBUG\n").unwrap();
    until("another configuration", async || relay.status().await["config"]["hash"] != before).await;
}

#[tokio::test]
async fn settings_that_are_told_take_effect_ahead_of_the_file_and_end_no_connection() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "MAX_CONNECTIONS_PER_PLAYER=1\nCONFIG_GENERATION=1\n").unwrap();
    let relay = TestRelay::with(&[("CONFIG_FILE", file.path().to_str().unwrap())]);
    let (mut socket, mut stream) = (relay.socket("bob").await, relay.stream("alice").await);
    let told = json!({"settings": "MAX_CONNECTIONS_PER_PLAYER=2\nCONFIG_GENERATION=2\n"});
    let (code, status) = call(&relay, Method::PUT, CONFIG, told).await;
    assert_eq!((code, &status["config"]["generation"]), (200, &2.into()));
    let _second = relay.stream("alice").await;
    // Both that were there before still get what is sent.
    let message = json!({"player_id": "alice", "message": {"type": "chat", "content": "hello alice"}});
    relay.post("/api/messages", message).await;
    while !stream.json().await.to_string().contains("hello alice") {}
    relay.post("/sse/push", json!({"user_id": "bob", "data": {"message": "hello bob"}})).await;
    assert!(socket.json().await.to_string().contains("hello bob"));
}

#[tokio::test]
async fn settings_that_are_told_and_bad_are_told_422_and_the_old_ones_stay() {
    let relay = TestRelay::with(&[]);
    let before = relay.status().await["config"]["hash"].clone();
    let (code, body) = call(&relay, Method::PUT, CONFIG, json!({"settings": "WS_PING_INTERVAL=never"})).await;
    assert!(code == 422 && body["error"].as_str().unwrap().starts_with("WS_PING_INTERVAL"), "{code} {body}");
    assert_eq!(relay.status().await["config"]["hash"], before);
}

#[tokio::test]
async fn a_relay_whose_redis_was_never_reached_is_alive_and_unready() {
    let redis = format!("redis://127.0.0.1:{}", free_port());
    let relay = TestRelay::with(&[("REDIS_URL", &redis)]);
    let code = async |path: &str| reqwest::get(relay.admin_url(path)).await.unwrap().status().as_u16();
    assert_eq!([code("/livez").await, code("/startupz").await, code("/readyz").await], [200, 200, 503]);
}

#[tokio::test]
async fn the_binary_tells_a_running_relay_from_none() {
    let relay = Process::start(&[]).await;
    let check = async |port: u16| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
        command.arg("healthcheck").env("PORT", port.to_string());
        command.output().await.unwrap().status.success()
    };
    assert_eq!((check(relay.port).await, check(free_port()).await), (true, false));
}

#[tokio::test]
async fn what_the_guides_tell_to_look_for_is_counted_in_the_status() {
    let relay = TestRelay::start();
    let _first = relay.socket("alice").await;
    assert_eq!(relay.socket("alice").await.close_code().await, 1008);
    let url = format!("ws://{}/ws?user_id=bob", relay.address);
    assert!(Client::with_headers(&url, &[("origin", "https://stranger.example")]).await.is_err());
    for session in ["a", "b"] {
        relay.post("/api/connections/carol/session", json!({"session_id": session})).await;
    }
    let signals = &relay.status().await["signals"];
    let counted = ["duplicateUsers", "originRefusals", "sessionSwitches"].map(|name| signals[name].as_u64());
    assert_eq!(counted, [Some(1); 3], "{signals}");
    assert!(signals["memoryPercent"].as_u64().unwrap() < 100);
}

#[tokio::test]
async fn a_token_that_is_refused_is_counted_in_the_status() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "0123456789abcdef0123456789abcdef").unwrap();
    let file = key.path().to_str().unwrap();
    let relay = TestRelay::with(&[("AUTH", "jwt"), ("JWT_SECRET_FILE", file)]);
    assert_eq!(relay.socket("alice").await.close_code().await, 4001);
    let url = format!("ws://{}/ws/chat/c/?connection_token=spent", relay.address);
    assert_eq!(Client::connect(&url).await.close_code().await, 4001);
    assert_eq!(relay.status().await["signals"]["tokenFailures"], 2);
    let figures = reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(figures.contains("\nrelay_token_failures_total 2\n"), "{figures}");
}
