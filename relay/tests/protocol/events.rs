//! The stream profile: anonymous sockets, events, and what is told about them.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Events, Process, Received, TestRelay, until};

async fn anonymous(relay: &TestRelay, query: &str) -> Client {
    Client::connect(&format!("ws://{}/ws{query}", relay.address)).await
}

fn event(value: u64) -> Value {
    json!({"type": "test", "data": {"value": value}})
}

/// Waits until the relay has processed `count` events.
async fn processed(relay: &TestRelay, count: u64) {
    until("processed events", async || relay.get("/api/stats").await["processor"]["total_events"] == count)
        .await;
}

#[tokio::test]
async fn r001_01_a_socket_needs_no_parameters() {
    let relay = TestRelay::start();
    let mut nobody = anonymous(&relay, "").await;
    assert_eq!(nobody.next_or_silence().await, None);
}

#[tokio::test]
async fn x01_a_socket_with_user_id_is_one_of_push() {
    let relay = TestRelay::start();
    let _sockets = (relay.socket("alice").await, anonymous(&relay, "").await);
    relay.has_connections(2).await;
    assert_eq!(relay.status().await["connections"]["byProfile"], json!({"push": 1, "stream": 1}));
}

#[tokio::test]
async fn x02_where_nobody_may_be_anonymous_a_user_is_required() {
    let relay = TestRelay::with(&[("WS_ANONYMOUS", "deny")]);
    let refused = Received::Close(1008, "user_id required".to_owned());
    assert_eq!(anonymous(&relay, "").await.next().await, refused);
}

#[tokio::test]
async fn r001_02_the_guides_message_reaches_a_subscriber() {
    let relay = TestRelay::start();
    let mut subscriber = anonymous(&relay, "?subscribe=true").await;
    anonymous(&relay, "").await.send_json(event(42)).await;
    assert_eq!(subscriber.json().await["data"], json!({"value": 42}));
}

#[tokio::test]
async fn r001_02_events_reach_an_event_stream_in_their_order() {
    let relay = TestRelay::start();
    let mut stream = Events::get(&relay.url("/stream/events")).await;
    let mut client = anonymous(&relay, "").await;
    for number in 0..1000 {
        client.send_json(event(number)).await;
    }
    for number in 0..1000 {
        assert_eq!(stream.json().await["data"]["value"], number);
    }
}

#[tokio::test]
async fn r001_03_a_silent_client_gets_a_json_ping() {
    let relay = TestRelay::with(&[("WS_PING_INTERVAL", "1")]);
    assert_eq!(anonymous(&relay, "").await.json().await, json!({"type": "ping"}));
}

#[tokio::test]
async fn x14_a_client_that_ignores_json_pings_stays() {
    let relay = TestRelay::with(&[("WS_PING_INTERVAL", "1"), ("WS_PING_TIMEOUT", "1")]);
    let mut client = anonymous(&relay, "").await;
    for _ in 0..3 {
        assert_eq!(client.json().await, json!({"type": "ping"}));
        assert_eq!(client.next().await, Received::Ping);
    }
}

#[tokio::test]
async fn r001_04_health_knows_the_parts() {
    let relay = TestRelay::start();
    until("a running processor", async || relay.get("/health").await["components"]["processor"] == "healthy")
        .await;
    let components = &relay.get("/health").await["components"];
    assert_eq!((&components["buffer"], &components["redis"]), (&"healthy".into(), &"disabled".into()));
}

#[tokio::test]
async fn r001_05_statistics_have_the_guides_keys() {
    let relay = TestRelay::start();
    anonymous(&relay, "").await.send_json(event(1)).await;
    processed(&relay, 1).await;
    let stats = relay.get("/api/stats").await;
    let keys = |part: &str| stats[part].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys("processor"),
        "backpressure_events bytes_processed error_count events_per_second processing_time_ms total_events"
    );
    assert_eq!(
        keys("buffer"),
        "capacity current_size drop_rate high_water_mark total_added total_dropped utilization"
    );
}

#[tokio::test]
async fn r001_11_a_client_that_fills_the_buffer_is_told_to_slow_down() {
    let relay = TestRelay::with(&[("STREAM_BUFFER_SIZE", "1"), ("STREAM_BATCH_TIMEOUT_MS", "60000")]);
    let mut client = anonymous(&relay, "").await;
    for number in 0..10 {
        client.send_json(event(number)).await;
    }
    let told = json!({"type": "backpressure", "message": "Buffer full, slow down"});
    assert_eq!(client.json().await, told);
}

