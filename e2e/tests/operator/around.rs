//! What stands around the relays: Ingress, HTTPRoute, network policies, Prometheus.

use anyhow::{Result, ensure};
use e2e::definitions;
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use relay_operator::reconcile::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};
use serde_json::{Value, json};

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

/// Everything that there is to ask for.
fn everything() -> Value {
    json!({
        "ingress": { "className": "nginx", "hosts": ["relay.example.com"], "tlsSecretName": "cert" },
        "gateway": { "parentRefs": [{ "name": "public", "namespace": "infra" }], "hostnames": ["relay.example.com"] },
        "monitoring": { "labels": { "release": "prometheus" } },
    })
}

async fn there<K: relay_operator::reconcile::apply::writer::Child>(
    world: &World,
    name: &str,
) -> Result<bool> {
    Ok(Api::<K>::namespaced(world.client.clone(), NAMESPACE).get_opt(name).await?.is_some())
}

/// The message of the condition with this type and reason.
async fn message(world: &World, type_: &str, reason: &str) -> Result<Option<String>> {
    let relay = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE).get("hello").await?;
    let conditions = relay.status.map(|status| status.conditions).unwrap_or_default();
    let several = |it: &&str| *it == "SeveralWarnings";
    let found = conditions.into_iter().find(|it| {
        it.type_ == type_ && it.status == "True" && (it.reason == reason || several(&it.reason.as_str()))
    });
    Ok(found.map(|it| it.message))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_a_kind_that_is_installed_later_is_made_within_a_minute() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&everything()).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    let warned = || async {
        let message = message(&world, "ConfigurationWarning", "KindNotInstalled").await?;
        Ok(message.filter(|text| text.contains("HTTPRoute") && text.contains("PodMonitor")).map(drop))
    };
    eventually("the status warns of missing kinds", 60, warned).await?;
    ensure!(there::<Ingress>(&world, "hello").await?, "a missing kind held back the Ingress");

    definitions::install(&world.client).await?;
    let made = || async {
        let all = there::<HttpRoute>(&world, "hello").await?
            && there::<PodMonitor>(&world, "hello").await?
            && there::<PrometheusRule>(&world, "hello").await?;
        Ok(all.then_some(()))
    };
    eventually("the objects of the new kinds are there", 60, made).await?;
    let content = || async {
        let message = message(&world, "ConfigurationWarning", "AnonymousClients").await?.unwrap_or_default();
        Ok((!message.contains("HTTPRoute")).then_some(()))
    };
    eventually("the status warns no more", 30, content).await?;
    settles(&process).await?;
    drop(process);

    let second = Process::start(world.config().await?, Fate::to_live())?;
    settles(&second).await?;
    ensure!(
        second.fate.writes().is_empty(),
        "defaults of the kinds are written over: {:?}",
        second.fate.writes()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_asked_for_is_removed() -> Result<()> {
    let world = World::start().await?;
    definitions::install(&world.client).await?;
    world.with_relay(&everything()).await?;
    let _process = Process::start(world.config().await?, Fate::to_live())?;
    let all = || async {
        let all = there::<Ingress>(&world, "hello").await?
            && there::<NetworkPolicy>(&world, "hello-redis").await?
            && there::<HttpRoute>(&world, "hello").await?
            && there::<PrometheusRule>(&world, "hello").await?;
        Ok(all.then_some(()))
    };
    eventually("everything is there", 60, all).await?;
    world.edit(&json!({ "networkPolicy": { "enabled": false } })).await?;
    let none = || async {
        let any = there::<Ingress>(&world, "hello").await?
            || there::<NetworkPolicy>(&world, "hello").await?
            || there::<NetworkPolicy>(&world, "hello-redis").await?
            || there::<HttpRoute>(&world, "hello").await?
            || there::<PodMonitor>(&world, "hello").await?
            || there::<PrometheusRule>(&world, "hello").await?;
        Ok((!any).then_some(()))
    };
    eventually("nothing of it is left", 60, none).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_objects_around_the_relays_are_neither_changed_nor_removed() -> Result<()> {
    let world = World::start().await?;
    definitions::install(&world.client).await?;
    world.with_relay(&everything()).await?;
    let routes = Api::<HttpRoute>::namespaced(world.client.clone(), NAMESPACE);
    let foreign = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "hello" }, "spec": { "hostnames": ["other.example.com"] },
    });
    let before = routes.patch("hello", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(foreign)).await?;
    let _process = Process::start(world.config().await?, Fate::to_live())?;
    let told = || async {
        let message = message(&world, "Stalled", "NameConflict").await?;
        Ok(message.filter(|text| text.contains("HTTPRoute hello")).map(drop))
    };
    eventually("the status names the foreign route", 60, told).await?;
    world.edit(&json!({})).await?;
    let pruned = || async { Ok((!there::<Ingress>(&world, "hello").await?).then_some(())) };
    eventually("the Ingress is gone", 60, pruned).await?;
    ensure!(routes.get("hello").await?.resource_version() == before.resource_version(), "it was touched");
    Ok(())
}
