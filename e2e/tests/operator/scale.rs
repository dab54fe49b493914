//! The scale subresource, by which `kubectl scale`, a HorizontalPodAutoscaler and KEDA work.

use anyhow::{Result, ensure};
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

fn relays(world: &World) -> Api<RelayCluster> {
    Api::namespaced(world.client.clone(), NAMESPACE)
}

/// Sets the replicas as `kubectl scale` does, and waits for a Deployment of that size.
async fn scale(world: &World, replicas: i32) -> Result<()> {
    let patch = json!({ "spec": { "replicas": replicas } });
    relays(world).patch_scale("hello", &PatchParams::default(), &Patch::Merge(patch)).await?;
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let followed = || async {
        let all = deployments.list(&ListParams::default()).await?;
        let sizes: Vec<_> = all.into_iter().filter_map(|one| one.spec?.replicas).collect();
        Ok((sizes == [replicas]).then_some(()))
    };
    eventually(&format!("the Deployment asks for {replicas} pods"), 60, followed).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_the_scale_subresource_sets_the_number_of_relays_and_the_operator_never_does() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&json!({ "replicas": 2 })).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    scale(&world, 5).await?;
    scale(&world, 3).await?;
    settles(&process).await?;
    let relay = relays(&world).get("hello").await?;
    let writers: Vec<_> = relay.managed_fields().iter().filter(|it| it.subresource.is_none()).collect();
    ensure!(relay.spec.replicas == 3, "{}", relay.spec.replicas);
    ensure!(writers.iter().all(|it| it.manager.as_deref() != Some("relay-operator")), "{writers:#?}");
    Ok(())
}

/// A pod as the Deployment would make it; nothing runs it here.
async fn pod(world: &World, name: &str, serving: &str) -> Result<()> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "labels": {
            "app.kubernetes.io/managed-by": "relay-operator", "app.kubernetes.io/component": "relay",
            "relaycluster.dev/cluster": "hello", "relaycluster.dev/serving": serving,
        }},
        "spec": { "containers": [{ "name": "relay", "image": "localhost/none:1" }] },
    });
    let pods = Api::<Pod>::namespaced(world.client.clone(), NAMESPACE);
    pods.patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(pod)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_an_autoscaler_counts_serving_relays_and_none_that_drains() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&json!({})).await?;
    pod(&world, "serving", "true").await?;
    pod(&world, "draining", "false").await?;
    let _process = Process::start(world.config().await?, Fate::to_live())?;
    let told = || async {
        let status = relays(&world).get_scale("hello").await?.status;
        Ok(status.filter(|status| status.replicas == 1).and_then(|status| status.selector))
    };
    let (selector, _) = eventually("the scale has one relay", 60, told).await?;
    let pods = Api::<Pod>::namespaced(world.client.clone(), NAMESPACE);
    let selected = pods.list(&ListParams::default().labels(&selector)).await?;
    let names: Vec<_> = selected.iter().map(ResourceExt::name_any).collect();
    ensure!(names == ["serving"], "{names:?}");
    Ok(())
}
