//! A managed Redis with a volume.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, SseClient, number};
use e2e::ground::{Ground, eventually};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::ResourceExt;
use serde_json::json;

#[tokio::test]
async fn f11_what_a_managed_redis_holds_on_a_volume_outlives_its_pod() -> Result<()> {
    let ground = Ground::new("storage").await?;
    let spec = json!({
        "history": { "users": { "size": 100, "seconds": 600 } },
        "redis": { "managed": { "storage": { "size": "1Gi" } } },
    });
    ground.ready_relay("hello", &spec).await?;
    let service = ground.service("hello").await?;
    let key = ground.secret("hello-keys", "publishKey").await?;
    let publisher = Publisher::new(service.address(), Some(key))?;
    let mut client = SseClient::connect(service.address(), "alice").await?;
    publisher.push("alice", json!({ "number": 0 })).await?;
    while number(&client.message().await?) != Some(0) {}
    let position = client.position.clone().context("a position")?;
    for number in 1..=20 {
        publisher.push("alice", json!({ "number": number })).await?;
    }
    drop(client);

    let before = ground.api::<Pod>().get("hello-redis-0").await?.uid();
    ground.delete::<Pod>("hello-redis-0").await?;
    let another =
        || async { Ok((ground.api::<Pod>().get("hello-redis-0").await?.uid() != before).then_some(())) };
    eventually("there is another pod", 60, another).await?;
    let heard = || async { publisher.push("alice", json!({ "number": 21 })).await.map(Some) };
    eventually("Redis takes messages again", 60, heard).await?;
    let mut client = SseClient::connect(service.address(), &format!("alice?lastEventId={position}")).await?;
    let mut kept = Vec::new();
    while kept.last() != Some(&20) {
        kept.extend(number(&client.message().await.with_context(|| format!("{kept:?} were kept"))?));
    }
    ensure!(kept == (1..=20).collect::<Vec<_>>(), "{kept:?}");
    ground.wait_for("hello", "Ready", "True", 60).await?;

    ground.relays().delete("hello", &Default::default()).await?;
    let gone = || async { Ok(ground.api::<Pod>().get_opt("hello-redis-0").await?.is_none().then_some(())) };
    eventually("the pod is gone", 60, gone).await?;
    let claim = ground.api::<PersistentVolumeClaim>().get("data-hello-redis-0").await?;
    ensure!(claim.metadata.deletion_timestamp.is_none(), "the volume went with the RelayCluster");
    ground.remove().await
}
