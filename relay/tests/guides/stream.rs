//! The guide of the stream server.

use crate::room::Room;

#[tokio::test]
async fn r001_01_r001_02_wscat_connects_and_sends_the_guides_message() {
    let room = Room::with_relay(&[]).await;
    let mut all = room.terminal("wscat -c ws://localhost:8000/ws?subscribe=true");
    all.shows("Connected").await;
    let mut wscat = room.terminal("wscat -c ws://localhost:8000/ws");
    wscat.shows("Connected").await;
    wscat.types(r#"{"type": "test", "data": {"value": 42}}"#).await;
    all.shows(r#""data":{"value":42}"#).await;
}

#[tokio::test]
async fn r001_04_r001_05_r001_06_curl_is_told_what_the_checklist_asks_for() {
    let room = Room::with_relay(&[]).await;
    room.shows("curl http://localhost:8000/health", &[r#""status":"healthy""#]).await;
    room.shows("curl http://localhost:8000/api/stats", &["events_per_second", "high_water_mark"]).await;
    let buffer = ["size", "capacity", "dropped", "workers"];
    room.shows("curl http://localhost:8000/debug/buffer", &buffer).await;
}

/// The guide lets it run for 30 s, in which these tests could do nothing else.
#[tokio::test]
async fn r001_05_wrk_has_no_request_that_fails() {
    let room = Room::with_relay(&[]).await;
    let output = room.run("wrk -t12 -c400 -d2s http://localhost:8000/api/stats").await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("12 threads and 400 connections") && shown.contains("Requests/sec"), "{shown}");
    // Where other tests take the processors, answers may be late; none may be missing or wrong.
    let sound = !shown.contains("Socket errors") || shown.contains("connect 0, read 0, write 0");
    assert!(sound && !shown.contains("Non-2xx"), "{shown}");
}

#[tokio::test]
async fn r001_15_r001_23_an_error_is_found_by_its_level() {
    let room = Room::with_relay(&[("LOG_FILE", "app.log")]).await;
    let mut tail = room.terminal("tail -f app.log | grep ERROR");
    let mut wscat = room.terminal("wscat -c ws://localhost:8000/ws");
    wscat.shows("Connected").await;
    wscat.types("nonsense").await;
    tail.shows("Invalid event format").await;
}

#[tokio::test]
async fn r001_23_netstat_counts_the_connections() {
    let room = Room::with_relay(&[]).await;
    let mut wscat = room.terminal("wscat -c ws://localhost:8000/ws");
    wscat.shows("Connected").await;
    room.shows("netstat -an | grep :8000 | grep ESTABLISHED | wc -l", &["2"]).await;
    room.shows("netstat -an | grep :8000 | wc -l", &[""]).await;
}

#[tokio::test]
async fn r001_17_r001_23_redis_answers_the_usual_tools() {
    let room = Room::with_redis(&[]).await;
    room.shows("redis-cli ping", &["PONG"]).await;
    room.shows("redis-cli info stats", &["pubsub_channels:", "total_connections_received:"]).await;
}
