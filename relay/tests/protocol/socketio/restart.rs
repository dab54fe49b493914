//! Drains, and clients that come back.

use serde_json::json;

use crate::support::{TestRelay, node};

/// Drains and cancels, and looks for the client to be back by itself.
const DRAIN: &str = r#"
    const back = next(socket, "connect");
    const gone = next(socket, "disconnect");
    const drain = { rate: 1000, deadlineSeconds: 60, reason: "Test" };
    const headers = { "content-type": "application/json" };
    await fetch("http://ADMIN/admin/v1/drain", { method: "PUT", headers, body: JSON.stringify(drain) });
    const [reason] = await gone;
    await fetch("http://ADMIN/admin/v1/drain", { method: "DELETE" });
    await back;
    return reason;
"#;

async fn drained(version: u8, transports: &str) -> serde_json::Value {
    let relay = TestRelay::start();
    let connect = format!("const socket = await connected({version}, {{ transports: {transports} }});");
    node(relay.address, &(connect + &DRAIN.replace("ADMIN", &relay.admin.to_string()))).await
}

#[tokio::test]
async fn r002_16_a_drained_websocket_comes_back() {
    assert_eq!(drained(4, "['websocket']").await, json!("transport close"));
}

#[tokio::test]
async fn r002_16_a_drained_session_that_polls_comes_back() {
    let reason = drained(4, "['polling']").await;
    assert!(reason == "transport close" || reason == "transport error", "{reason}");
}

#[tokio::test]
async fn r002_16_a_drained_client_of_version_2_comes_back() {
    assert_eq!(drained(2, "['websocket']").await, json!("transport close"));
}
