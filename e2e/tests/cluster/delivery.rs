//! A message crosses pods.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, SseClient, WsClient};
use e2e::ground::{Ground, Reach};
use serde_json::{Value, json};

struct Three {
    ground: Ground,
    websocket: Reach,
    sse: Reach,
    publisher: Publisher,
}

impl Three {
    async fn new(name: &str) -> Result<Self> {
        let ground = Ground::new(name).await?;
        ground.ready_relay("hello", &json!({ "replicas": 3 })).await?;
        let pods = ground.ready_pods("hello").await?;
        let [one, two, three] = pods.as_slice() else { anyhow::bail!("three pods, not {pods:?}") };
        let publish = ground.pod(three).await?;
        let publisher =
            Publisher::new(publish.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;
        Ok(Self { websocket: ground.pod(one).await?, sse: ground.pod(two).await?, publisher, ground })
    }
}

#[tokio::test]
async fn a_message_published_through_one_pod_reaches_websocket_and_sse_clients_on_the_others() -> Result<()> {
    let three = Three::new("delivery").await?;
    let mut websocket = WsClient::connect(three.websocket.address(), "alice").await?;
    let mut sse = SseClient::connect(three.sse.address(), "alice").await?;
    let (publisher, _) = three.publisher.push("alice", json!({ "message": "hello" })).await?;
    ensure!(publisher != websocket.node() && publisher != sse.node() && websocket.node() != sse.node());
    for message in [websocket.message().await?, sse.message().await?] {
        ensure!(text(&message).context("a text")? == "hello", "{message}");
    }
    three.ground.remove().await
}

#[tokio::test]
async fn a_second_websocket_of_a_user_is_refused_on_another_pod_too() -> Result<()> {
    let three = Three::new("duplicate").await?;
    let _first = WsClient::connect(three.websocket.address(), "alice").await?;
    let mut second = WsClient::connect(three.sse.address(), "alice").await?;
    let end = second.next().await.expect_err("an end, not a message");
    ensure!(end == e2e::clients::End::Close(1008), "{end:?}");
    three.ground.remove().await
}

#[tokio::test]
async fn publishing_without_the_key_is_refused() -> Result<()> {
    let ground = Ground::new("publish-key").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let service = ground.service("hello").await?;
    let refused = Publisher::new(service.address(), None)?.push("alice", json!({})).await.unwrap_err();
    ensure!(refused.to_string().starts_with("401"), "{refused}");
    ground.remove().await
}

/// The text of a message in either profile's shape.
fn text(message: &Value) -> Option<&str> {
    ["/message", "/data/message", "/content/message"].into_iter().find_map(|at| message.pointer(at)?.as_str())
}
