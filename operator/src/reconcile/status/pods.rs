//! The list of relay pods: bounded, and those with trouble first.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::count;
use super::facts::{Facts, Relay};
use super::figures;
use crate::api::{PodState, PodStatus};

/// How many pods a status lists.
const LISTED: usize = 20;

/// The list, and how many pods are not in it.
pub(super) fn list(facts: &Facts) -> (Vec<PodStatus>, i32) {
    let mut all: Vec<_> = facts.relays.iter().map(one).collect();
    all.sort_by(|a, b| (a.state, &a.name).cmp(&(b.state, &b.name)));
    let omitted = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    (all, count(omitted))
}

fn one(relay: &Relay) -> PodStatus {
    PodStatus {
        name: relay.pod.name.clone(),
        state: state(relay),
        revision: relay.pod.revision.clone(),
        connections: figures::of(relay),
        since: relay.pod.since.map(Time),
        note: note(relay),
    }
}

fn state(relay: &Relay) -> PodState {
    let pod = &relay.pod;
    if pod.terminating {
        PodState::Terminating
    } else if pod.trouble.is_some() && !pod.ready {
        PodState::Failing
    } else if relay.is_draining() {
        PodState::Draining
    } else if pod.ready {
        PodState::Serving
    } else if pod.started {
        PodState::NotReady
    } else {
        PodState::Starting
    }
}

/// What a person should know: why it does not start, which settings it refuses, how often it was
/// started again.
fn note(relay: &Relay) -> String {
    let pod = &relay.pod;
    if let Some(trouble) = pod.trouble.as_ref().filter(|_| !pod.ready) {
        trouble.message.clone()
    } else if let Some(why) = &pod.unscheduled {
        why.chars().take(200).collect()
    } else if let Some(error) = relay.refusal() {
        format!("refuses its settings: {}", error.chars().take(160).collect::<String>())
    } else if pod.restarts > 0 {
        format!("restarted {} times", pod.restarts)
    } else {
        String::new()
    }
}
