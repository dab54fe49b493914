//! The fifth step: the truth, also when an earlier step failed.
//!
//! [`Facts`] is all that is known; everything else here is a pure function of it. Nothing is
//! written when nothing changed, and figures alone are written at most every 30 seconds.

mod availability;
mod bus;
mod conditions;
mod configuration;
mod deadline;
mod facts;
mod figures;
mod health;
mod judgement;
mod pods;
mod problem;
mod progress;
mod servers;
mod signals;
mod warnings;
mod write;

use crate::api::{ConditionType, RelayClusterStatus};

pub use bus::none_reaches_redis;
pub use deadline::until_deadline;
pub use facts::{Facts, Relay, ServersFacts};
pub use write::{Due, due, write};

/// The status that the facts make.
#[must_use]
pub fn compute(facts: &Facts) -> RelayClusterStatus {
    let stored = facts.root.status();
    let (pods, pods_omitted) = pods::list(facts);
    RelayClusterStatus {
        observed_generation: facts.root.generation,
        summary: figures::summary(facts),
        conditions: conditions::all(facts, &stored.conditions),
        desired_replicas: facts.desired,
        ready: format!("{}/{}", facts.serving().count(), facts.replicas),
        replicas: count(facts.present().filter(|relay| relay.pod.serving).count()),
        ready_replicas: count(facts.serving().count()),
        updated_replicas: count(facts.present().filter(|relay| facts.is_current(relay)).count()),
        draining: count(facts.relays.iter().filter(|relay| relay.goes()).count()),
        selector: super::names::written(&super::names::serving_selector(&facts.root.name)),
        connections: figures::connections(facts),
        configuration: configuration::status(facts),
        redis: Some(bus::status(facts)),
        rollout: figures::rollout(facts),
        signals: signals::list(facts),
        pods,
        pods_omitted,
    }
}

/// Whether a condition of this type is True in a status.
#[must_use]
pub fn is_true(status: &RelayClusterStatus, type_: ConditionType) -> bool {
    status.conditions.iter().any(|condition| condition.type_ == type_.as_str() && condition.status == "True")
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
