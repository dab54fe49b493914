//! The bus between the relays, from the pod of Redis and from what the relays told.

use relay_contract::admin::{BusKind, BusState};

use super::facts::{Facts, Relay};
use super::judgement::{Judgement, State};
use super::servers;
use crate::api::{Reason, RedisMode, RedisStatus};

/// Whether messages cross the bus.
pub(super) fn judge(facts: &Facts) -> Judgement {
    if facts.redis_mode == RedisMode::None {
        return Judgement::new(State::True, Reason::MemoryBus, "messages stay in the memory of one relay");
    }
    if let Some(servers) = &facts.servers {
        if let Some(judgement) = servers::down(servers) {
            return judgement;
        }
    } else if facts.redis_mode == RedisMode::Managed && !facts.redis_pods.first().is_some_and(|pod| pod.ready)
    {
        return Judgement::new(State::False, Reason::RedisPodNotReady, redis_pod(facts));
    }
    // No relay is ready before it has reached Redis: what is ready and connects was asked before.
    let told: Vec<_> = (facts.serving().filter(|relay| kind(relay) == Some(BusKind::Redis)))
        .filter(|relay| state(relay) != Some(BusState::Connecting))
        .collect();
    // Whoever is degraded and tells a lag does reach it.
    let (refused, cut): (Vec<&Relay>, Vec<&Relay>) = (told.iter().copied())
        .filter(|relay| state(relay) != Some(BusState::Ok))
        .partition(|relay| state(relay) == Some(BusState::Degraded) && lag(relay).is_some());
    if let Some(first) = cut.first() {
        let message = format!("{} of {} relays do not reach Redis", cut.len(), told.len());
        let message = format!("{message}, keep their connections and deliver locally; {}", words(first));
        return Judgement::new(State::False, Reason::RelaysCannotReachRedis, message);
    }
    let (stalled, refused): (Vec<&Relay>, Vec<&Relay>) =
        refused.into_iter().partition(|relay| stalled_partitions(relay).is_some());
    if let Some(first) = refused.first() {
        let message = format!("Redis takes no writes of {} of {} relays", refused.len(), told.len());
        let message = format!("{message}; {}", words(first));
        return Judgement::new(State::False, Reason::RedisRefusesWrites, message);
    }
    if let Some(first) = stalled.first() {
        let message =
            format!("some messages of {} of {} relays wait; {}", stalled.len(), told.len(), words(first));
        return Judgement::new(State::False, Reason::RedisPartitionsStalled, message);
    }
    if told.is_empty() {
        return Judgement::new(
            State::Unknown,
            Reason::NotReported,
            "no ready relay told whether it reaches Redis",
        );
    }
    if let Some((reason, message)) = servers::flaw(facts) {
        return Judgement::new(State::True, reason, message);
    }
    let silent = facts.serving().count().saturating_sub(told.len());
    let silent = if silent > 0 { format!("; {silent} did not tell") } else { String::new() };
    let message = format!("{0} of {0} relays reach Redis{silent}", told.len());
    Judgement::new(State::True, Reason::Connected, message)
}

/// Whether some relays tell, and none of them reaches Redis. Where one does, others have to make room for more
/// of its kind: what cut them off may be what a rollout mends.
#[must_use]
pub fn none_reaches_redis(relays: &[Relay]) -> bool {
    let mut told = relays.iter().filter(|relay| relay.is_ready() && relay.told.is_some()).peekable();
    told.peek().is_some() && told.all(|it| state(it) == Some(BusState::Degraded) && lag(it).is_none())
}

/// The short form for a status and its column.
pub(super) fn status(facts: &Facts) -> RedisStatus {
    let judgement = judge(facts);
    let state = match (judgement.reason, judgement.state) {
        (Reason::MemoryBus, _) => "Memory",
        (_, State::True) => "Ok",
        (_, State::False) => "Down",
        (_, State::Unknown) => "Unknown",
    };
    RedisStatus {
        mode: facts.redis_mode.as_str().to_owned(),
        state: state.to_owned(),
        reason: judgement.reason.as_str().to_owned(),
        servers: facts.servers.as_ref().map(servers::status),
    }
}

fn redis_pod(facts: &Facts) -> String {
    let Some(pod) = facts.redis_pods.first() else { return "there is no pod of Redis yet".to_owned() };
    let why = pod.trouble.as_ref().map(|trouble| trouble.message.clone()).or_else(|| pod.unscheduled.clone());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("pod {} is not ready{why}; relays keep their connections and deliver locally", pod.name)
}

fn kind(relay: &Relay) -> Option<BusKind> {
    relay.told.as_ref().map(|told| told.bus.kind)
}

fn state(relay: &Relay) -> Option<BusState> {
    relay.told.as_ref().map(|told| told.bus.state)
}

fn lag(relay: &Relay) -> Option<u64> {
    relay.told.as_ref().and_then(|told| told.bus.lag_ms)
}

fn stalled_partitions(relay: &Relay) -> Option<u64> {
    relay.told.as_ref().and_then(|told| told.bus.stalled_partitions)
}

fn words(relay: &Relay) -> String {
    let reason = relay.told.as_ref().and_then(|told| told.bus.reason.clone());
    let reason: String = reason.unwrap_or_else(|| "no reason given".to_owned()).chars().take(200).collect();
    format!("{}: {reason}", relay.pod.name)
}
