//! The guide of the server with two connections a player.

use crate::room::Room;
use crate::terminal::Terminal;

/// A room whose relay logs to the guide's file.
async fn room() -> Room {
    Room::with_relay(&[("LOG_FILE", "logs/mythos.log")]).await
}

/// The guide's two connections, of which it tests each.
async fn connected(room: &Room) -> (Terminal, Terminal) {
    let mut wscat = room.terminal("wscat -c ws://yourdomain.com/ws/test_player");
    wscat.shows("Connected").await;
    room.shows("curl http://localhost:8000/api/connections/stats", &["\"websocket_only\":1"]).await;
    let mut curl = room.terminal("curl -N http://yourdomain.com/sse/test_player");
    curl.shows("retry:").await;
    (wscat, curl)
}

const MESSAGE: &str = r#"curl -X POST http://localhost:8000/api/messages \
  -H "Content-Type: application/json" \
  -d '{"player_id": "test_player", "message": {"type": "test", "content": "hello"}}'"#;

#[tokio::test]
async fn r004_01_r004_02_r004_12_the_guides_message_reaches_wscat_and_curl() {
    let room = room().await;
    let (mut wscat, mut curl) = connected(&room).await;
    room.shows(MESSAGE, &["message_id", r#""websocket":1"#, r#""sse":1"#]).await;
    wscat.shows(r#""content":"hello""#).await;
    curl.shows(r#""content":"hello""#).await;
}

#[tokio::test]
async fn r004_04_to_11_the_checklist_is_answered() {
    let room = room().await;
    for (command, expected) in [
        ("curl -f http://localhost:8000/health", "healthy"),
        ("curl http://localhost:8000/api/connections/stats", "connection_distribution"),
        ("curl http://localhost:8000/monitoring/dual-connections", "session_analytics"),
        ("curl http://localhost:8000/monitoring/performance", "message_delivery"),
        ("curl http://localhost:8000/monitoring/connection-health", "overall_health"),
        ("curl http://localhost:8000/monitoring/errors", "error_breakdown"),
        ("curl -v http://localhost:8000/api/connections/stats", "HTTP/1.1 200 OK"),
    ] {
        room.shows(command, &[expected]).await;
    }
}

#[tokio::test]
async fn r004_05_to_11_jq_finds_every_field_that_the_guide_asks_for() {
    let room = room().await;
    let _both = connected(&room).await;
    room.run(MESSAGE).await;
    for (command, expected) in [
        ("connection-health | jq '.overall_health'", "healthy"),
        ("connection-health | jq '.connection_type_health'", "websocket"),
        ("dual-connections | jq '.session_analytics'", "total_sessions"),
        ("performance | jq '.message_delivery'", "\"successful_deliveries\": 1"),
        ("performance | jq '.connection_establishment'", "websocket_establishment_ms"),
        ("performance | jq '.system_performance'", "{"),
        ("errors | jq '.error_breakdown'", "{"),
    ] {
        room.shows(&format!("curl http://localhost:8000/monitoring/{command}"), &[expected]).await;
    }
    for (command, expected) in [
        ("stats | jq '.connection_distribution'", "\"dual_connections\": 1"),
        ("test_player | jq '.connections'", "connection_ids"),
        ("test_player | jq '.message_delivery_stats'", "{"),
        ("test_player/session", "session_id"),
    ] {
        room.shows(&format!("curl http://localhost:8000/api/connections/{command}"), &[expected]).await;
    }
}

#[tokio::test]
async fn r004_13_curl_is_told_whether_a_token_is_good() {
    let room = room().await;
    let verify = r#"curl -H "Authorization: Bearer your_token" http://localhost:8000/api/auth/verify"#;
    room.shows(verify, &["error"]).await;
}

#[tokio::test]
async fn r004_28_grep_and_jq_read_the_log_of_deliveries() {
    let room = room().await;
    let _both = connected(&room).await;
    room.run(MESSAGE).await;
    for (command, expected) in [
        (r#"grep "Message delivered" logs/mythos.log | tail -20"#, "delivery_time_ms"),
        (r#"grep "Message delivered" logs/mythos.log | grep "test_player" | tail -20"#, "test_player"),
        (r#"grep "message_id" logs/mythos.log | tail -20"#, "Message delivered"),
        (r#"grep "WebSocket" logs/mythos.log | tail -20"#, "WebSocket connected"),
        (r#"grep "Message delivered" logs/mythos.log | jq -r '.delivery_time_ms' | sort -n"#, "."),
        (r#"grep "WebSocket connected" logs/mythos.log | jq -r '.establishment_time_ms' | sort -n"#, "."),
    ] {
        room.shows(command, &[expected]).await;
    }
    // Nothing here was slow; what matters is that every line can be asked.
    let slow = r#"grep "establishment_time_ms" logs/mythos.log | jq 'select(.establishment_time_ms > 1000)'"#;
    let output = room.run(slow).await;
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn r004_25_r004_28_grep_finds_a_switch_of_session() {
    let room = room().await;
    let mut former = room.terminal("wscat -c ws://localhost:8000/ws/test_player?session_id=a");
    former.shows("Connected").await;
    let _new = room.terminal("wscat -c ws://localhost:8000/ws/test_player?session_id=b");
    former.shows("Session replaced").await;
    room.shows(r#"grep "session" logs/mythos.log | tail -20"#, &["Player test_player switched from"]).await;
}

#[tokio::test]
async fn r004_29_r004_30_errors_are_counted_by_their_type() {
    let room = room().await;
    room.run("curl -X POST http://localhost:8000/api/messages -d '{\"player_id\": \"test_player\"}'").await;
    let levels = r#"grep -E "(ERROR|WARNING|CRITICAL)" logs/mythos.log"#;
    room.shows(levels, &["error_type"]).await;
    let types = r#"grep "validation_error" logs/mythos.log | jq -r '.error_type' | sort | uniq -c"#;
    room.shows(types, &["1 validation_error"]).await;
}

#[tokio::test]
async fn r004_28_r004_29_tail_shows_lines_as_they_come() {
    let room = room().await;
    let mut connections = room.terminal(r#"tail -f logs/mythos.log | grep -E "(WebSocket|SSE|connection)""#);
    let mut problems = room.terminal(r#"tail -f logs/mythos.log | grep -E "(ERROR|WARNING|CRITICAL)""#);
    let _both = connected(&room).await;
    connections.shows("WebSocket connected").await;
    room.run("curl -X POST http://localhost:8000/api/messages -d '{}'").await;
    problems.shows("WARNING").await;
}

#[tokio::test]
async fn r004_23_grep_finds_a_message_that_reached_nobody() {
    let room = room().await;
    room.run(MESSAGE).await;
    let failed = r#"grep "Message delivery failed" logs/mythos.log | tail -20"#;
    room.shows(failed, &["test_player"]).await;
}

#[tokio::test]
async fn r004_34_netstat_and_lsof_find_the_relay_behind_its_port() {
    let room = room().await;
    room.shows("netstat -tlnp | grep :8000", &["LISTEN", "relay"]).await;
    room.shows("ss -tlnp | grep :8000", &["LISTEN", "relay"]).await;
    room.shows("lsof -i :8000", &["relay"]).await;
    room.shows("netstat -an | grep :8000", &["LISTEN"]).await;
    room.run("kill -9 $(lsof -t -i:8000)").await;
    room.shows("curl http://localhost:8000/health", &["Failed to connect"]).await;
}

#[tokio::test]
async fn r004_37_an_answer_tells_which_server_gave_it() {
    let room = Room::with_relay(&[("NODE_NAME", "relay-7")]).await;
    let stats = r#"curl -H "X-Forwarded-For: test" http://yourdomain.com/api/connections/stats"#;
    room.shows(&format!("{stats} -i"), &["x-relay-node: relay-7"]).await;
    room.shows(stats, &["connection_distribution"]).await;
}
