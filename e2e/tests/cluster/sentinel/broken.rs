//! An image of Redis that nobody can pull ends the replacement of the servers where it began.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use e2e::ground::{Ground, eventually};
use e2e::scene::{NAME, Scene};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

const IMAGE: &str = "localhost/no-such-redis:1";

/// The servers' pods, and which ones they are.
async fn servers(ground: &Ground) -> Result<BTreeMap<String, Option<String>>> {
    let labels = format!("app.kubernetes.io/instance={NAME},app.kubernetes.io/component=redis-data");
    let pods = ground.api::<Pod>().list(&ListParams::default().labels(&labels)).await?;
    Ok(pods.iter().map(|pod| (pod.name_any(), pod.uid())).collect())
}

#[tokio::test]
async fn f11_a_broken_image_of_a_managed_redis_takes_one_replica_until_it_is_taken_back() -> Result<()> {
    let scene = Scene::new("sentinel-image", &json!({ "sentinel": {} })).await?;
    let ground = &scene.ground;
    let before = servers(ground).await?;
    let traffic = scene.traffic(1);
    scene.change(&json!({ "sentinel": {}, "image": IMAGE })).await?;
    let taken = || async { Ok((servers(ground).await? != before).then_some(())) };
    eventually("a server is replaced", 60, taken).await?;
    let message = scene.says("Stalled", "True", "ImagePullFailed").await?;
    ensure!(message.contains(IMAGE), "{message}");
    let message = scene.says("Degraded", "True", "ImagePullFailed").await?;
    ensure!(message.contains(IMAGE), "{message}");

    scene.change(&json!({ "sentinel": {} })).await?;
    let now = scene.whole().await?;
    ground.wait_for(NAME, "Ready", "True", 60).await?;
    let after = servers(ground).await?;
    let replaced: Vec<_> = before.keys().filter(|name| before.get(*name) != after.get(*name)).collect();
    ensure!(replaced.len() == 1 && !replaced.contains(&&scene.primary), "{replaced:?} of {}", scene.primary);
    ensure!(now == scene.primary, "{now} took the place of {}", scene.primary);
    let sent = traffic.end().await?;
    scene.has_arrived(&sent).await?;
    scene.is_undisturbed().await?;
    ground.remove().await
}
