//! The guide of the push server.

use crate::room::Room;

#[tokio::test]
async fn r000_01_r000_04_r000_25_wscat_gets_what_curl_pushes() {
    let room = Room::with_relay(&[]).await;
    let mut wscat = room.terminal(r#"wscat -c "ws://yourserver/ws?user_id=test123""#);
    wscat.shows("Connected").await;
    let push = r#"curl -X POST http://yourserver/sse/push \
     -H "Content-Type: application/json" \
     -d '{"user_id": "test123", "data": {"message": "test"}}'"#;
    room.shows(push, &[r#""status":"success""#, "Message delivered"]).await;
    wscat.shows(r#"< {"#).await;
    wscat.shows(r#""message":"test""#).await;
}

#[tokio::test]
async fn r000_02_wscat_is_told_that_the_user_is_connected_already() {
    let room = Room::with_relay(&[]).await;
    let command = r#"wscat -c "ws://yourserver/ws?user_id=test123""#;
    let mut first = room.terminal(command);
    first.shows("Connected").await;
    room.terminal(command).shows(r#"Disconnected (code: 1008, reason: "User already connected")"#).await;
}

#[tokio::test]
async fn r000_08_r000_09_curl_is_told_health_and_active_connections() {
    let room = Room::with_relay(&[]).await;
    room.shows("curl http://yourserver/health", &[r#""status":"healthy""#, r#""connections":0"#]).await;
    room.shows("curl http://yourserver/metrics", &["relay_active_connections 0"]).await;
}

#[tokio::test]
async fn r000_25_ab_has_no_request_that_fails() {
    let room = Room::with_relay(&[]).await;
    let expected = ["Complete requests:      1000", "Failed requests:        0"];
    room.shows("ab -n 1000 -c 10 http://yourserver/health", &expected).await;
}

#[tokio::test]
async fn r000_12_lsof_names_the_relay_and_a_second_one_says_what_is_wrong() {
    let room = Room::with_relay(&[]).await;
    room.shows("lsof -i :8080  # Replace 8080 with your port", &["relay", "(LISTEN)"]).await;
    let relay = env!("CARGO_BIN_EXE_relay");
    room.shows(&format!("PORT=8080 {relay}"), &["Address already in use"]).await;
}
