//! What keeps a cluster from its spec until somebody acts.

use super::deadline::is_exceeded;
use super::facts::Facts;
use super::{configuration, progress, servers};
use crate::api::{Reason, RedisMode};

/// The first problem in order of weight: what the operator may not do, what a node cannot do,
/// what takes too long.
pub(super) fn problem(facts: &Facts) -> Option<(Reason, String)> {
    facts
        .blocked
        .clone()
        .or_else(|| failing_pod(facts))
        .or_else(|| refused(facts))
        .or_else(|| too_slow(facts))
}

/// A pod of the wanted revision, or of Redis, that cannot start. Pods of an older revision are
/// about to go and tell nothing about the spec.
fn failing_pod(facts: &Facts) -> Option<(Reason, String)> {
    let relays = facts.present().filter(|relay| facts.is_current(relay)).map(|relay| &relay.pod);
    let redis = facts.redis_pods.iter().filter(|_| facts.redis_mode == RedisMode::Managed);
    relays.chain(redis).find_map(|pod| {
        let trouble = pod.trouble.as_ref().filter(|_| !pod.ready)?;
        Some((trouble.reason, format!("pod {}: {}", pod.name, trouble.message)))
    })
}

/// Settings that relays of the wanted revision do not take, and will not.
fn refused(facts: &Facts) -> Option<(Reason, String)> {
    let current = facts.serving().filter(|relay| facts.is_current(relay));
    Some((Reason::SettingsNotApplied, configuration::refusal(current)?))
}

fn too_slow(facts: &Facts) -> Option<(Reason, String)> {
    let relays = || is_exceeded(facts).then(|| overdue(facts, &progress::numbers(facts)));
    slow_servers(facts).or_else(relays)
}

/// Servers of Redis that have not been as the spec asks for too long, while the relays are.
pub(super) fn slow_servers(facts: &Facts) -> Option<(Reason, String)> {
    let waits_for_them = is_exceeded(facts) && facts.updated() >= facts.wanted();
    let (_, stands) = servers::rolling(facts).filter(|_| waits_for_them)?;
    Some(overdue(facts, &stands))
}

fn overdue(facts: &Facts, stands: &str) -> (Reason, String) {
    let message = format!("no progress in {} s: {stands}", facts.progress_deadline);
    (Reason::ProgressDeadlineExceeded, message)
}
