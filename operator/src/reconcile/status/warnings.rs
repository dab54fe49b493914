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
    if facts.replicas == 1 {
        let message = "spec.replicas: one relay cannot be protected from disruptions";
        warnings.push((Reason::NoDisruptionProtection, message.to_owned()));
    }
    let missing = facts.missing_kinds.iter().cloned();
    warnings.extend(missing.map(|message| (Reason::KindNotInstalled, message)));
    warnings
}

fn anonymous(profiles: &[Profile]) -> Option<String> {
    let names: Vec<_> = profiles.iter().map(|profile| profile.as_str()).collect();
    match names.len() {
        0 => None,
        all if all == Profile::ALL.len() => Some("clients need no credentials".to_owned()),
        _ => Some(format!("spec.auth: clients of {} need no credentials", names.join(", "))),
    }
}
