//! One condition of every type, always.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::facts::Facts;
use super::health::held;
use super::judgement::{Judgement, State};
use super::{availability, bus, warnings};
use crate::api::{ConditionType, Reason};

/// All conditions, in the order of the documentation. The time of a condition changes only with
/// its status (Kubernetes API conventions).
pub(super) fn all(facts: &Facts, stored: &[Condition]) -> Vec<Condition> {
    let one = |type_: &ConditionType| {
        let judgement = judge(facts, *type_);
        let status = judgement.state.as_str();
        let before = stored.iter().find(|it| it.type_ == type_.as_str() && it.status == status);
        Condition {
            type_: type_.as_str().to_owned(),
            status: status.to_owned(),
            reason: judgement.reason.as_str().to_owned(),
            message: judgement.message,
            observed_generation: Some(facts.root.generation),
            last_transition_time: before
                .map_or_else(|| whole_seconds(facts), |it| it.last_transition_time.clone()),
        }
    };
    ConditionType::ALL.iter().map(one).collect()
}

fn judge(facts: &Facts, type_: ConditionType) -> Judgement {
    match type_ {
        ConditionType::Ready => availability::ready(facts),
        ConditionType::Available => availability::available(facts),
        ConditionType::Reconciling => availability::reconciling(facts),
        ConditionType::Stalled => availability::stalled(facts),
        ConditionType::Degraded => availability::degraded(facts),
        ConditionType::RedisReady => bus::judge(facts),
        ConditionType::Draining => availability::draining(facts),
        ConditionType::ScalingLimited => scaling_limited(facts),
        ConditionType::Paused => paused(facts),
        ConditionType::ConfigurationWarning => warnings::judge(facts),
    }
}

/// Whether the operator was told to write nothing.
fn paused(facts: &Facts) -> Judgement {
    if !facts.paused {
        return Judgement::nothing();
    }
    let message = held(facts).unwrap_or_else(|| "spec.paused: nothing differs from the spec".to_owned());
    Judgement::new(State::True, Reason::Paused, message)
}

/// Whether a wish for more or fewer relays is held back.
fn scaling_limited(facts: &Facts) -> Judgement {
    match &facts.scaling_limited {
        Some((reason, message)) => Judgement::new(State::True, *reason, message.clone()),
        None => Judgement::nothing(),
    }
}

/// The API server keeps whole seconds; a finer time would be a difference for ever.
fn whole_seconds(facts: &Facts) -> Time {
    let seconds = k8s_openapi::jiff::Timestamp::from_second(facts.now.as_second());
    Time(seconds.unwrap_or(facts.now))
}
