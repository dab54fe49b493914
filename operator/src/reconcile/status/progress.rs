//! How far a movement has come, in words.

use super::facts::Facts;

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
