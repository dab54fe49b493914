//! Everything that a relay may show and a person should look at is told: in the status and in an event,
//! with the pod, the figure and what to change.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::ground::{condition, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, ListParams};
use relay_operator::api::{RelayCluster, Signal};
use relay_operator::options::Options;
use serde_json::json;

use crate::played::{Answer, Played, address, ready_pod};
use crate::process::Process;
use crate::world::{NAMESPACE, World};

const POD: &str = "troubled";

/// What a relay's answer can show; that there is none is another matter.
fn shown() -> impl Iterator<Item = Signal> {
    Signal::all().filter(|signal| *signal != Signal::Unresponsive)
}

/// The figure of a message about the pod.
fn figure(message: &str) -> Option<u64> {
    let rest = message.strip_prefix(POD)?.strip_prefix(": ")?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_f20_each_signal_of_a_relay_is_told_with_pod_figure_and_remedy() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&json!({ "replicas": 1, "redis": { "mode": "None" } })).await?;
    ready_pod(&world, POD, address(0)?).await?;
    let relays = Played::relays(&[Answer::Troubled]).await?;
    let options =
        Options { admin_port: relays.port, probe_every: Duration::from_secs(1), ..Options::default() };
    let _process = Process::with(world.config().await?, Fate::to_live(), options)?;
    let clusters = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    let told = || async {
        let relay = clusters.get("hello").await?;
        let count = relay.status.as_ref().map(|status| status.signals.len());
        Ok((count == Some(shown().count())).then_some(relay))
    };
    let (relay, _) = eventually("all signals are in the status", 60, told).await?;
    let signals = relay.status.clone().context("no status")?.signals;
    let events = Api::<Event>::namespaced(world.client.clone(), NAMESPACE);
    for signal in shown() {
        let reason = signal.as_str();
        let told = signals.iter().find(|it| it.reason == reason).context(reason)?;
        let figure = figure(&told.message).with_context(|| told.message.clone())?;
        ensure!(figure >= signal.threshold() && told.message.contains("; "), "{}", told.message);
        let noted = || async {
            let all = events.list(&ListParams::default()).await?.items;
            let same =
                |it: &Event| it.reason.as_deref() == Some(reason) && it.message == Some(told.message.clone());
            Ok(all.iter().any(same).then_some(()))
        };
        eventually(&format!("an event says: {}", told.message), 30, noted).await?;
    }
    let degraded = condition(&relay, "Degraded").context("no Degraded")?;
    ensure!(degraded.status == "True" && degraded.reason == "HighMemory", "{degraded:?}");
    Ok(())
}
