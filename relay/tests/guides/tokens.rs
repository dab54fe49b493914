//! The guide of the server with connection tokens. A log is read where the guide reads that of a
//! container.

use crate::room::Room;

/// Gets a token, and types what `then` makes of it.
const TOKEN: &str = "TOKEN=$(curl -s 'http://localhost:8000/api/v1/auth/ws-connection-token/?user_id=alice' \
    | jq -r .connection_token)";

#[tokio::test]
async fn r003_01_r003_02_r003_13_a_token_from_curl_lets_wscat_into_a_conversation() {
    let room = Room::with_relay(&[]).await;
    let wscat = "wscat -c \"ws://localhost:8000/ws/chat/42/?connection_token=$TOKEN\"";
    let mut wscat = room.terminal(&format!("{TOKEN}; {wscat}"));
    wscat.shows(r#""event":"connected""#).await;
}

#[tokio::test]
async fn r003_07_to_12_grep_finds_the_stages_of_a_connection() {
    let room = Room::with_relay(&[]).await;
    let wscat = "wscat -c \"ws://localhost:8000/ws/chat/42/?connection_token=$TOKEN\"";
    let mut first = room.terminal(&format!("{TOKEN}; {wscat}"));
    first.shows("connected").await;
    room.terminal("wscat -c ws://localhost:8000/ws/chat/42/").shows("code: 4001").await;
    let stages = [
        "[WS_TOKEN] Generated connection token",
        "[WS_TOKEN] Successfully consumed",
        "[WS_AUTH] Authenticated via connection token",
        "WebSocket CONNECT",
        "Unauthenticated WebSocket connection attempt",
    ];
    room.shows(r#"cat relay.log | tail --lines=50 | grep -E "(WS_|WebSocket)""#, &stages).await;
}

#[tokio::test]
async fn r003_05_redis_cli_lists_tokens_under_the_guides_prefix() {
    let room = Room::with_redis(&[]).await;
    room.run(TOKEN).await;
    room.shows(r#"redis-cli KEYS "ws_conn_token:*""#, &["ws_conn_token:"]).await;
}

#[tokio::test]
async fn r003_21_a_socket_outlives_flushdb_and_tokens_do_not() {
    let room = Room::with_redis(&[]).await;
    let wscat = "wscat -c \"ws://localhost:8000/ws/chat/42/?connection_token=$TOKEN\"";
    let mut live = room.terminal(&format!("{TOKEN}; {wscat}"));
    live.shows("connected").await;
    let late = format!("{TOKEN}; redis-cli FLUSHDB; {wscat}");
    room.terminal(&late).shows("code: 4001").await;
    live.types(r#"{"type":"ping"}"#).await;
    live.shows("pong").await;
}

#[tokio::test]
async fn redis_cli_sees_a_message_on_its_way() {
    let room = Room::with_redis(&[]).await;
    let mut monitor = room.terminal("redis-cli MONITOR");
    monitor.shows("OK").await;
    let push =
        r#"curl -s -X POST http://localhost:8000/sse/push -d '{"user_id":"alice","data":{"text":"hello"}}'"#;
    room.run(push).await;
    monitor.shows("hello").await;
}

#[tokio::test]
async fn r003_27_figures_are_where_the_guide_looks_for_them() {
    let room = Room::with_relay(&[]).await;
    room.shows("curl http://localhost:9090/metrics", &["relay_active_connections 0"]).await;
}
