//! How much clients and publishers may do (rows 003-01, 003-20, 004-14 and 004-20; security:
//! resource limits, broadcast amplification). Each limit has a setting, a figure and a clear answer.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Client, Received, TestRelay, node, soon, until};

/// Waits until something was refused for `reason`.
async fn counted(relay: &TestRelay, reason: &str) {
    let line = format!("relay_rate_limited_total{{reason=\"{reason}\"}} ");
    until("the count of a limit", async || {
        let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
        let count = text.lines().find_map(|text| text.strip_prefix(&line)).unwrap_or("0");
        count.parse::<u64>().unwrap() > 0
    })
    .await;
}

/// The status of a GET, and when to try again.
async fn get(relay: &TestRelay, path: &str, headers: &[(&str, &str)]) -> (StatusCode, Option<u64>) {
    let mut request = reqwest::Client::new().get(relay.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = soon(request.send()).await.unwrap();
    let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    (answer.status(), retry)
}

async fn closes(relay: &TestRelay, path: &str) -> Received {
    Client::connect(&format!("ws://{}{path}", relay.address)).await.next().await
}

#[tokio::test]
async fn r004_14_a_name_that_begins_connections_too_often_is_closed_with_1013() {
    let relay = TestRelay::with(&[("CONNECTION_RATE_LIMIT", "1")]);
    let often = Received::Close(1013, "Too many connection attempts".to_owned());
    for path in ["/ws?user_id=alice", "/ws/bob"] {
        let _first = Client::connect(&format!("ws://{}{path}", relay.address)).await;
        assert_eq!(closes(&relay, path).await, often, "{path}");
    }
    counted(&relay, "connections").await;
}

#[tokio::test]
async fn r004_14_a_stream_that_is_asked_for_too_often_is_told_429_and_when_to_come_back() {
    let relay = TestRelay::with(&[("CONNECTION_RATE_LIMIT", "1")]);
    let _first = relay.stream("alice").await;
    let (status, retry) = get(&relay, "/sse/alice", &[]).await;
    assert_eq!(status, 429);
    assert!((30..=60).contains(&retry.unwrap()), "{retry:?}");
}

#[tokio::test]
async fn r004_14_one_name_does_not_use_up_what_another_may() {
    let relay = TestRelay::with(&[("CONNECTION_RATE_LIMIT", "1")]);
    let _alice = relay.stream("alice").await;
    let _bob = relay.stream("bob").await;
}

#[tokio::test]
async fn r004_20_an_address_that_asks_too_often_is_told_429() {
    let relay = TestRelay::with(&[("RATE_LIMIT_REQUESTS", "2"), ("RATE_LIMIT_WINDOW", "60")]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&relay, "/api/connections/stats", &[]).await.0.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
    counted(&relay, "requests").await;
}

#[tokio::test]
async fn r004_20_streams_and_sockets_are_requests_too_and_probes_are_free() {
    let relay = TestRelay::with(&[("RATE_LIMIT_REQUESTS", "1")]);
    let _first = relay.stream("alice").await;
    assert_eq!(get(&relay, "/sse/bob", &[]).await.0, 429);
    assert!(Client::with_headers(&format!("ws://{}/ws/bob", relay.address), &[]).await.is_err());
    for path in ["/health", "/livez", "/metrics"] {
        assert_eq!(get(&relay, path, &[]).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn r004_20_r002_14_behind_a_trusted_proxy_each_client_is_counted_for_itself() {
    let relay = TestRelay::with(&[("RATE_LIMIT_REQUESTS", "1"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let stats = async |client| get(&relay, "/api/connections/stats", &[("x-forwarded-for", client)]).await.0;
    assert_eq!([stats("9.9.9.9").await, stats("8.8.8.8").await, stats("9.9.9.9").await], [200, 200, 429]);
}

#[tokio::test]
async fn r003_01_a_user_gets_ten_connection_tokens_a_minute() {
    let relay = TestRelay::start();
    let path = "/api/v1/auth/ws-connection-token/?user_id=alice";
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(get(&relay, path, &[]).await.0.as_u16());
    }
    assert_eq!(statuses, [[200; 10].as_slice(), &[429]].concat());
    assert_eq!(get(&relay, "/api/v1/auth/ws-connection-token/?user_id=bob", &[]).await.0, 200);
    counted(&relay, "tokens").await;
}

#[tokio::test]
async fn r003_20_a_user_who_chats_too_much_is_told_and_counted() {
    let relay = TestRelay::with(&[("USER_MESSAGE_RATE_LIMIT", "1")]);
    let token = relay.get("/api/v1/auth/ws-connection-token/?user_id=alice").await;
    let token = token["connection_token"].as_str().unwrap();
    let url = format!("ws://{}/ws/chat/42/?connection_token={token}", relay.address);
    let mut alice = Client::connect(&url).await;
    let mut codes: Vec<Value> = vec![alice.json().await["event"].clone()];
    for _ in 0..2 {
        alice.send_json(json!({"message": "hi"})).await;
        codes.push(alice.json().await["code"].clone());
    }
    assert_eq!(codes, [json!("connected"), Value::Null, json!("RATE_LIMITED")]);
    counted(&relay, "user_messages").await;
}

#[tokio::test]
async fn r003_19_r003_20_the_guides_name_counts_limits_too() {
    let relay = TestRelay::with(&[("TOKEN_RATE_LIMIT", "1"), ("METRICS_ALIASES", "allthrive")]);
    for _ in 0..2 {
        get(&relay, "/api/v1/auth/ws-connection-token/?user_id=alice", &[]).await;
    }
    let text = reqwest::get(relay.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains("allthrive_rate_limit_hits_total{reason=\"tokens\"} 1"), "{text}");
}

#[tokio::test]
async fn r003_20_a_socket_io_client_that_chats_too_much_is_told() {
    let relay = TestRelay::with(&[("USER_MESSAGE_RATE_LIMIT", "1")]);
    let script = r#"
        const socket = await connected(4, { auth: { userId: "alice" } });
        await ask(socket, "chat:message", { content: "one" });
        return (await ask(socket, "chat:message", { content: "two" }))[0].error;
    "#;
    let error = node(relay.address, script).await;
    assert!(error.as_str().unwrap().starts_with("Rate limit exceeded"), "{error}");
}

#[tokio::test]
async fn a_flood_ends_a_players_socket_with_1008() {
    let relay = TestRelay::with(&[("MESSAGE_RATE_LIMIT", "5")]);
    for path in ["/ws?user_id=alice", "/ws/bob"] {
        let mut client = Client::connect(&format!("ws://{}{path}", relay.address)).await;
        for _ in 0..20 {
            client.send_json(json!({"type": "chat", "content": "x"})).await;
        }
        assert_eq!(client.close_code().await, 1008, "{path}");
    }
    counted(&relay, "messages").await;
}

#[tokio::test]
async fn a_flood_ends_a_socket_io_session_on_both_ways() {
    let relay = TestRelay::with(&[("MESSAGE_RATE_LIMIT", "5")]);
    for transports in ["['polling']", "['websocket']"] {
        let script = format!(
            r#"
            const socket = await connected(4, {{ transports: {transports}, reconnection: false }});
            for (let n = 0; n < 20; n++) socket.emit("x", n);
            return (await next(socket, "disconnect"))[0];
            "#
        );
        assert_eq!(node(relay.address, &script).await, json!("transport close"), "{transports}");
    }
}

#[tokio::test]
async fn a_publisher_that_publishes_too_much_is_told_429() {
    let relay = TestRelay::with(&[("PUBLISH_RATE_LIMIT", "1")]);
    let push = json!({"user_id": "alice", "data": {}});
    let statuses = [relay.post("/sse/push", push.clone()).await.0, relay.post("/sse/push", push).await.0];
    assert_eq!(statuses, [200, 429]);
    counted(&relay, "publishes").await;
}

#[tokio::test]
async fn every_message_of_a_batch_counts_as_one() {
    let relay = TestRelay::with(&[("PUBLISH_RATE_LIMIT", "2")]);
    let push = json!({"user_id": "alice", "data": {}});
    let (_, body) = relay.post("/sse/push/batch", json!([push, push, push])).await;
    let limited = |result: &Value| result["error"].as_str().unwrap().starts_with("Rate limit exceeded");
    let results: Vec<_> = body["results"].as_array().unwrap().iter().map(limited).collect();
    assert_eq!(results, [false, false, true]);
}

#[tokio::test]
async fn a_channel_that_gets_too_much_is_told_429_and_others_are_not() {
    let relay = TestRelay::with(&[("CHANNEL_RATE_LIMIT", "1")]);
    let push = async |user: &str| relay.post("/sse/push", json!({"user_id": user, "data": {}})).await.0;
    assert_eq!([push("alice").await, push("alice").await, push("bob").await], [200, 429, 200]);
    counted(&relay, "channel").await;
}

#[tokio::test]
async fn a_connection_is_in_a_bounded_number_of_conversations() {
    let relay = TestRelay::with(&[("MAX_CHANNELS_PER_CONNECTION", "4")]);
    let script = r#"
        const socket = await connected(4);
        const answers = [];
        for (let n = 0; n < 3; n++) {
            const [answer] = await ask(socket, "conversation:join", { conversationId: "c" + n });
            answers.push(answer.error ?? answer.status);
        }
        return answers;
    "#;
    assert_eq!(node(relay.address, script).await, json!(["ok", "ok", "Too many conversations"]));
    counted(&relay, "channels").await;
}
