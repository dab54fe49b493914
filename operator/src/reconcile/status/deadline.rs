//! Since when there was no progress.
//!
//! Computed from what is stored in the API server, so that a new leader goes on counting.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::facts::Facts;
use super::servers;
use crate::api::{ConditionType, Reason};

/// Whether a rollout, or a replacement of servers of Redis, has made no progress for too long.
pub(super) fn is_exceeded(facts: &Facts) -> bool {
    waits(facts) && elapsed(facts) >= facts.progress_deadline
}

/// How long until that is so; `None` when nothing is waited for.
#[must_use]
pub fn until_deadline(facts: &Facts) -> Option<Duration> {
    let left = facts.progress_deadline - elapsed(facts);
    (waits(facts) && left > 0).then(|| Duration::from_secs(left.unsigned_abs()))
}

/// Old relays that take their time to end are no lack of progress; new ones that do not get ready are,
/// and servers of Redis that are not as the spec asks, unless the operator may not do anything about it.
fn waits(facts: &Facts) -> bool {
    let relays = facts.revision.is_some() && facts.updated() < facts.wanted();
    !facts.paused && (relays || servers::rolling(facts).is_some())
}

/// Seconds since the last progress: the wanted revision was created, a relay of it became ready, a
/// server of Redis did, or the cluster left its settled state.
fn elapsed(facts: &Facts) -> i64 {
    let relays = facts.serving().filter(|relay| facts.is_current(relay));
    let ready = relays.filter_map(|relay| relay.pod.ready_since);
    let servers = facts.servers.iter().filter(|servers| servers.outdated > 0);
    let servers = servers.flat_map(|servers| &servers.data).filter_map(|server| server.pod.ready_since);
    let marks = ready.chain(servers).chain(facts.revision_created).chain(left_settled(facts));
    let last = marks.max().unwrap_or(facts.now);
    facts.now.as_second() - last.as_second()
}

/// When the cluster left its settled state; `None` when it is stalled for this very reason, which
/// must not be a progress.
fn left_settled(facts: &Facts) -> Option<Timestamp> {
    let stored = facts.root.status();
    if stored.observed_generation != facts.root.generation {
        return Some(facts.now);
    }
    let find = |type_: ConditionType| stored.conditions.iter().find(|it| it.type_ == type_.as_str());
    let reconciling = find(ConditionType::Reconciling).filter(|it| it.status == "True");
    let stalled = find(ConditionType::Stalled)
        .is_some_and(|it| it.status == "True" && it.reason == Reason::ProgressDeadlineExceeded.as_str());
    match reconciling {
        Some(condition) => Some(condition.last_transition_time.0),
        None if stalled => None,
        None => Some(facts.now),
    }
}