#[tokio::test]
async fn r001_13_events_that_come_fast_are_processed_together() {
    let relay = TestRelay::with(&[("STREAM_BATCH_SIZE", "50"), ("STREAM_BATCH_TIMEOUT_MS", "60000")]);
    let mut client = anonymous(&relay, "").await;
    for number in 0..50 {
        client.send_json(event(number)).await;
    }
    processed(&relay, 50).await;
}

#[tokio::test]
async fn r001_15_a_bad_event_is_answered_and_harms_nobody() {
    let relay = TestRelay::start();
    let mut client = anonymous(&relay, "").await;
    client.send(Message::text("{}")).await;
    let answer = json!({"type": "error", "message": "Invalid event format: Missing required field: type"});
    assert_eq!(client.json().await, answer);
    client.send_json(event(1)).await;
    processed(&relay, 1).await;
}

#[tokio::test]
async fn r001_18_a_dashboard_gets_statistics_when_they_change() {
    let relay = TestRelay::start();
    let mut dashboard = Events::get(&relay.url("/stream/metrics")).await;
    assert_eq!(dashboard.json().await["processor"]["total_events"], 0);
    anonymous(&relay, "").await.send_json(event(1)).await;
    while dashboard.json().await["processor"]["total_events"] != 1 {}
}

#[tokio::test]
async fn r001_18_a_dashboards_answer_is_neither_cached_nor_buffered() {
    let relay = TestRelay::start();
    let response = reqwest::get(relay.url("/stream/metrics")).await.unwrap();
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(
        (&headers["cache-control"], &headers["x-accel-buffering"]),
        (&"no-cache".parse().unwrap(), &"no".parse().unwrap())
    );
}

#[tokio::test]
async fn r001_20_a_stream_begins_with_the_time_of_return() {
    let relay = TestRelay::start();
    let mut dashboard = Events::get(&relay.url("/stream/metrics")).await;
    assert_eq!(dashboard.next().await.as_deref(), Some("retry: 2000"));
}

#[tokio::test]
async fn r001_19_events_come_in_and_go_out_as_message_pack() {
    let relay = TestRelay::start();
    let mut subscriber = anonymous(&relay, "?subscribe=true&format=msgpack").await;
    let mut client = Client::connect(&format!("ws://{}/ws/ingest", relay.address)).await;
    client.send(Message::binary(rmp_serde::to_vec_named(&event(42)).unwrap())).await;
    let received: Value = rmp_serde::from_slice(&subscriber.binary().await).unwrap();
    assert_eq!(received["data"]["value"], 42);
}

#[tokio::test]
async fn r001_21_a_client_over_its_rate_is_told_to_slow_down() {
    let relay = TestRelay::with(&[("STREAM_RATE_LIMIT", "5")]);
    let mut client = anonymous(&relay, "").await;
    for number in 0..10 {
        client.send_json(event(number)).await;
    }
    assert_eq!(client.json().await["message"], "Rate limit exceeded, slow down");
    processed(&relay, 5).await;
}

#[tokio::test]
async fn r001_21_incoming_events_can_be_paused_and_resumed() {
    let relay = TestRelay::start();
    let mut client = anonymous(&relay, "").await;
    relay.post("/debug/pause", json!({})).await;
    client.send_json(event(1)).await;
    assert_eq!(client.json().await["message"], "Incoming events are paused");
    relay.post("/debug/resume", json!({})).await;
    client.send_json(event(2)).await;
    processed(&relay, 1).await;
}

#[tokio::test]
async fn r001_21_processed_events_can_be_read_again() {
    let relay = TestRelay::start();
    anonymous(&relay, "").await.send_json(event(42)).await;
    processed(&relay, 1).await;
    let page = relay.get("/api/events?after=0").await;
    assert_eq!((&page["events"][0]["data"]["value"], &page["next"]), (&42.into(), &1.into()));
}

#[tokio::test]
async fn r001_24_events_are_counted_by_second_and_minute() {
    let relay = TestRelay::start();
    anonymous(&relay, "").await.send_json(event(1)).await;
    processed(&relay, 1).await;
    for window in ["realtime", "minute"] {
        let aggregates = relay.get(&format!("/api/aggregates/{window}?limit=5")).await;
        assert_eq!(aggregates["aggregates"][0]["by_type"], json!({"test": 1}), "{window}");
    }
}

