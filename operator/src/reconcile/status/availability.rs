//! The conditions about the relays as a whole.

use super::facts::Facts;
use super::health::{Health, health};
use super::judgement::{Judgement, State};
use super::problem::slow_servers;
use super::{bus, configuration, is_true, servers, signals};
use crate::api::{ConditionType, Reason};

/// Whether the spec is realised and all wanted relays serve.
pub(super) fn ready(facts: &Facts) -> Judgement {
    let bus = bus::judge(facts);
    match health(facts) {
        Health::Stuck(reason, message) | Health::Moving(reason, message) => {
            Judgement::new(State::False, reason, message)
        }
        Health::Held(message) => Judgement::new(State::False, Reason::Paused, message),
        Health::Settled if facts.replicas == 0 => no_relays(State::True, facts),
        Health::Settled if bus.state == State::False => bus,
        Health::Settled => {
            let message = format!("{} of {} relays serve", facts.updated(), facts.replicas);
            Judgement::new(State::True, Reason::AsSpecified, message)
        }
    }
}

/// That no relay is wanted, and why.
fn no_relays(state: State, facts: &Facts) -> Judgement {
    let (reason, message) = match facts.stopped {
        true => (Reason::Stopped, "spec.stopped: the cluster rests"),
        false => (Reason::ScaledToZero, "the spec asks for no relay"),
    };
    Judgement::new(state, reason, message)
}

/// Whether clients are served now, by as many relays as a disruption must leave.
pub(super) fn available(facts: &Facts) -> Judgement {
    let (serving, least) = (facts.serving().count(), least_available(facts));
    // More relays are wanted than before: those that are there serve as well as they did.
    let grows = matches!(health(facts), Health::Moving(Reason::Scaling, _));
    let was = is_true(&facts.root.status(), ConditionType::Available);
    let least = if grows && was { 1 } else { least };
    if facts.replicas == 0 {
        return no_relays(State::False, facts);
    }
    let message = format!("{serving} relays serve, at least {least} must");
    if serving >= least {
        Judgement::new(State::True, Reason::MinimumReplicasAvailable, message)
    } else {
        Judgement::new(State::False, Reason::MinimumReplicasUnavailable, message)
    }
}

/// What the disruption budget leaves, or would, and at least one; of a spec that cannot be read, what it
/// leaves by default.
fn least_available(facts: &Facts) -> usize {
    let spec = facts.root.cluster.as_ref().map(|cluster| cluster.spec.disruption.clone()).unwrap_or_default();
    facts
        .wanted()
        .saturating_sub(usize::try_from(spec.most_away(facts.replicas)).unwrap_or(usize::MAX))
        .max(1)
}

/// Whether the operator is still at it.
pub(super) fn reconciling(facts: &Facts) -> Judgement {
    match health(facts) {
        Health::Moving(reason, message) => Judgement::new(State::True, reason, message),
        Health::Stuck(reason, _) => Judgement::new(State::False, reason, "see the condition Stalled"),
        Health::Held(_) => Judgement::new(State::False, Reason::Paused, "see the condition Paused"),
        Health::Settled => Judgement::new(State::False, Reason::AsSpecified, ""),
    }
}

/// Whether nothing more will happen without a person.
pub(super) fn stalled(facts: &Facts) -> Judgement {
    match health(facts) {
        Health::Stuck(reason, message) => Judgement::new(State::True, reason, message),
        Health::Moving(..) | Health::Held(_) => Judgement::new(State::False, Reason::Progressing, ""),
        Health::Settled => Judgement::new(State::False, Reason::AsSpecified, ""),
    }
}

/// Whether less is there than was promised.
pub(super) fn degraded(facts: &Facts) -> Judgement {
    let bus = bus::judge(facts);
    if bus.state == State::False && facts.serving().count() > 0 {
        return Judgement { state: State::True, ..bus };
    }
    if let Health::Moving(Reason::RelaysNotReady, message) = health(facts) {
        return Judgement::new(State::True, Reason::RelaysNotReady, message);
    }
    if bus.reason == Reason::SentinelQuorumLost {
        return bus;
    }
    if let Some((reason, message)) = servers::lacking(facts).or_else(|| slow_servers(facts)) {
        return Judgement::new(State::True, reason, message);
    }
    if bus.reason == Reason::RedisReplicasBehind {
        return bus;
    }
    match configuration::refusal(facts.present()) {
        Some(message) => Judgement::new(State::True, Reason::SettingsNotApplied, message),
        None => signals::degraded(facts),
    }
}

/// Whether relays let go of their connections.
pub(super) fn draining(facts: &Facts) -> Judgement {
    let ending = facts.relays.iter().filter(|relay| relay.pod.terminating || relay.is_draining()).count();
    if ending == 0 {
        return Judgement::nothing();
    }
    Judgement::new(
        State::of(true),
        Reason::RelaysEnding,
        format!("{ending} relays end their connections at a pace"),
    )
}
