//! What works and deserves a second look.

use super::facts::Facts;
use super::judgement::{Judgement, State};
use crate::api::{Profile, PublishAccess, Reason};

/// All warnings as one condition.
pub(super) fn judge(facts: &Facts) -> Judgement {
    let warnings = all(facts);
    let messages: Vec<_> = warnings.iter().map(|(_, message)| message.as_str()).collect();
    match warnings.as_slice() {
        [] => Judgement::nothing(),
        [(reason, message)] => Judgement::new(State::True, *reason, message.clone()),
        _ => Judgement::new(State::True, Reason::SeveralWarnings, messages.join("; ")),
    }
}

fn all(facts: &Facts) -> Vec<(Reason, String)> {
    let anonymous = anonymous(&facts.anonymous).map(|message| (Reason::AnonymousClients, message));
    let mut warnings: Vec<_> = anonymous.into_iter().collect();
    if facts.publish == PublishAccess::Open {
        let message = "spec.publish.access: everybody who reaches the Service may publish";
        warnings.push((Reason::OpenPublish, message.to_owned()));
    }
    warnings.extend(unprotected(facts).map(|message| (Reason::NoDisruptionProtection, message.to_owned())));
    let missing = facts.missing_kinds.iter().cloned();
    warnings.extend(missing.map(|message| (Reason::KindNotInstalled, message)));
    warnings
}

/// Why who drains a node does not wait for other relays.
fn unprotected(facts: &Facts) -> Option<&'static str> {
    let left_out = facts.root.cluster.as_ref().is_ok_and(|cluster| !cluster.spec.disruption.budget);
    match facts.replicas {
        0 => None,
        1 => Some("spec.replicas: one relay cannot be protected from disruptions"),
        _ => left_out.then_some("spec.disruption.budget: nothing keeps relays from being evicted at once"),
    }
}

fn anonymous(profiles: &[Profile]) -> Option<String> {
    let names: Vec<_> = profiles.iter().map(|profile| profile.as_str()).collect();
    match names.len() {
        0 => None,
        all if all == Profile::ALL.len() => Some("clients need no credentials".to_owned()),
        _ => Some(format!("spec.auth: clients of {} need no credentials", names.join(", "))),
    }
}
