//! The texts that the guide tells people to search for (rows 000-14 to 000-22), as the real binary
//! writes them.

use serde_json::{Value, json};

use crate::support::{Client, Process, until};

async fn push(relay: &Process, body: Value) {
    let url = format!("http://127.0.0.1:{}/sse/push", relay.port);
    reqwest::Client::new().post(url).json(&body).send().await.unwrap();
}

/// The line whose `message` is exactly `text`.
async fn line(relay: &mut Process, text: &str) -> Value {
    let line = relay.logs(&format!("\"message\":\"{text}\"")).await;
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn r000_14_and_15_a_socket_is_logged_as_it_comes_and_goes() {
    let mut relay = Process::start(&[]).await;
    let client = Client::connect(&format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await;
    assert_eq!(line(&mut relay, "User connected").await["user_id"], "alice");
    client.close().await;
    assert_eq!(line(&mut relay, "User disconnected").await["user_id"], "alice");
}

#[tokio::test]
async fn r000_19_and_16_a_push_is_logged_up_to_its_delivery() {
    let mut relay = Process::start(&[]).await;
    let _client = Client::connect(&format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port)).await;
    line(&mut relay, "User connected").await;
    push(&relay, json!({"user_id": "alice", "data": {}})).await;
    line(&mut relay, "Processing SSE message").await;
    assert_eq!(line(&mut relay, "Message sent to user").await["user_id"], "alice");
}

#[tokio::test]
async fn r000_17_a_push_to_nobody_is_a_warning() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice", "data": {}})).await;
    assert_eq!(line(&mut relay, "Attempt to send message to disconnected user").await["level"], "WARNING");
}

/// Waits until the file holds `text`: it is written by a thread of its own.
async fn in_file(file: &std::path::Path, text: &str) {
    until(text, async || std::fs::read_to_string(file).is_ok_and(|lines| lines.contains(text))).await;
}

/// A socket of a player of the real binary.
async fn player(relay: &Process, address: &str) -> Client {
    Client::connect(&format!("ws://127.0.0.1:{}/ws/{address}", relay.port)).await
}

async fn message(relay: &Process, message: Value) {
    let url = format!("http://127.0.0.1:{}/api/messages", relay.port);
    let body = json!({"player_id": "alice", "message": message});
    reqwest::Client::new().post(url).json(&body).send().await.unwrap();
}

#[tokio::test]
async fn r004_28_times_are_in_the_lines_and_the_lines_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs/mythos.log");
    let mut relay = Process::start(&[("LOG_FILE", file.to_str().unwrap())]).await;
    let _alice = player(&relay, "alice").await;
    let connected = line(&mut relay, "WebSocket connected").await;
    assert!(connected["establishment_time_ms"].is_number() && connected["player_id"] == "alice");
    message(&relay, json!({"type": "t", "content": "c", "id": "m1"})).await;
    let delivered = line(&mut relay, "Message delivered").await;
    assert!(delivered["delivery_time_ms"].is_number() && delivered["message_id"] == "m1");
    in_file(&file, "\"delivery_time_ms\":").await;
}

#[tokio::test]
async fn r004_24_a_duplicate_is_logged_with_its_id() {
    let mut relay = Process::start(&[]).await;
    for _ in 0..2 {
        message(&relay, json!({"type": "t", "content": "c", "id": "m1"})).await;
    }
    line(&mut relay, "Duplicate message detected: m1").await;
}

#[tokio::test]
async fn r004_23_a_message_for_nobody_is_logged_as_failed() {
    let mut relay = Process::start(&[]).await;
    message(&relay, json!({"type": "t", "content": "c"})).await;
    line(&mut relay, "Message delivery failed: Player not connected").await;
}

#[tokio::test]
async fn r004_25_a_switch_of_session_is_logged() {
    let mut relay = Process::start(&[]).await;
    let _first = player(&relay, "alice?session_id=a").await;
    let _same = player(&relay, "alice?session_id=a").await;
    line(&mut relay, "Player alice already in session a").await;
    let _other = player(&relay, "alice?session_id=b").await;
    line(&mut relay, "Player alice switched from a to b").await;
}

#[tokio::test]
async fn r004_30_an_error_is_logged_with_its_type() {
    let mut relay = Process::start(&[]).await;
    message(&relay, json!({"type": "t"})).await;
    let error: Value = serde_json::from_str(&relay.logs("validation_error").await).unwrap();
    assert_eq!((&error["level"], &error["error_type"]), (&"WARNING".into(), &"validation_error".into()));
}

