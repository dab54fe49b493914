//! A rollout while Redis is down: relays got ready before, so that readiness alone would not stop it.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::ground::eventually;
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use relay_contract::admin::BusState;
use relay_operator::api::{RelayCluster, RelayClusterStatus};
use relay_operator::options::Options;
use serde_json::{Value, json};

use super::hands::Hands;
use super::relays::Relays;
use crate::process::Process;
use crate::world::{NAMESPACE, World};

const SECONDS: u64 = 60;

async fn stored(world: &World) -> Result<(i64, RelayClusterStatus)> {
    let relay = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE).get("hello").await?;
    Ok((relay.metadata.generation.unwrap_or_default(), relay.status.unwrap_or_default()))
}

/// Waits until the status describes the spec as it is, and this holds of it.
async fn told(world: &World, what: &str, holds: impl Fn(&RelayClusterStatus) -> bool) -> Result<()> {
    let told = || async {
        let (generation, status) = stored(world).await?;
        Ok((status.observed_generation == generation && holds(&status)).then_some(()))
    };
    eventually(what, SECONDS, told).await.map(drop)
}

/// Relays that each Deployment asks for and has ready, the oldest first.
async fn sizes(world: &World) -> Result<Vec<(i32, i32)>> {
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let mut all = deployments.list(&ListParams::default()).await?.items;
    all.sort_by_key(ResourceExt::creation_timestamp);
    let size = |one: Deployment| {
        let ready = one.status.and_then(|status| status.ready_replicas);
        (one.spec.and_then(|spec| spec.replicas).unwrap_or(1), ready.unwrap_or_default())
    };
    Ok(all.into_iter().map(size).collect())
}

fn redis(state: &'static str) -> impl Fn(&RelayClusterStatus) -> bool {
    move |status| status.redis.as_ref().is_some_and(|redis| redis.state == state)
}

fn annotated(limit: u32) -> Value {
    json!({
        "replicas": 1, "podAnnotations": { "example.com/a": "b" }, "limits": { "maxConnections": limit },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_a_rollout_takes_no_ready_relay_away_while_none_reaches_redis() -> Result<()> {
    let world = World::start().await?;
    let (hands, relays) = (Hands::start(world.client.clone()), Relays::start().await?);
    hands.enter(NAMESPACE);
    world.with_relay(&json!({ "replicas": 1 })).await?;
    let options =
        Options { admin_port: relays.port, probe_every: Duration::from_secs(1), ..Options::default() };
    let _process = Process::with(world.config().await?, Fate::to_live(), options)?;
    told(&world, "the relay reaches Redis", redis("Ok")).await?;
    relays.set_bus(BusState::Degraded);
    told(&world, "Redis is down", redis("Down")).await?;

    world.edit(&annotated(700)).await?;
    let both = || async { Ok((sizes(&world).await? == [(1, 1), (1, 1)]).then_some(())) };
    eventually("a relay of each revision is ready", SECONDS, both).await?;
    // A visit of this edit has seen both.
    world.edit(&annotated(701)).await?;
    told(&world, "both relays told", |status| {
        status.pods.iter().filter(|it| it.connections.is_some()).count() == 2
    })
    .await?;
    ensure!(sizes(&world).await? == [(1, 1), (1, 1)], "{:?}", sizes(&world).await?);

    relays.set_bus(BusState::Ok);
    let over = || async { Ok((sizes(&world).await? == [(1, 1)]).then_some(())) };
    eventually("the rollout went on", SECONDS, over).await.map(drop)
}
