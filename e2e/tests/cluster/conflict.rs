//! Objects of somebody else are left alone.

use anyhow::{Context, Result, ensure};
use e2e::ground::{Ground, TEST_MANAGER, condition, eventually};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

async fn is_stalled_by_name_conflict(ground: &Ground, object: &str) -> Result<()> {
    ground.wait_for("hello", "Stalled", "True", 30).await?;
    let relay = ground.relays().get("hello").await?;
    let stalled = condition(&relay, "Stalled").context("no condition")?;
    ensure!(stalled.reason == "NameConflict", "{}", stalled.reason);
    ensure!(stalled.message.contains(object), "{} does not name {object}", stalled.message);
    Ok(())
}

#[tokio::test]
async fn a_foreign_service_is_not_touched_and_the_status_says_so() -> Result<()> {
    let ground = Ground::new("foreign-service").await?;
    let foreign = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "hello" },
        "spec": { "selector": { "app": "somebody-else" }, "ports": [{ "port": 80 }] },
    });
    let services = ground.api::<Service>();
    let before = services.patch("hello", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(foreign)).await?;
    ground.apply_relay("hello", &json!({})).await?;
    is_stalled_by_name_conflict(&ground, "Service hello").await?;
    ensure!(services.get("hello").await?.resource_version() == before.resource_version(), "it was touched");

    services.delete("hello", &DeleteParams::default()).await?;
    ground.wait_for("hello", "Ready", "True", 60).await.context("after the conflict is gone")?;
    ground.remove().await
}

#[tokio::test]
async fn a_foreign_deployment_is_not_touched_and_the_status_says_so() -> Result<()> {
    let ground = Ground::new("foreign-deployment").await?;
    let name = name_of_the_deployment(&ground).await?;
    let foreign = foreign_deployment(&name);
    let deployments = ground.api::<Deployment>();
    let before = deployments.patch(&name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(foreign)).await?;
    ground.apply_relay("hello", &json!({})).await?;
    is_stalled_by_name_conflict(&ground, &format!("Deployment {name}")).await?;
    let after = deployments.get(&name).await?;
    ensure!(after.spec == before.spec && after.meta().owner_references.is_none(), "it was touched");
    ground.remove().await
}

/// The name that the Deployment of an empty spec gets, learnt from one that is removed again.
async fn name_of_the_deployment(ground: &Ground) -> Result<String> {
    let deployments = ground.api::<Deployment>();
    ground.apply_relay("hello", &json!({})).await?;
    let listed =
        || async { Ok(deployments.list(&ListParams::default()).await?.items.pop().map(|it| it.name_any())) };
    let (name, _) = eventually("there is a Deployment", 30, listed).await?;
    ground.relays().delete("hello", &DeleteParams::background()).await?;
    let gone = || async { Ok(deployments.get_opt(&name).await?.is_none().then_some(())) };
    eventually("the Deployment is gone", 60, gone).await?;
    Ok(name)
}

fn foreign_deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": {
            "replicas": 0,
            "selector": { "matchLabels": { "app": "somebody-else" } },
            "template": {
                "metadata": { "labels": { "app": "somebody-else" } },
                "spec": { "containers": [{ "name": "main", "image": "localhost/none:1" }] },
            },
        },
    })
}
