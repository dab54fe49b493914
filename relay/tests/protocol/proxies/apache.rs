//! One relay behind Apache with mod_proxy_wstunnel.

use serde_json::json;

use super::configuration;
use crate::support::{Client, Events, Proxy, TestRelay, node};

async fn behind(relay: &TestRelay) -> Proxy {
    Proxy::apache(&configuration("push.apache2.conf", &[relay])).await
}

#[tokio::test]
async fn r000_24_a_websocket_goes_through_apache() {
    let relay = TestRelay::start();
    let apache = behind(&relay).await;
    let mut alice = Client::connect(&format!("ws://{}/ws?user_id=alice", apache.address)).await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_24_an_event_goes_through_apache_at_once() {
    let relay = TestRelay::start();
    let apache = behind(&relay).await;
    let mut alice = Events::get(&format!("http://{}/sse/alice", apache.address)).await;
    assert_eq!(alice.next().await.as_deref(), Some("retry: 2000"));
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_24_r002_02_socket_io_upgrades_through_apache() {
    let relay = TestRelay::start();
    let apache = behind(&relay).await;
    let script = r#"
        const socket = await connected(4);
        await upgraded(socket);
        return (await ask(socket, "conversation:join", { conversationId: "c" }))[0].status;
    "#;
    assert_eq!(node(&apache.address, script).await, json!("ok"));
}
