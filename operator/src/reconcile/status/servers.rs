//! The managed Redis with sentinels, from its pods and from what servers and sentinels told.

use super::count;
use super::facts::{Facts, ServersFacts};
use super::judgement::{Judgement, State};
use crate::api::{Reason, RedisServersStatus};
use crate::reconcile::build::EACH;
use crate::reconcile::pods::RelayPod;

/// Why no relay can use it, if it is so.
pub(super) fn down(servers: &ServersFacts) -> Option<Judgement> {
    let ready = servers.data.iter().filter(|server| server.pod.ready).count();
    if ready == 0 {
        let pod = servers
            .data
            .iter()
            .find_map(|server| Some(format!(": pod {}: {}", server.pod.name, obstacle(&server.pod)?)));
        let message = format!(
            "0 of {EACH} servers of Redis are ready{}; relays keep their connections and deliver locally",
            pod.unwrap_or_default()
        );
        return Some(Judgement::new(State::False, Reason::RedisPodNotReady, message));
    }
    let view = servers.view.as_ref()?;
    if view.primary.is_some() {
        return None;
    }
    let sees = if view.quorum { "the sentinels are about to choose one" } else { "too few sentinels answer" };
    let message = format!("no server of Redis is the primary of a majority of the sentinels; {sees}");
    Some(Judgement::new(State::False, Reason::RedisNoPrimary, message))
}

/// What a person should know of it while it serves the relays.
pub(super) fn flaw(facts: &Facts) -> Option<(Reason, String)> {
    let servers = facts.servers.as_ref()?;
    let view = servers.view.as_ref()?;
    if !view.quorum {
        let message = format!(
            "{} of {EACH} sentinels agree on the primary, and no majority could choose another one",
            view.agreeing
        );
        return Some((Reason::SentinelQuorumLost, message));
    }
    rolling(facts).or_else(|| behind(servers))
}

/// How far a replacement of the servers is, while one goes on.
pub(super) fn rolling(facts: &Facts) -> Option<(Reason, String)> {
    let servers = facts.servers.as_ref().filter(|servers| servers.outdated > 0)?;
    let updated = usize::from(EACH).saturating_sub(servers.outdated);
    let waiting = servers.data.iter().find(|server| !server.pod.ready).map(|server| {
        let why = obstacle(&server.pod).map(|why| format!(": {why}")).unwrap_or_default();
        format!("; waiting for {}{why}", server.pod.name)
    });
    let waiting = waiting.unwrap_or_default();
    Some((
        Reason::RedisRolling,
        format!("{updated} of {EACH} servers of Redis are as the spec asks{waiting}"),
    ))
}

/// A server or a sentinel that does not come up by itself: the others serve the relays, with one less to
/// take the place of the primary, or to say who does.
pub(super) fn lacking(facts: &Facts) -> Option<(Reason, String)> {
    let servers = facts.servers.as_ref()?;
    let failing = facts.redis_pods.iter().filter(|pod| !pod.ready).find_map(|pod| {
        let trouble = pod.trouble.as_ref()?;
        Some((trouble.reason, format!("pod {}: {}", pod.name, trouble.message)))
    });
    let homeless = || {
        servers.data.iter().filter(|server| !server.pod.ready).find_map(|server| {
            let why = server.pod.unscheduled.as_ref()?;
            Some((Reason::RedisReplicasBehind, format!("pod {}: {why}", server.pod.name)))
        })
    };
    failing.or_else(homeless)
}

/// What keeps a pod from being ready, in the words of who knows.
fn obstacle(pod: &RelayPod) -> Option<&str> {
    let trouble = pod.trouble.as_ref().map(|trouble| trouble.message.as_str());
    trouble.or(pod.unscheduled.as_deref())
}

fn behind(servers: &ServersFacts) -> Option<(Reason, String)> {
    let (replicas, in_sync) = (usize::from(EACH - 1), servers.view.as_ref()?.in_sync.len());
    let message = format!("{in_sync} of {replicas} replicas of Redis have what the primary has");
    (in_sync < replicas).then_some((Reason::RedisReplicasBehind, message))
}

/// What servers and sentinels are at.
pub(super) fn status(servers: &ServersFacts) -> RedisServersStatus {
    let view = servers.view.clone().unwrap_or_default();
    RedisServersStatus {
        primary: view.primary.map(|primary| primary.name),
        replicas_in_sync: count(view.in_sync.len()),
        sentinels_agreeing: count(view.agreeing),
        quorum: view.quorum,
        outdated: count(servers.outdated),
    }
}
