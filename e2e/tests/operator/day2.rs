//! A cluster that waits, one whose relays are asked to start anew, and one that lets go before its end.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

fn relays(world: &World) -> Api<RelayCluster> {
    Api::namespaced(world.client.clone(), NAMESPACE)
}

async fn deployments(world: &World) -> Result<Vec<Deployment>> {
    let all = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    Ok(all.list(&ListParams::default()).await?.items)
}

/// A cluster and an operator that has nothing left to do.
async fn at_rest() -> Result<(World, Process)> {
    let world = World::start().await?;
    world.with_relay(&json!({})).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    let made = || async { Ok((deployments(&world).await?.len() == 1).then_some(())) };
    eventually("there is a Deployment", 60, made).await?;
    settles(&process).await?;
    Ok((world, process))
}

async fn is_paused(world: &World, status: &str) -> Result<Option<()>> {
    let conditions = relays(world).get("hello").await?.status.unwrap_or_default().conditions;
    Ok(conditions.iter().any(|it| it.type_ == "Paused" && it.status == status).then_some(()))
}

fn is_labelled(deployment: &Deployment) -> bool {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.metadata.clone());
    pod.and_then(|pod| pod.labels).is_some_and(|labels| labels.contains_key("a"))
}

async fn port(world: &World) -> Result<Option<i32>> {
    let service = Api::<Service>::namespaced(world.client.clone(), NAMESPACE).get("hello").await?;
    Ok(service.spec.and_then(|spec| spec.ports?.first().map(|port| port.port)))
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_a_paused_operator_writes_only_the_status_until_the_pause_ends() -> Result<()> {
    let (world, process) = at_rest().await?;
    let before = process.fate.writes().len();
    world.edit(&json!({ "paused": true, "service": { "port": 8081 }, "podLabels": { "a": "b" } })).await?;
    eventually("the status says that it is paused", 60, || is_paused(&world, "True")).await?;
    settles(&process).await?;
    let writes = process.fate.writes().split_off(before);
    let told = |write: &String| write.ends_with("/hello/status") || write.contains("/events");
    ensure!(writes.iter().all(told), "{writes:#?}");
    world.edit(&json!({ "service": { "port": 8081 }, "podLabels": { "a": "b" } })).await?;
    let done = || async {
        let rolls = deployments(&world).await?.iter().any(is_labelled);
        Ok((rolls && port(&world).await? == Some(8081)).then_some(()))
    };
    eventually("what was left undone is done", 60, done).await?;
    eventually("the status says that it goes on", 60, || is_paused(&world, "False")).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_the_restart_annotation_makes_one_revision() -> Result<()> {
    let (world, process) = at_rest().await?;
    let annotations = json!({ "relaycluster.dev/restartedAt": "2026-11-22T05:00:00Z" });
    let patch = json!({ "metadata": { "annotations": annotations } });
    relays(&world).patch("hello", &PatchParams::default(), &Patch::Merge(&patch)).await?;
    let is_new = |it: &Deployment| {
        let pod = it.spec.as_ref().and_then(|spec| spec.template.metadata.clone());
        pod.and_then(|pod| pod.annotations)
            .is_some_and(|all| all.contains_key("relaycluster.dev/restartedAt"))
    };
    let rolls = || async { Ok(deployments(&world).await?.iter().any(is_new).then_some(())) };
    eventually("a new revision begins", 60, rolls).await?;
    settles(&process).await?;
    let created = || {
        process
            .fate
            .writes()
            .iter()
            .filter(|it| it.starts_with("PATCH") && it.contains("/deployments/hello-"))
            .count()
    };
    let before = created();
    relays(&world).patch("hello", &PatchParams::default(), &Patch::Merge(patch)).await?;
    settles(&process).await?;
    ensure!(created() == before, "the same value is another restart: {:#?}", process.fate.writes());
    Ok(())
}

/// A relay that its node calls started, and that answers nobody: nothing runs it here.
async fn silent_relay(world: &World) -> Result<()> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "silent", "labels": {
            "app.kubernetes.io/managed-by": "relay-operator", "app.kubernetes.io/component": "relay",
            "relaycluster.dev/cluster": "hello", "relaycluster.dev/serving": "true",
        }},
        "spec": { "containers": [{ "name": "relay", "image": "localhost/none:1" }] },
    });
    let pods = Api::<Pod>::namespaced(world.client.clone(), NAMESPACE);
    pods.patch("silent", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(pod)).await?;
    let container = json!({ "name": "relay", "image": "localhost/none:1", "imageID": "", "ready": true,
        "restartCount": 0, "started": true, "state": { "running": {} } });
    let status = json!({ "status": { "phase": "Running", "containerStatuses": [container] } });
    pods.patch_status("silent", &PatchParams::default(), &Patch::Merge(status)).await?;
    Ok(())
}

