//! Since when there was no progress.
//!
//! Computed from what is stored in the API server, so that a new leader goes on counting.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::facts::Facts;
use crate::api::{ConditionType, Reason};

/// Whether a rollout has made no progress for too long.
pub(super) fn is_exceeded(facts: &Facts) -> bool {
    waits_for_relays(facts) && elapsed(facts) >= facts.progress_deadline
}

/// How long until a rollout has made no progress for too long; `None` when nothing is waited for.
#[must_use]
pub fn until_deadline(facts: &Facts) -> Option<Duration> {
    let left = facts.progress_deadline - elapsed(facts);
    (waits_for_relays(facts) && left > 0).then(|| Duration::from_secs(left.unsigned_abs()))
}

/// Old relays that take their time to end are no lack of progress; new ones that do not get ready are,
/// unless the operator may not do anything about it.
fn waits_for_relays(facts: &Facts) -> bool {
    facts.revision.is_some() && !facts.paused && facts.updated() < facts.wanted()
}

/// Seconds since the last progress: the wanted revision was created, a relay of it became ready,
/// or the cluster left its settled state.
fn elapsed(facts: &Facts) -> i64 {
    let relays = facts.serving().filter(|relay| facts.is_current(relay));
    let ready = relays.filter_map(|relay| relay.pod.ready_since);
    let marks = ready.chain(facts.revision_created).chain(left_settled(facts));
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