#[tokio::test]
async fn r004_18_r004_33_a_player_in_trouble_is_named() {
    let settings = [("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "60"), ("HEALTH_CHECK_INTERVAL", "1")];
    let mut relay = Process::start(&settings).await;
    // This client answers pings only when it is asked for messages, which nobody does.
    let _alice = player(&relay, "alice").await;
    line(&mut relay, "Unhealthy connections for player alice").await;
}

#[tokio::test]
async fn r004_31_a_player_whose_connection_is_given_up_is_a_connection_error() {
    let settings = [("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "60"), ("HEALTH_CHECK_INTERVAL", "1")];
    let mut relay = Process::start(&settings).await;
    let _alice = player(&relay, "alice").await;
    let error = relay.logs("Failed to recover connection for alice").await;
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((&error["error_type"], &error["player_id"]), (&"connection_error".into(), &"alice".into()));
}

#[tokio::test]
async fn r004_28_a_bad_session_is_found_by_the_words_that_grep_looks_for() {
    let mut relay = Process::start(&[]).await;
    player(&relay, "alice?session_id=%0a").await.next().await;
    let error: Value = serde_json::from_str(&relay.logs("session validation").await).unwrap();
    assert_eq!(error["error_type"], "session_error");
}

#[tokio::test]
async fn r004_34_debug_mode_logs_in_detail_on_the_port_that_is_set() {
    let port = crate::support::free_port().to_string();
    let mut relay = Process::start(&[("DEBUG", "true"), ("LOG_LEVEL", "DEBUG"), ("PORT", &port)]).await;
    assert_eq!(relay.port.to_string(), port);
    let mut alice = player(&relay, "alice").await;
    alice.send_json(json!({"type": "t", "content": "c"})).await;
    relay.logs("\"level\":\"DEBUG\"").await;
}

#[tokio::test]
async fn r004_35_all_bad_settings_are_named_at_once() {
    let check = |settings: &[(&str, &str)]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
        command.arg("validate-config").env_clear().envs(settings.iter().copied());
        async move { command.output().await.unwrap() }
    };
    let bad =
        check(&[("CONNECTION_TIMEOUT", "soon"), ("STREAM_OVERFLOW", "disconnect"), ("PORT", "x")]).await;
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    let names = ["CONNECTION_TIMEOUT", "STREAM_OVERFLOW", "PORT"];
    assert!(!bad.status.success() && names.iter().all(|name| told.contains(name)), "{told}");
    assert!(
        check(&[("PORT", "8001"), ("DEBUG", "true"), ("CONNECTION_TIMEOUT", "600")]).await.status.success()
    );
}

#[tokio::test]
async fn r004_19_a_cleanup_is_logged_with_its_number() {
    let mut relay = Process::start(&[("CONNECTION_TIMEOUT", "1"), ("CLEANUP_INTERVAL", "1")]).await;
    let _alice = player(&relay, "alice").await;
    line(&mut relay, "Cleaned up 1 old connections").await;
}

#[tokio::test]
async fn r001_15_a_bad_event_is_an_error_with_its_raw_data() {
    let mut relay = Process::start(&[("LOG_LEVEL", "DEBUG")]).await;
    let mut client = Client::connect(&format!("ws://127.0.0.1:{}/ws", relay.port)).await;
    client.send(tokio_tungstenite::tungstenite::Message::text("nonsense")).await;
    let error: Value = serde_json::from_str(&relay.logs("Invalid event format: ").await).unwrap();
    assert_eq!(error["level"], "ERROR");
    line(&mut relay, "Raw data: nonsense").await;
}

#[tokio::test]
async fn x16_r001_16_redis_is_given_up_after_the_tries_that_are_set() {
    let redis = format!("redis://127.0.0.1:{}", crate::support::free_port());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.log");
    let settings = [("REDIS_URL", &*redis), ("REDIS_MAX_RETRIES", "4"), ("LOG_FILE", file.to_str().unwrap())];
    let mut relay = Process::start(&settings).await;
    assert_eq!(line(&mut relay, "Failed to connect to Redis").await["tries"], 4);
    in_file(&file, "Redis connection failed, retry in 0.").await;
}

#[tokio::test]
async fn r000_20_a_mention_is_logged_with_both_names() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice", "data": {"message": "@ci_bot go"}})).await;
    let line = line(&mut relay, "Detected @mention of public account").await;
    assert_eq!((&line["user_id"], &line["account"]), (&"alice".into(), &"ci_bot".into()));
}

#[tokio::test]
async fn r000_22_a_refused_body_is_logged_with_the_reason() {
    let mut relay = Process::start(&[]).await;
    push(&relay, json!({"user_id": "alice"})).await;
    let line = line(&mut relay, "Validation error for message format").await;
    assert_eq!(line["error"], "Missing required field: data");
}

#[tokio::test]
async fn r000_18_a_message_that_cannot_be_sent_is_logged_and_the_connection_cleaned_up() {
    let mut relay = Process::start(&[("MAX_QUEUE_BYTES", "65536"), ("MAX_QUEUE_ITEMS", "2")]).await;
    let url = format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port);
    // It reads nothing after its handshake.
    let _deaf = Client::connect(&url).await;
    line(&mut relay, "User connected").await;
    let text = "x".repeat(500_000);
    for _ in 0..16 {
        push(&relay, json!({"user_id": "alice", "data": {"message": text}})).await;
    }
    assert_eq!(line(&mut relay, "Error sending to user").await["user_id"], "alice");
    assert_eq!(line(&mut relay, "User disconnected").await["user_id"], "alice");
}