async fn finalizers(world: &World) -> Result<Vec<String>> {
    Ok(relays(world).get("hello").await?.metadata.finalizers.unwrap_or_default())
}

/// A cluster with the finalizer, and its operator.
async fn draining_policy() -> Result<(World, Process)> {
    let (world, process) = at_rest().await?;
    ensure!(finalizers(&world).await?.is_empty(), "there is a finalizer without a reason");
    world.edit(&json!({ "deletionPolicy": "Drain", "drain": { "timeoutSeconds": 10 } })).await?;
    let set = || async { Ok((finalizers(&world).await? == ["relaycluster.dev/drain"]).then_some(())) };
    eventually("the finalizer is set", 60, set).await?;
    Ok((world, process))
}

async fn goes(world: &World) -> Result<Duration> {
    let gone = || async { Ok(relays(world).get_opt("hello").await?.is_none().then_some(())) };
    Ok(eventually("the RelayCluster is gone", 60, gone).await?.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_relays_that_do_not_answer_hold_up_a_deletion_until_its_deadline_and_no_longer() -> Result<()> {
    let (world, _process) = draining_policy().await?;
    silent_relay(&world).await?;
    let known = || async {
        let status = relays(&world).get("hello").await?.status.unwrap_or_default();
        Ok((status.replicas == 1).then_some(()))
    };
    eventually("the operator knows the relay", 60, known).await?;
    relays(&world).delete("hello", &DeleteParams::default()).await?;
    let told = || async {
        let Some(relay) = relays(&world).get_opt("hello").await? else { return Ok(Some(false)) };
        let conditions = relay.status.unwrap_or_default().conditions;
        Ok(conditions.iter().any(|it| it.type_ == "Ready" && it.reason == "Deleting").then_some(true))
    };
    let (waits, _) = eventually("the status says that it lets go", 60, told).await?;
    ensure!(waits, "it went although a relay may have connections");
    goes(&world).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_a_finalizer_goes_when_the_policy_does_and_holds_up_no_empty_cluster() -> Result<()> {
    let (world, _process) = draining_policy().await?;
    world.edit(&json!({ "deletionPolicy": "Delete" })).await?;
    let gone = || async { Ok(finalizers(&world).await?.is_empty().then_some(())) };
    eventually("the finalizer is gone", 60, gone).await?;
    world.edit(&json!({ "deletionPolicy": "Drain", "drain": { "timeoutSeconds": 560 } })).await?;
    let set = || async { Ok((!finalizers(&world).await?.is_empty()).then_some(())) };
    eventually("the finalizer is set again", 60, set).await?;
    relays(&world).delete("hello", &DeleteParams::default()).await?;
    goes(&world).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_a_namespace_that_ends_waits_for_no_drain() -> Result<()> {
    let (world, _process) = draining_policy().await?;
    world.edit(&json!({ "deletionPolicy": "Drain", "drain": { "timeoutSeconds": 560 } })).await?;
    silent_relay(&world).await?;
    Api::<Namespace>::all(world.client.clone()).delete(NAMESPACE, &DeleteParams::default()).await?;
    // What the namespace controller does, which this world does not have.
    relays(&world).delete("hello", &DeleteParams::default()).await?;
    goes(&world).await.map(drop)
}
