//! Where a cluster stands on its way to its spec.

use super::facts::Facts;
use super::is_true;
use super::problem::problem;
use crate::api::{ConditionType, Reason};

/// Where a cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// All is as the spec asks.
    Settled,
    /// It is on its way.
    Moving(Reason, String),
    /// It will not get any further by itself.
    Stuck(Reason, String),
}

/// Judges the facts.
pub(super) fn health(facts: &Facts) -> Health {
    if let Some((reason, message)) = problem(facts) {
        return Health::Stuck(reason, message);
    }
    if let Some((reason, message)) = &facts.hindered {
        return Health::Moving(*reason, message.clone());
    }
    if facts.is_settled() {
        return Health::Settled;
    }
    let reason = movement(facts);
    Health::Moving(reason, numbers(facts))
}

/// What kind of way it is on. Relays that were all there and are not now are told from those that
/// are not there yet by what the status said last about the same generation.
fn movement(facts: &Facts) -> Reason {
    let stored = facts.root.status();
    let last = stored.conditions.iter().find(|condition| condition.type_ == ConditionType::Ready.as_str());
    let was = |reason: Reason| last.is_some_and(|condition| condition.reason == reason.as_str());
    let same = stored.observed_generation == facts.root.generation;
    let at_rest = !is_true(&stored, ConditionType::Reconciling) && !is_true(&stored, ConditionType::Stalled);
    if facts.remaining() > 0 || facts.others_remain {
        Reason::RollingOut
    } else if last.is_none() || was(Reason::Starting) {
        Reason::Starting
    } else if same && (at_rest || was(Reason::RelaysNotReady)) {
        Reason::RelaysNotReady
    } else {
        Reason::Scaling
    }
}

/// The numbers behind a movement.
pub(super) fn numbers(facts: &Facts) -> String {
    let waiting = facts.present().find(|relay| !relay.pod.ready);
    let first = waiting.map(|relay| {
        let why = relay.pod.unscheduled.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("; waiting for {}{why}", relay.pod.name)
    });
    let remaining = match facts.remaining() {
        0 => String::new(),
        more => format!(", {more} of an earlier revision remain"),
    };
    let (updated, wanted) = (facts.updated(), facts.replicas);
    format!("{updated} of {wanted} relays are ready{remaining}{}", first.unwrap_or_default())
}
