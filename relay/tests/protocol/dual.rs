//! Sockets and sessions of players.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Events, Received, TestRelay, soon, until};

/// A socket of a player; `address` may have parameters.
async fn player(relay: &TestRelay, address: &str) -> Client {
    Client::connect(&format!("ws://{}/ws/{address}", relay.address)).await
}

fn message(player: &str, content: &str) -> Value {
    json!({"player_id": player, "message": {"type": "note", "content": content}})
}

#[tokio::test]
async fn r004_01_a_player_gets_a_socket_and_its_messages() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice").await;
    relay.post("/api/messages", message("alice", "hi")).await;
    assert_eq!(alice.json().await["content"], "hi");
}

#[tokio::test]
async fn r004_24_a_message_on_a_socket_has_an_id_and_a_timestamp() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice/?session_id=s1").await;
    let (_, answer) = relay.post("/api/messages", message("alice", "hi")).await;
    let received = alice.json().await;
    assert_eq!(received["id"], answer["message_id"]);
    assert!(received["timestamp"].is_string());
}

#[tokio::test]
async fn r004_03_sockets_and_streams_stand_side_by_side() {
    let relay = TestRelay::start();
    let mut sockets = (player(&relay, "alice").await, player(&relay, "alice").await);
    let mut streams = (relay.stream("alice").await, relay.stream("alice").await);
    let (_, answer) = relay.post("/api/messages", message("alice", "hi")).await;
    assert_eq!(answer["delivered"], json!({"websocket": 2, "sse": 2}));
    assert_eq!(sockets.0.json().await, streams.0.json().await);
    assert_eq!(sockets.1.json().await, streams.1.json().await);
}

#[tokio::test]
async fn x03_r004_15_a_connection_too_many_is_told_1008() {
    let relay = TestRelay::with(&[("MAX_CONNECTIONS_PER_PLAYER", "2")]);
    let _both = (player(&relay, "alice").await, relay.stream("alice").await);
    let refused = Received::Close(1008, "Too many connections".to_owned());
    assert_eq!(player(&relay, "alice").await.next().await, refused);
}

