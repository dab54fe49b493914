//! The built-in autoscaler of one cluster: what it is told, and what its decision is called.
//!
//! The decision is a number of relays for the rollout's plan. It is kept in the status, from where
//! the next visit goes on, and never written to the spec.

use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;
use relay_contract::admin::BusState;

use super::context::Context;
use super::status::Relay;
use super::validate::Validated;
use crate::api::{AutoscalingSpec, Reason};
use crate::fleet::autoscale::{Bounds, Limit, Load, UP_EVERY};

/// Seconds for which a relay that just got ready need not have told of its connections.
const NEWCOMER: i64 = 30;

/// What the autoscaler wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// This many relays.
    pub replicas: u32,
    /// Why not more or fewer, if there was reason to.
    pub limited: Option<(Reason, String)>,
    /// When to look again, if time alone could change it.
    pub again: Option<Duration>,
}

/// Decides; `None` without an autoscaler, and for a cluster that is to have no relay at all.
pub(super) fn scale(context: &Context, valid: &Validated, relays: &[Relay]) -> Option<Scaling> {
    let uid = &valid.root.uid;
    let Some(spec) = valid.spec.autoscaling.as_ref().filter(|_| valid.replicas > 0) else {
        context.autoscalers.forget(uid);
        return None;
    };
    let stored = valid.root.status().desired_replicas.and_then(|desired| u32::try_from(desired).ok());
    let (bounds, load) = (bounds(spec), load(relays, Timestamp::now()));
    let current = stored.unwrap_or(valid.replicas);
    let decision = context.autoscalers.decide(uid, bounds, current, load, Instant::now());
    Some(Scaling {
        replicas: decision.replicas,
        limited: decision.limit.map(|limit| told(limit, bounds, relays)),
        again: decision.pending.then_some(UP_EVERY),
    })
}

fn bounds(spec: &AutoscalingSpec) -> Bounds {
    let positive = |number: i32| u32::try_from(number).unwrap_or(1).max(1);
    Bounds {
        min: positive(spec.min),
        max: positive(spec.max),
        target: positive(spec.target_connections_per_pod).into(),
    }
}

/// What the relays tell, all together.
fn load(relays: &[Relay], now: Timestamp) -> Load {
    let told = || relays.iter().filter_map(|relay| relay.told.as_deref());
    Load {
        connections: told().fold(0, |sum, told| told.connections.total.saturating_add(sum)),
        known: relays.iter().filter(|relay| serves(relay) && relay.told.is_some()).count(),
        unknown: relays.iter().filter(|relay| is_silent(relay, now)).count(),
        bus_down: told().any(|told| told.bus.state == BusState::Degraded),
    }
}

fn serves(relay: &Relay) -> bool {
    relay.is_ready() && relay.pod.serving
}

/// Whether a relay should have told of its connections and did not.
fn is_silent(relay: &Relay, now: Timestamp) -> bool {
    let since = relay.pod.ready_since.map_or(NEWCOMER, |since| now.as_second() - since.as_second());
    serves(relay) && relay.told.is_none() && since >= NEWCOMER
}

fn told(limit: Limit, bounds: Bounds, relays: &[Relay]) -> (Reason, String) {
    match limit {
        Limit::Maximum(needed) => {
            let max = bounds.max;
            let message = format!("the connections need {needed} relays, spec.autoscaling.max is {max}");
            (Reason::MaximumReached, message)
        }
        Limit::Unknown => {
            let silent = relays.iter().find(|relay| serves(relay) && relay.told.is_none());
            let name = silent.map_or("a relay", |relay| relay.pod.name.as_str());
            (Reason::ReadingsMissing, format!("no relay is taken away: {name} does not tell its connections"))
        }
        Limit::BusDown => {
            (Reason::RedisDown, "no relay is taken away while Redis does not serve all of them".to_owned())
        }
    }
}

#[cfg(test)]
#[path = "scaling_tests.rs"]
mod tests;
