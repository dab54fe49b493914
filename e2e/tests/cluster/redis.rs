//! Redis goes away and comes back.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, WsClient};
use e2e::ground::{Ground, condition, eventually};
use k8s_openapi::api::core::v1::Pod;
use kube::api::DeleteParams;
use serde_json::json;

/// Restarts of the relay pods by uid: equal as long as no pod was replaced and no container restarted.
pub(crate) async fn lives(ground: &Ground) -> Result<BTreeMap<String, i32>> {
    let pods = ground.relay_pods("hello").await?;
    let restarts = |pod: &Pod| {
        let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.clone());
        statuses.unwrap_or_default().iter().map(|it| it.restart_count).sum()
    };
    Ok(pods.iter().map(|pod| (pod.metadata.uid.clone().unwrap_or_default(), restarts(pod))).collect())
}

#[tokio::test]
async fn f05_f11_a_killed_redis_is_reported_within_10_seconds_and_ends_no_connection() -> Result<()> {
    let ground = Ground::new("redis").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let pods = ground.ready_pods("hello").await?;
    let [one, two] = pods.as_slice() else { anyhow::bail!("two pods, not {pods:?}") };
    let (here, there) = (ground.pod(one).await?, ground.pod(two).await?);
    let mut client = WsClient::connect(here.address(), "alice").await?;
    let before = lives(&ground).await?;

    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    ground.api::<Pod>().delete("hello-redis-0", &now).await?;
    let reported = || async {
        let relay = ground.relays().get("hello").await?;
        Ok(condition(&relay, "RedisReady").filter(|it| it.status == "False").cloned())
    };
    let (reported, elapsed) = eventually("RedisReady=False", 10, reported).await?;
    println!("{} after {:.1} s: {}", reported.reason, elapsed.as_secs_f64(), reported.message);
    ensure!(!reported.message.is_empty());
    ensure!(ground.ready_pods("hello").await? == pods, "an outage of Redis makes relays unready");

    ground.wait_for("hello", "RedisReady", "True", 60).await?;
    ground.wait_for("hello", "Ready", "True", 60).await?;
    client.ping().await.context("the socket stays")?;
    let publisher = Publisher::new(there.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;
    publisher.push("alice", json!({ "message": "back" })).await?;
    ensure!(client.message().await?.to_string().contains("back"));
    ensure!(lives(&ground).await? == before, "relay pods were restarted");
    ground.remove().await
}
