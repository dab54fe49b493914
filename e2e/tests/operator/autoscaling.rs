//! The built-in autoscaler, with a relay that tells what the test has it tell.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::ground::{condition, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ListParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::Options;
use serde_json::json;

use crate::played::{Answer, Played, ready_pod};
use crate::process::Process;
use crate::world::{NAMESPACE, World};

async fn sizes(world: &World) -> Result<Vec<i32>> {
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let all = deployments.list(&ListParams::default()).await?;
    Ok(all.into_iter().filter_map(|one| one.spec?.replicas).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_the_autoscaler_follows_what_relays_tell_and_takes_none_away_when_they_fall_silent() -> Result<()>
{
    let world = World::start().await?;
    let spec = json!({ "autoscaling": { "min": 2, "max": 10, "targetConnectionsPerPod": 100 } });
    world.with_relay(&spec).await?;
    ready_pod(&world, "a", Ipv4Addr::LOCALHOST).await?;
    let relays = Played::relays(&[Answer::Connections(500)]).await?;
    let admin_port = relays.port;
    let options = Options { admin_port, probe_every: Duration::from_secs(1), ..Options::default() };
    let _process = Process::with(world.config().await?, Fate::to_live(), options)?;
    let five = || async { Ok((sizes(&world).await? == [5]).then_some(())) };
    eventually("500 connections have 5 relays", 60, five).await?;

    drop(relays);
    let relays = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    let told = || async {
        let relay = relays.get("hello").await?;
        let limited = condition(&relay, "ScalingLimited").context("no condition")?;
        Ok((limited.status == "True" && limited.reason == "ReadingsMissing").then_some(relay))
    };
    let (relay, _) = eventually("the status names the silence", 60, told).await?;
    ensure!(relay.status.and_then(|status| status.desired_replicas) == Some(5), "it wants another number");
    ensure!(sizes(&world).await? == [5], "relays were taken away");
    ensure!(relay.spec.replicas == 2, "spec.replicas is the user's");
    Ok(())
}
