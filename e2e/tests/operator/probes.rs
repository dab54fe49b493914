//! Relays that do not answer as they should.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::ground::eventually;
use e2e::mortal::Fate;
use k8s_openapi::api::core::v1::Service;
use kube::api::Api;
use relay_operator::api::{RelayCluster, RelayClusterStatus};
use relay_operator::options::Options;
use serde_json::json;

use crate::played::{Answer, Played, address, ready_pod};
use crate::process::Process;
use crate::world::{NAMESPACE, World};

/// One that is well, and one for each way not to be.
const ANSWERS: [(&str, Answer); 5] = [
    ("well", Answer::Connections(40)),
    ("missing", Answer::With("404 Not Found", "")),
    ("failing", Answer::With("500 Internal Server Error", "")),
    ("garbage", Answer::With("200 OK", "<html>")),
    ("hanging", Answer::Never),
];

async fn status(world: &World) -> Result<RelayClusterStatus> {
    let relays = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    Ok(relays.get("hello").await?.status.unwrap_or_default())
}

/// What the status says of connections, by pod.
fn connections(status: &RelayClusterStatus) -> Vec<(&str, Option<i64>)> {
    status.pods.iter().map(|pod| (pod.name.as_str(), pod.connections)).collect()
}

async fn with_such_relays() -> Result<(World, Played, Process)> {
    let world = World::start().await?;
    world.with_relay(&json!({ "replicas": ANSWERS.len() })).await?;
    for (number, (name, _)) in ANSWERS.iter().enumerate() {
        ready_pod(&world, name, address(number)?).await?;
    }
    let relays = Played::relays(&ANSWERS.map(|(_, answer)| answer)).await?;
    let options =
        Options { admin_port: relays.port, probe_every: Duration::from_secs(1), ..Options::default() };
    let process = Process::with(world.config().await?, Fate::to_live(), options)?;
    Ok((world, relays, process))
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_what_is_no_answer_makes_one_relay_unknown_and_holds_up_nothing() -> Result<()> {
    let (world, _relays, _process) = with_such_relays().await?;
    let known = || async {
        let status = status(&world).await?;
        Ok((status.pods.iter().any(|pod| pod.connections.is_some())).then_some(status))
    };
    let (status, _) = eventually("a relay told its connections", 60, known).await?;
    let unknown = ["failing", "garbage", "hanging", "missing"].map(|name| (name, None));
    ensure!(connections(&status) == [&unknown[..], &[("well", Some(40))]].concat(), "{:?}", status.pods);

    world.edit(&json!({ "replicas": ANSWERS.len(), "service": { "port": 8081 } })).await?;
    let services = Api::<Service>::namespaced(world.client.clone(), NAMESPACE);
    let followed = || async {
        let spec = services.get("hello").await?.spec.context("no spec")?;
        Ok(spec.ports.is_some_and(|ports| ports.iter().any(|port| port.port == 8081)).then_some(()))
    };
    eventually("the Service follows the spec", 60, followed).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_a_ready_relay_that_stays_silent_is_told_of_by_name() -> Result<()> {
    let (world, relays, _process) = with_such_relays().await?;
    let told = || async {
        let signals = status(&world).await?.signals;
        Ok(signals.into_iter().find(|signal| signal.reason == "Unresponsive"))
    };
    let (signal, _) = eventually("the status tells of the silence", 90, told).await?;
    drop(relays);
    ensure!(ANSWERS[1..].iter().any(|(name, _)| signal.message.starts_with(name)), "{}", signal.message);
    Ok(())
}