#[tokio::test]
async fn r001_14_and_24_the_time_of_processing_is_a_histogram() {
    let relay = TestRelay::start();
    anonymous(&relay, "").await.send_json(event(1)).await;
    processed(&relay, 1).await;
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains("\nrelay_event_processing_seconds_count 1\n"), "{text}");
}

#[tokio::test]
async fn x10_r001_24_the_guides_names_of_figures_are_there_for_who_wants_them() {
    let relay = TestRelay::with(&[("METRICS_ALIASES", "stream")]);
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    for name in [
        "events_processed_total",
        "events_per_second",
        "buffer_utilization",
        "buffer_dropped_total",
        "processing_errors_total",
    ] {
        assert!(text.contains(&format!("\n{name}")), "{name}");
    }
}

#[tokio::test]
async fn r001_24_a_rule_puts_an_alert_behind_each_event_that_matches() {
    let relay = TestRelay::start();
    let when = json!({"field": "data.value", "op": ">", "value": 30});
    let (status, rule) = relay.post("/api/rules", json!({"name": "hot", "type": "test", "when": when})).await;
    assert_eq!(status, 201);
    let mut subscriber = anonymous(&relay, "?subscribe=true").await;
    let mut client = anonymous(&relay, "").await;
    for value in [30, 31] {
        client.send_json(event(value)).await;
    }
    assert_eq!(subscriber.json().await["data"]["value"], 30);
    let (hot, alert) = (subscriber.json().await, subscriber.json().await);
    assert_eq!((&alert["type"], &alert["source"]), (&json!("alert"), &json!("rules")));
    assert_eq!((&alert["data"]["event_id"], &alert["data"]["rule_id"]), (&hot["id"], &rule["id"]));
}

#[tokio::test]
async fn r001_24_rules_are_listed_and_removed() {
    let relay = TestRelay::start();
    let (_, rule) = relay.post("/api/rules", json!({"name": "errors", "type": "error_log"})).await;
    assert_eq!(relay.get("/api/rules").await["rules"], json!([rule]));
    let url = relay.url(&format!("/api/rules/{}", rule["id"].as_str().unwrap()));
    let remove = async || reqwest::Client::new().delete(&url).send().await.unwrap().status().as_u16();
    assert_eq!([remove().await, remove().await], [204, 404]);
}

#[tokio::test]
async fn r001_24_who_may_not_publish_may_not_change_rules() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "0123456789abcdef0123456789abcdef").unwrap();
    let relay = TestRelay::with(&[("PUBLISH_KEY_FILE", key.path().to_str().unwrap())]);
    assert_eq!(relay.post("/api/rules", json!({"name": "all", "type": "x"})).await.0, 401);
    let url = relay.url("/api/rules/1");
    assert_eq!(reqwest::Client::new().delete(url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn r001_24_a_bad_rule_is_told_422() {
    let relay = TestRelay::start();
    let when = json!({"field": "a", "op": "~", "value": 1});
    for rule in [json!({}), json!({"name": "all"}), json!({"name": "odd", "when": when}), json!([])] {
        assert_eq!(relay.post("/api/rules", rule).await.0, 422);
    }
}

#[tokio::test]
async fn r001_21_what_waits_stays_within_a_memory_limit_whatever_clients_send() {
    let settings = [("STREAM_BUFFER_SIZE", "20"), ("STREAM_BATCH_TIMEOUT_MS", "60000")];
    let relay = Process::start(&settings).await;
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", relay.port);
    let get = async |path: &str| reqwest::get(url(path)).await.unwrap().json::<Value>().await.unwrap();
    let mut client = Client::connect(&format!("ws://127.0.0.1:{}/ws", relay.port)).await;
    let memory = async || get("/debug/memory").await["memory_mb"].as_f64().unwrap();
    let before = memory().await;
    let event = json!({"type": "test", "data": "x".repeat(100_000)});
    for _ in 0..200 {
        client.send_json(event.clone()).await;
    }
    until("dropped events", async || get("/api/stats").await["buffer"]["total_dropped"].as_u64() > Some(170))
        .await;
    // 20 MB were sent, 2 MB may wait.
    let grown = memory().await - before;
    assert!(grown < 12.0, "{grown} MB more");
}
