//! What was deleted or edited by hand is back as it was within five seconds.

use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use e2e::definitions;
use e2e::ground::{Ground, eventually};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use relay_operator::reconcile::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const SECONDS: u64 = 5;

/// What a child is, apart from what changes with every write: its spec or data.
fn essence<K: Serialize>(object: &K) -> Result<Value> {
    let whole = serde_json::to_value(object)?;
    Ok(json!({ "spec": whole.get("spec"), "data": whole.get("data") }))
}

async fn is_restored_after_deletion<K>(ground: &Ground, name: &str) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    let api: Api<K> = ground.api();
    let before = api.get(name).await?;
    api.delete(name, &DeleteParams::background()).await?;
    let what = format!("{} {name} is back after its deletion", K::kind(&()));
    let back = || async {
        let now = api.get_opt(name).await?;
        Ok(now.filter(|now| now.uid() != before.uid() && now.meta().deletion_timestamp.is_none()))
    };
    let (after, elapsed) = eventually(&what, SECONDS, back).await?;
    println!("{what}: {:.1} s", elapsed.as_secs_f64());
    if K::kind(&()) != "Service" {
        ensure!(essence(&before)? == essence(&after)?, "{name} is not as it was");
    }
    Ok(())
}

async fn is_restored_after_edit<K>(ground: &Ground, name: &str, edit: Value) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    let api: Api<K> = ground.api();
    let before = essence(&api.get(name).await?)?;
    let edited = api.patch(name, &PatchParams::default(), &Patch::Merge(&edit)).await?;
    ensure!(essence(&edited)? != before, "{edit} changes nothing");
    let what = format!("{} {name} is as it was after {edit}", K::kind(&()));
    let back = || async { Ok((essence(&api.get(name).await?)? == before).then_some(())) };
    let ((), elapsed) = eventually(&what, SECONDS, back).await?;
    println!("{what}: {:.1} s", elapsed.as_secs_f64());
    Ok(())
}

async fn deployment(ground: &Ground) -> Result<String> {
    let selector = ListParams::default().labels("app.kubernetes.io/instance=hello");
    let all = ground.api::<Deployment>().list(&selector).await?;
    Ok(all.items.first().context("no Deployment")?.name_any())
}

async fn ground(name: &str) -> Result<Ground> {
    let ground = Ground::new(name).await?;
    ground.ready_relay("hello", &json!({})).await?;
    Ok(ground)
}

#[tokio::test]
async fn a_deleted_child_is_back_as_it_was_within_5_seconds() -> Result<()> {
    let ground = ground("deleted-child").await?;
    is_restored_after_deletion::<Service>(&ground, "hello").await?;
    is_restored_after_deletion::<Service>(&ground, "hello-pods").await?;
    is_restored_after_deletion::<ConfigMap>(&ground, "hello-config").await?;
    is_restored_after_deletion::<Secret>(&ground, "hello-keys").await?;
    is_restored_after_deletion::<Secret>(&ground, "hello-redis").await?;
    is_restored_after_deletion::<StatefulSet>(&ground, "hello-redis").await?;
    is_restored_after_deletion::<Deployment>(&ground, &deployment(&ground).await?).await?;
    ground.wait_for("hello", "Ready", "True", 60).await?;
    ground.remove().await
}

#[tokio::test]
async fn an_edited_child_is_back_as_it_was_within_5_seconds() -> Result<()> {
    let ground = ground("edited-child").await?;
    let deployment = deployment(&ground).await?;
    is_restored_after_edit::<Deployment>(&ground, &deployment, json!({ "spec": { "replicas": 1 } })).await?;
    let foreign = json!({ "spec": { "template": { "spec": { "hostNetwork": true } } } });
    is_restored_after_edit::<Deployment>(&ground, &deployment, foreign).await?;
    is_restored_after_edit::<Service>(&ground, "hello", json!({ "spec": { "selector": { "a": "b" } } }))
        .await?;
    let setting = json!({ "data": { "relay.env": "LOG_LEVEL=DEBUG" } });
    is_restored_after_edit::<ConfigMap>(&ground, "hello-config", setting).await?;
    is_restored_after_edit::<ConfigMap>(&ground, "hello-config", json!({ "data": { "more": "1" } })).await?;
    is_restored_after_edit::<Secret>(&ground, "hello-keys", json!({ "data": { "adminToken": "eA==" } }))
        .await?;
    is_restored_after_edit::<StatefulSet>(&ground, "hello-redis", json!({ "spec": { "replicas": 0 } }))
        .await?;
    ground.wait_for("hello", "Ready", "True", 60).await?;
    ground.remove().await
}

/// What an apply alone leaves there, for it is somebody else's.
#[tokio::test]
async fn f16_what_somebody_adds_to_a_child_of_any_kind_is_gone_within_5_seconds() -> Result<()> {
    let ground = Ground::new("additions").await?;
    definitions::install(&ground.client).await?;
    let spec = json!({
        "ingress": { "hosts": ["relay.example.com"] },
        "gateway": { "parentRefs": [{ "name": "public" }] },
        "monitoring": {},
    });
    ground.ready_relay("hello", &spec).await?;
    let slow = json!({ "spec": { "minReadySeconds": 1 } });
    is_restored_after_edit::<StatefulSet>(&ground, "hello-redis", slow).await?;
    is_restored_after_edit::<Secret>(&ground, "hello-keys", json!({ "data": { "more": "eA==" } })).await?;
    let unready = json!({ "spec": { "publishNotReadyAddresses": true } });
    is_restored_after_edit::<Service>(&ground, "hello", unready).await?;
    let least = json!({ "spec": { "maxUnavailable": null, "minAvailable": 1 } });
    is_restored_after_edit::<PodDisruptionBudget>(&ground, "hello", least).await?;
    let selector = json!({ "spec": { "selector": { "matchLabels": { "a": "b" } } } });
    is_restored_after_edit::<PodMonitor>(&ground, "hello", selector).await?;
    let out = json!({ "spec": { "egress": [{}] } });
    is_restored_after_edit::<NetworkPolicy>(&ground, "hello", out).await?;
    let backend =
        json!({ "spec": { "defaultBackend": { "service": { "name": "x", "port": { "number": 80 } } } } });
    is_restored_after_edit::<Ingress>(&ground, "hello", backend).await?;
    is_restored_after_edit::<HttpRoute>(
        &ground,
        "hello",
        json!({ "spec": { "hostnames": ["x.example.com"] } }),
    )
    .await?;
    let group = json!({ "spec": { "groups": [{ "name": "x", "rules": [] }] } });
    is_restored_after_edit::<PrometheusRule>(&ground, "hello", group).await?;
    ground.remove().await
}

#[tokio::test]
async fn f08_a_killed_relay_pod_shows_in_the_status_within_5_seconds() -> Result<()> {
    let ground = ground("killed-pod").await?;
    let pods = ground.ready_pods("hello").await?;
    let victim = pods.first().context("no pod")?;
    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    ground.api::<Pod>().delete(victim, &now).await?;
    let seen = || async { Ok((ground.status("hello").await?.ready != "2/2").then_some(())) };
    let ((), elapsed) = eventually("the status shows fewer ready relays", SECONDS, seen).await?;
    println!("seen after {:.1} s", elapsed.as_secs_f64());
    ground.wait_for("hello", "Ready", "True", 60).await?;
    ground.remove().await
}
