//! One relay behind nginx.

use serde_json::json;

use super::configuration;
use crate::support::{Client, Events, Proxy, TestRelay, node};

async fn behind(name: &str, relay: &TestRelay) -> Proxy {
    Proxy::nginx(&configuration(name, &[relay])).await
}

#[tokio::test]
async fn r000_24_r002_14_a_websocket_goes_through_nginx() {
    let relay = TestRelay::start();
    let nginx = behind("push.nginx.conf", &relay).await;
    let mut alice = Client::connect(&format!("ws://{}/ws?user_id=alice", nginx.address)).await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_24_the_codes_of_an_end_go_through_nginx() {
    let relay = TestRelay::start();
    let nginx = behind("push.nginx.conf", &relay).await;
    let _first = relay.socket("alice").await;
    let mut second = Client::connect(&format!("ws://{}/ws?user_id=alice", nginx.address)).await;
    assert_eq!(second.close_code().await, 1008);
}

/// Where nginx kept a buffer, the first event would wait for thousands more.
#[tokio::test]
async fn r000_24_an_event_goes_through_nginx_at_once_though_it_buffers_by_default() {
    let relay = TestRelay::start();
    let nginx = behind("push.nginx.conf", &relay).await;
    let mut alice = Events::get(&format!("http://{}/sse/alice", nginx.address)).await;
    assert_eq!(alice.next().await.as_deref(), Some("retry: 2000"));
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_24_an_event_goes_through_an_nginx_that_speaks_http_1_0_at_once() {
    let relay = TestRelay::start();
    let nginx = behind("socketio.nginx.conf", &relay).await;
    let mut alice = Events::get(&format!("http://{}/sse/alice", nginx.address)).await;
    assert_eq!(alice.next().await.as_deref(), Some("retry: 2000"));
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_06_r000_24_answers_to_a_request_go_through_nginx_one_by_one() {
    let relay = TestRelay::start();
    let nginx = behind("push.nginx.conf", &relay).await;
    let mut alice = relay.socket("alice").await;
    let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c"});
    let url = format!("http://{}/sse/send", nginx.address);
    let mut answers = Events::from(reqwest::Client::new().post(url).json(&body).send().await.unwrap());
    alice.json().await;
    alice.send_json(json!({"correlation_id": "c", "n": 1})).await;
    assert_eq!(answers.json().await["n"], 1);
}

/// A conversation with each version, by each way.
async fn converse(version: u8, transports: &str) -> serde_json::Value {
    let relay = TestRelay::start();
    let nginx = behind("socketio.nginx.conf", &relay).await;
    let script = format!(
        r#"const socket = await connected({version}, {{ transports: {transports} }});
        if ({transports}.length > 1) await upgraded(socket);
        await ask(socket, "conversation:join", {{ conversationId: "c" }});
        const event = next(socket, "chat:token");
        await post("/api/socketio/emit", {{ event: "chat:token", conversationId: "c", data: {{ token: "hé" }} }});
        return [(await event)[0].token, transport(socket)];"#
    );
    node(&nginx.address, &script).await
}

#[tokio::test]
async fn r002_14_socket_io_polls_through_the_guides_nginx() {
    assert_eq!(converse(4, "['polling']").await, json!(["hé", "polling"]));
}

#[tokio::test]
async fn r002_14_socket_io_begins_on_a_websocket_through_the_guides_nginx() {
    assert_eq!(converse(4, "['websocket']").await, json!(["hé", "websocket"]));
}

#[tokio::test]
async fn r002_02_r002_14_socket_io_upgrades_through_the_guides_nginx() {
    assert_eq!(converse(4, "['polling', 'websocket']").await, json!(["hé", "websocket"]));
}

#[tokio::test]
async fn r002_06_r002_14_version_2_polls_through_the_guides_nginx() {
    assert_eq!(converse(2, "['polling']").await, json!(["hé", "polling"]));
}

#[tokio::test]
async fn r002_06_r002_14_version_2_upgrades_through_the_guides_nginx() {
    assert_eq!(converse(2, "['polling', 'websocket']").await, json!(["hé", "websocket"]));
}

/// The guide looks for requests of the path, and of upgrades.
#[tokio::test]
async fn r002_14_the_access_log_shows_what_the_guide_looks_for() {
    let relay = TestRelay::start();
    let nginx = behind("socketio.nginx.conf", &relay).await;
    node(&nginx.address, "const socket = await connected(4); await upgraded(socket); socket.close();").await;
    crate::support::until("the line of the upgrade", async || {
        nginx
            .grep("socket.io")
            .lines()
            .any(|line| line.contains("transport=websocket") && line.contains(" 101 "))
    })
    .await;
}

#[tokio::test]
async fn r002_05_r002_14_a_large_message_is_posted_through_the_guides_nginx() {
    let relay = TestRelay::start();
    let nginx = behind("socketio.nginx.conf", &relay).await;
    let script = r#"
        const socket = await connected(4, { transports: ["polling"] });
        return (await ask(socket, "chat:message", { filler: "x".repeat(5_000_000) }))[0].error;
    "#;
    assert_eq!(node(&nginx.address, script).await, json!("Missing required field: content"));
}

/// nginx counts from one read to the next: what keeps a silent socket there is the relay's ping.
#[tokio::test]
async fn r000_11_r000_24_a_silent_socket_outlives_the_read_timeout_of_nginx() {
    let relay = TestRelay::with(&[("WS_PING_INTERVAL", "1")]);
    let short = configuration("push.nginx.conf", &[&relay]).replace("86400", "2s");
    let nginx = Proxy::nginx(&short).await;
    let mut alice = Client::connect(&format!("ws://{}/ws?user_id=alice", nginx.address)).await;
    for _ in 0..3 {
        assert_eq!(alice.next().await, crate::support::Received::Ping);
    }
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    while alice.next().await == crate::support::Received::Ping {}
    assert_eq!(relay.status().await["connections"]["total"], 1);
}
