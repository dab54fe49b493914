//! The figures of a status, rounded, and the sentence that says it all.

use super::facts::{Facts, Relay};
use super::health::{Health, health};
use super::{bus, count};
use crate::api::{ConnectionsStatus, RolloutStatus};
use crate::fleet::{round, spoken};

/// Live connections, as far as relays told; `None` when none did.
pub(super) fn connections(facts: &Facts) -> Option<ConnectionsStatus> {
    let told: Vec<_> = facts.relays.iter().filter_map(|relay| relay.told.as_ref()).collect();
    let sum = |of: fn(&relay_contract::admin::Connections) -> u64| {
        rounded(told.iter().fold(0_u64, |sum, told| sum.saturating_add(of(&told.connections))))
    };
    let totals = || told.iter().map(|told| told.connections.total);
    let unknown = facts.serving().filter(|relay| relay.told.is_none()).count();
    (!told.is_empty()).then(|| ConnectionsStatus {
        total: sum(|connections| connections.total),
        websocket: sum(|connections| connections.websocket),
        sse: sum(|connections| connections.sse),
        socketio: sum(|connections| connections.socketio),
        max: rounded(totals().max().unwrap_or_default()),
        min: rounded(totals().min().unwrap_or_default()),
        imbalance: rounded(imbalance(facts)),
        unknown_pods: count(unknown),
    })
}

/// How many more connections the fullest relay has than the average one, in percent; of those that stay.
fn imbalance(facts: &Facts) -> u64 {
    let stay = facts.relays.iter().filter(|relay| !relay.goes());
    let totals: Vec<_> = stay.filter_map(|relay| Some(relay.told.as_ref()?.connections.total)).collect();
    let sum = totals.iter().fold(0_u64, |sum, total| sum.saturating_add(*total));
    let most = totals.iter().max().copied().unwrap_or_default();
    let relays = u64::try_from(totals.len()).unwrap_or(u64::MAX);
    let percent = most.saturating_mul(100).saturating_mul(relays).checked_div(sum);
    percent.unwrap_or_default().saturating_sub(100)
}

/// Connections of one relay, rounded.
pub(super) fn of(relay: &Relay) -> Option<i64> {
    relay.told.as_ref().map(|told| rounded(told.connections.total))
}

fn rounded(number: u64) -> i64 {
    i64::try_from(round(number)).unwrap_or(i64::MAX)
}

/// How far a rollout is.
pub(super) fn rollout(facts: &Facts) -> Option<RolloutStatus> {
    let revision = facts.revision.clone()?;
    let from = facts.present().find(|relay| !facts.is_current(relay)).map(|relay| relay.pod.revision.clone());
    Some(RolloutStatus {
        revision,
        from,
        updated: count(facts.updated()),
        remaining: count(facts.remaining()),
        upgrade_pending: pending(facts).to_owned(),
    })
}

/// Which pods this operator would make differently, if nobody had asked for them as they are.
fn pending(facts: &Facts) -> &'static str {
    match (facts.kept.relays, facts.kept.redis) {
        (true, true) => "relays and Redis",
        (true, false) => "relays",
        (false, true) => "Redis",
        (false, false) => "",
    }
}

/// Such as `3/3 serving, 41k connections, Redis ok`.
pub(super) fn summary(facts: &Facts) -> String {
    let mut parts = vec![format!("{}/{} serving", facts.serving().count(), facts.replicas)];
    parts.push(match connections(facts) {
        Some(ConnectionsStatus { total: 1, .. }) => "1 connection".to_owned(),
        Some(known) => format!("{} connections", spoken(known.total.unsigned_abs())),
        None => "connections unknown".to_owned(),
    });
    parts.push(match bus::status(facts).state.as_str() {
        "Memory" => "no Redis".to_owned(),
        state => format!("Redis {}", state.to_lowercase()),
    });
    if facts.remaining() > 0 {
        parts.push(format!("rollout {}/{}", facts.updated(), facts.replicas));
    }
    parts.extend(facts.stopped.then(|| "stopped".to_owned()));
    parts.extend(facts.paused.then(|| "paused".to_owned()));
    match facts.relays.iter().filter(|relay| relay.pod.terminating).count() {
        0 => {}
        ending => parts.push(format!("{ending} ending")),
    }
    if let Health::Stuck(reason, _) = health(facts) {
        parts.push(format!("stalled: {reason}"));
    }
    parts.join(", ")
}