#[tokio::test]
async fn r004_25_the_same_session_adds_a_connection() {
    let relay = TestRelay::start();
    let mut first = player(&relay, "alice?session_id=s1").await;
    let _second = Events::get(&relay.url("/sse/alice?session_id=s1")).await;
    assert_eq!(first.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_25_another_session_ends_all_connections_of_the_former_one() {
    let relay = TestRelay::start();
    let mut socket = player(&relay, "alice?session_id=s1").await;
    let mut stream = Events::get(&relay.url("/sse/alice?session_id=s1")).await;
    let _new = player(&relay, "alice?session_id=s2").await;
    socket.json().await;
    assert_eq!(socket.next().await, Received::Close(1008, "Session replaced".to_owned()));
    stream.rest().await;
    relay.has_connections(1).await;
}

#[tokio::test]
async fn r004_25_a_player_with_all_connections_may_begin_another_session() {
    let relay = TestRelay::with(&[("MAX_CONNECTIONS_PER_PLAYER", "1")]);
    let _former = player(&relay, "alice?session_id=s1").await;
    let mut new = player(&relay, "alice?session_id=s2").await;
    assert_eq!(new.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_07_the_session_of_a_player_is_told() {
    let relay = TestRelay::start();
    let _socket = player(&relay, "alice?session_id=s1").await;
    let session = relay.get("/api/connections/alice/session").await;
    assert_eq!((&session["session_id"], &session["active_connections"]), (&"s1".into(), &1.into()));
    assert!(session["session_created"].is_string());
}

#[tokio::test]
async fn r004_07_a_new_session_ends_the_connections_of_the_former_one() {
    let relay = TestRelay::start();
    let mut socket = player(&relay, "alice?session_id=s1").await;
    let (code, answer) = relay.post("/api/connections/alice/session", json!({"session_id": "s2"})).await;
    assert_eq!((code, &answer["previous_connections_disconnected"]), (200, &1.into()));
    assert_eq!(socket.close_code().await, 1008);
}

#[tokio::test]
async fn r004_07_a_session_without_a_name_is_told_422() {
    let relay = TestRelay::start();
    assert_eq!(relay.post("/api/connections/alice/session", json!({"session_id": ""})).await.0, 422);
}

#[tokio::test]
async fn r004_24_a_message_with_a_known_id_is_delivered_once() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice").await;
    let message = json!({"player_id": "alice", "message": {"type": "t", "content": "c", "id": "m1"}});
    relay.post("/api/messages", message.clone()).await;
    let (code, answer) = relay.post("/api/messages", message).await;
    assert_eq!((code, &answer["duplicate"]), (200, &true.into()));
    assert_eq!(alice.json().await["id"], "m1");
    assert_eq!(alice.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_23_a_message_that_found_nobody_reaches_a_player_who_comes_back() {
    let relay = TestRelay::start();
    let (_, answer) = relay.post("/api/messages", message("alice", "hi")).await;
    assert_eq!(answer["retrying"], true);
    let mut alice = player(&relay, "alice").await;
    assert_eq!(alice.json().await["content"], "hi");
    assert_eq!(alice.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_24_a_message_that_nobody_got_may_come_again_with_its_id() {
    let relay = TestRelay::start();
    let message = json!({"player_id": "alice", "message": {"type": "t", "content": "c", "id": "m1"}});
    relay.post("/api/messages", message.clone()).await;
    until("the end of the tries", async || {
        relay.get("/monitoring/performance").await["message_delivery"]["failed_deliveries"] == 1
    })
    .await;
    let mut alice = player(&relay, "alice").await;
    let (_, answer) = relay.post("/api/messages", message).await;
    assert_eq!(answer["duplicate"], Value::Null);
    assert_eq!(alice.json().await["id"], "m1");
}

#[tokio::test]
async fn r004_30_a_bad_message_is_answered_with_the_guides_error() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice").await;
    alice.send_json(json!({"type": "move"})).await;
    let error = alice.json().await;
    assert_eq!((&error["error"], &error["error_type"]), (&true.into(), &"validation_error".into()));
    assert_eq!(error["message"], "Missing required field: content");
}

#[tokio::test]
async fn r004_40_a_client_that_asks_gets_a_pong() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice").await;
    alice.send_json(json!({"type": "ping"})).await;
    assert_eq!(alice.json().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn r004_40_clients_are_told_of_a_new_session_and_of_the_former_one() {
    let relay = TestRelay::start();
    let mut socket = player(&relay, "alice?session_id=s1").await;
    let mut stream = Events::get(&relay.url("/sse/alice?session_id=s1")).await;
    let _new = player(&relay, "alice?session_id=s2").await;
    for told in [socket.json().await, stream.json().await] {
        let told = [&told["type"], &told["session_id"], &told["previous_session_id"]];
        assert_eq!(told, ["session_change", "s2", "s1"]);
    }
}

#[tokio::test]
async fn r004_40_a_client_may_ask_for_the_health_of_its_connections() {
    let relay = TestRelay::start();
    let mut alice = player(&relay, "alice?session_id=s1").await;
    let _stream = relay.stream("alice").await;
    relay.has_connections(2).await;
    alice.send_json(json!({"type": "health"})).await;
    let health = json!({"type": "health", "healthy": true, "websocket": 1, "sse": 1, "session_id": "s1"});
    assert_eq!(alice.json().await, health);
}

#[tokio::test]
async fn r004_39_the_guides_subprotocol_is_echoed() {
    let relay = TestRelay::start();
    let url = format!("ws://{}/ws/alice", relay.address);
    let client = Client::with_headers(&url, &[("sec-websocket-protocol", "mythos-protocol")]).await.unwrap();
    assert_eq!(client.headers["sec-websocket-protocol"], "mythos-protocol");
}

#[tokio::test]
async fn r004_17_and_19_a_connection_without_any_byte_is_cleaned_up() {
    let relay = TestRelay::with(&[("CONNECTION_TIMEOUT", "1"), ("CLEANUP_INTERVAL", "1")]);
    let mut alice = player(&relay, "alice").await;
    assert_eq!(alice.next().await, Received::Close(1001, "Connection timeout".to_owned()));
}

#[tokio::test]
async fn r004_17_a_connection_with_heartbeats_stays() {
    let settings = [("CONNECTION_TIMEOUT", "2"), ("CLEANUP_INTERVAL", "1"), ("WS_PING_INTERVAL", "1")];
    let relay = TestRelay::with(&settings);
    let mut alice = player(&relay, "alice").await;
    for _ in 0..4 {
        assert_eq!(alice.next().await, Received::Ping);
    }
}

#[tokio::test]
async fn x22_a_player_called_stats_is_asked_for_by_name() {
    let relay = TestRelay::start();
    let _stats = player(&relay, "stats").await;
    let told = relay.get("/api/connections?player_id=stats").await;
    assert_eq!(told["connections"]["websocket"]["count"], 1);
    assert!(relay.get("/api/connections/stats").await["total_players"].is_number());
}

#[tokio::test]
async fn a_player_called_ingest_has_a_stream() {
    let relay = TestRelay::start();
    let mut stream = relay.stream("ingest").await;
    relay.post("/api/messages", message("ingest", "hi")).await;
    assert_eq!(stream.json().await["content"], "hi");
}

#[tokio::test]
async fn r004_21_a_players_message_over_the_limit_is_refused_with_1009() {
    let relay = TestRelay::with(&[("MAX_MESSAGE_SIZE", "1000")]);
    let mut alice = player(&relay, "alice").await;
    alice.send(Message::text("x".repeat(1001))).await;
    assert_eq!(alice.close_code().await, 1009);
}

#[tokio::test]
async fn r004_05_players_are_counted_by_the_kinds_of_their_connections() {
    let relay = TestRelay::start();
    let _alice = (player(&relay, "alice").await, relay.stream("alice").await);
    let _others = (player(&relay, "bob").await, relay.stream("carol").await);
    relay.has_connections(4).await;
    let stats = relay.get("/api/connections/stats").await;
    let kinds = json!({"websocket_only": 1, "sse_only": 1, "dual_connections": 1});
    assert_eq!((&stats["connection_distribution"], &stats["total_players"]), (&kinds, &3.into()));
}

#[tokio::test]
async fn r004_06_a_players_connections_and_deliveries_are_told() {
    let relay = TestRelay::start();
    let _alice = player(&relay, "alice").await;
    relay.has_connections(1).await;
    relay.post("/api/messages", message("alice", "hi")).await;
    let told = relay.get("/api/connections/alice").await;
    assert_eq!(
        (&told["connections"]["websocket"]["count"], &told["presence"]),
        (&1.into(), &"online".into())
    );
    let stats = json!({"total_messages": 1, "successful_deliveries": 1, "failed_deliveries": 0});
    assert_eq!(told["message_delivery_stats"], stats);
}

#[tokio::test]
async fn what_is_told_of_single_players_wants_the_admin_token_where_there_is_one() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "s3cret").unwrap();
    let path = token.path().to_str().unwrap();
    let relay = TestRelay::with(&[("ADMIN_TOKEN_FILE", path), ("DEBUG_ENDPOINTS", "false")]);
    for path in ["/api/connections/alice", "/api/connections/alice/session", "/monitoring/errors"] {
        let request = reqwest::Client::new().get(relay.url(path));
        let with_token = request.try_clone().unwrap().bearer_auth("s3cret");
        let statuses = [request.send().await.unwrap().status(), with_token.send().await.unwrap().status()];
        assert_eq!(statuses.map(|status| status.as_u16()), [401, 200], "{path}");
    }
}

#[tokio::test]
async fn r004_04_health_has_the_guides_fields() {
    let relay = TestRelay::start();
    let health = relay.get("/health/detailed").await;
    for field in ["status", "timestamp", "version", "uptime", "components"] {
        assert!(!health[field].is_null(), "{field}");
    }
}

#[tokio::test]
async fn r004_33_a_player_whose_client_answers_no_ping_is_unhealthy() {
    let relay = TestRelay::with(&[("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "60")]);
    let _alice = player(&relay, "alice").await;
    until("an unhealthy connection", async || {
        let told = relay.get("/monitoring/connection-health").await;
        told["overall_health"]["unhealthy_connections"] == 1
    })
    .await;
}

#[tokio::test]
async fn r004_31_a_connection_that_stays_unhealthy_is_ended() {
    let settings = [("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "60"), ("HEALTH_CHECK_INTERVAL", "1")];
    let relay = TestRelay::with(&settings);
    let mut alice = TcpStream::connect(relay.address).await.unwrap();
    let head = "GET /ws/alice HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    alice.write_all(head.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"\x03\xf3Unhealthy connection") {
        assert_ne!(soon(alice.read_buf(&mut received)).await.unwrap(), 0, "the end without a goodbye");
    }
}

#[tokio::test]
async fn r004_37_statistics_name_the_node() {
    let relay = TestRelay::with(&[("NODE_NAME", "relay-7")]);
    assert_eq!(relay.get("/api/connections/stats").await["node"], "relay-7");
}

#[tokio::test]
async fn r004_08_sessions_are_analysed() {
    let relay = TestRelay::start();
    let _alice = (player(&relay, "alice?session_id=s1").await, player(&relay, "alice").await);
    relay.has_connections(2).await;
    let told = relay.get("/monitoring/dual-connections").await;
    let analytics = json!({
        "total_sessions": 1, "sessions_with_connections": 1, "average_connections_per_session": 2.0
    });
    assert_eq!(told["session_analytics"], analytics);
}

#[tokio::test]
async fn r004_09_performance_tells_times_and_counts() {
    let relay = TestRelay::start();
    let _alice = player(&relay, "alice").await;
    relay.has_connections(1).await;
    for player in ["alice", "nobody"] {
        relay.post("/api/messages", message(player, "hi")).await;
    }
    until("the end of the tries", async || {
        relay.get("/monitoring/performance").await["message_delivery"]["failed_deliveries"] == 1
    })
    .await;
    let told = relay.get("/monitoring/performance").await;
    assert!(told["connection_establishment"]["max_websocket_establishment_ms"].as_f64() > Some(0.0));
    let delivery = json!({
        "total_messages_sent": 2, "successful_deliveries": 1, "failed_deliveries": 1, "delivery_success_rate": 50.0
    });
    assert_eq!(told["message_delivery"], delivery);
    assert!(told["system_performance"]["memory_mb"].as_f64() > Some(1.0));
}

#[tokio::test]
async fn r004_20_performance_and_metrics_can_be_switched_off() {
    let relay = TestRelay::with(&[("PERFORMANCE_MONITORING", "false"), ("ENABLE_METRICS", "false")]);
    for path in ["/monitoring/performance", "/metrics"] {
        assert_eq!(reqwest::get(relay.url(path)).await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(reqwest::get(relay.admin_url("/metrics")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn r004_10_health_is_told_by_kind() {
    let relay = TestRelay::start();
    let _alice = (player(&relay, "alice").await, relay.stream("alice").await);
    relay.has_connections(2).await;
    let told = relay.get("/monitoring/connection-health").await;
    assert_eq!(told["overall_health"]["health_percentage"], 100.0);
    assert_eq!(told["connection_type_health"]["sse"]["healthy_connections"], 1);
    assert_eq!(told["connection_age_distribution"]["under_1m"], 2);
}

#[tokio::test]
async fn r004_10_r004_18_checks_of_health_become_trends() {
    let relay = TestRelay::with(&[("HEALTH_CHECK_INTERVAL", "1")]);
    let _alice = player(&relay, "alice").await;
    until("a check with a connection", async || {
        let trends = relay.get("/monitoring/connection-health").await["health_trends"].clone();
        trends["last_hour"]["average_connections"].as_f64() > Some(0.0)
            && trends["last_24_hours"]["average_health_percentage"] == 100.0
    })
    .await;
}

#[tokio::test]
async fn r004_11_errors_are_told_by_type() {
    let relay = TestRelay::start();
    relay.post("/api/messages", json!({"player_id": "alice", "message": {}})).await;
    player(&relay, "alice?session_id=%0a").await.next().await;
    let breakdown = json!({"validation_error_low": 1, "session_error_low": 1});
    until("both errors", async || relay.get("/monitoring/errors").await["error_breakdown"] == breakdown)
        .await;
}

#[tokio::test]
async fn r004_42_x10_times_are_histograms_with_the_guides_names_too() {
    let relay = TestRelay::with(&[("METRICS_ALIASES", "mythos")]);
    let _alice = player(&relay, "alice").await;
    relay.has_connections(1).await;
    relay.post("/api/messages", message("alice", "hi")).await;
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "relay_connection_establishment_seconds_count{transport=\"websocket\"} 1",
        "relay_connection_establishment_seconds_bucket{transport=\"websocket\",le=\"1\"} 1",
        "mythos_message_delivery_seconds_count 1",
        "mythos_connections_total 1",
        "mythos_messages_sent_total 1",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
    }
}
