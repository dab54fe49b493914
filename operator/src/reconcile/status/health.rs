//! Where a cluster stands on its way to its spec.

use super::facts::Facts;
use super::problem::problem;
use super::{configuration, is_true, progress, servers};
use crate::api::{ConditionType, Reason};

/// Where a cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// All is as the spec asks.
    Settled,
    /// It is on its way.
    Moving(Reason, String),
    /// It waits until the operator may write again.
    Held(String),
    /// It will not get any further by itself.
    Stuck(Reason, String),
}

/// Judges the facts.
pub(super) fn health(facts: &Facts) -> Health {
    if let Some(message) = &facts.ending {
        return Health::Moving(Reason::Deleting, message.clone());
    }
    if let Some((reason, message)) = problem(facts) {
        return Health::Stuck(reason, message);
    }
    if let Some(message) = held(facts) {
        return Health::Held(message);
    }
    if let Some((reason, message)) = &facts.hindered {
        return Health::Moving(*reason, message.clone());
    }
    if facts.is_settled() {
        if let Some((reason, message)) = servers::rolling(facts) {
            return Health::Moving(reason, message);
        }
        return match configuration::waiting(facts) {
            Some(message) => Health::Moving(Reason::ApplyingSettings, message),
            None => Health::Settled,
        };
    }
    let reason = movement(facts);
    Health::Moving(reason, progress::numbers(facts))
}

/// What is left undone because the cluster is paused; `None` when nothing is.
pub(super) fn held(facts: &Facts) -> Option<String> {
    if !facts.paused || (facts.withheld.is_empty() && facts.is_settled()) {
        return None;
    }
    let named: Vec<_> = facts.withheld.iter().take(NAMED).map(String::as_str).collect();
    let more = match facts.withheld.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(match named.as_slice() {
        [] => format!("spec.paused: {}", progress::numbers(facts)),
        _ => format!("spec.paused: not written: {}{more}", named.join(", ")),
    })
}

/// How many objects a message names.
const NAMED: usize = 3;

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
    } else if same
        && (at_rest
            || was(Reason::RelaysNotReady)
            || was(Reason::ApplyingSettings)
            || was(Reason::RedisRolling))
    {
        Reason::RelaysNotReady
    } else {
        Reason::Scaling
    }
}
