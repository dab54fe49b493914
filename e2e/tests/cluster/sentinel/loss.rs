//! More servers and sentinels are lost at once than a majority leaves, and cannot come back at first.

use anyhow::{Context, Result, ensure};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use e2e::scene::{NAME, Scene};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

/// Name of what keeps new pods away.
const FULL: &str = "full";

/// Keeps new pods out of the namespace, so that what is lost stays lost.
async fn fill(ground: &Ground) -> Result<()> {
    let quotas = ground.api::<ResourceQuota>();
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": FULL }, "spec": { "hard": { "pods": "0" } },
    });
    quotas.patch(FULL, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(quota)).await?;
    let counted = || async {
        let status = quotas.get(FULL).await?.status.unwrap_or_default();
        Ok(status.used.filter(|used| used.contains_key("pods")).map(drop))
    };
    eventually("pods are counted", 30, counted).await.map(drop)
}

/// Lets new pods in again.
async fn make_room(ground: &Ground) -> Result<()> {
    ground.api::<ResourceQuota>().delete(FULL, &DeleteParams::default()).await?;
    Ok(())
}

async fn lose(ground: &Ground, pods: &[&str]) -> Result<()> {
    let (api, now) = (ground.api::<Pod>(), DeleteParams::default().grace_period(0));
    try_join_all(pods.iter().map(|pod| api.delete(pod, &now))).await?;
    Ok(())
}

#[tokio::test]
async fn f11_relays_are_served_without_a_majority_of_sentinels_and_the_status_says_what_is_missing()
-> Result<()> {
    let scene = Scene::new("sentinel-quorum", &json!({ "sentinel": {} })).await?;
    fill(&scene.ground).await?;
    let traffic = scene.traffic(1);
    lose(&scene.ground, &["hello-sentinel-0", "hello-sentinel-1"]).await?;
    scene.says("RedisReady", "True", "SentinelQuorumLost").await?;
    scene.says("Degraded", "True", "SentinelQuorumLost").await?;
    let told = scene.ground.servers(NAME).await?;
    ensure!(!told.quorum && told.primary.as_ref() == Some(&scene.primary), "{told:?}");
    scene.goes_on(&traffic).await?;
    make_room(&scene.ground).await?;
    ensure!(scene.whole().await? == scene.primary, "another server is the primary");
    scene.says("RedisReady", "True", "Connected").await?;
    let sent = traffic.end().await?;
    scene.has_arrived(&sent).await?;
    scene.is_undisturbed().await?;
    scene.ground.remove().await
}

#[tokio::test]
async fn f11_what_was_acknowledged_outlives_the_loss_of_most_servers_and_sentinels() -> Result<()> {
    let scene = Scene::new("sentinel-loss", &json!({ "sentinel": {} })).await?;
    let position = scene.position().await?;
    let traffic = scene.traffic(1);
    let enough = || async { Ok((traffic.acknowledged() >= 50).then_some(())) };
    eventually("messages are acknowledged", 60, enough).await?;
    let before = traffic.end().await?;
    scene.has_arrived(&before).await?;
    let servers = ["hello-redis-data-0", "hello-redis-data-1", "hello-redis-data-2"];
    let mut replicas = servers.into_iter().filter(|it| *it != scene.primary);
    let (lost, left) = (replicas.next().context("a replica")?, replicas.next().context("a second one")?);

    fill(&scene.ground).await?;
    lose(&scene.ground, &[&scene.primary, lost, "hello-sentinel-0", "hello-sentinel-1"]).await?;
    scene.says("RedisReady", "False", "RedisNoPrimary").await?;
    make_room(&scene.ground).await?;
    let traffic = scene.traffic(1_000_000);
    ensure!(scene.whole().await? == left, "one that had forgotten is the primary");
    scene.goes_on(&traffic).await?;
    let sent = before.and(traffic.end().await?);
    scene.has_arrived(&sent).await?;
    scene.is_kept(&sent, &position).await?;
    scene.ground.wait_for(NAME, "Ready", "True", 60).await?;
    scene.is_undisturbed().await?;
    scene.ground.remove().await
}
