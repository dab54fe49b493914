//! Events: what a person should be told once, when it happens.
//!
//! Made from the difference between two statuses, so that nothing is told twice and nothing has to
//! be remembered. An event that cannot be published fails nothing.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;
use kube::runtime::events::{Event, EventType};

use super::context::Context;
use super::observed::Root;
use super::status::is_true;
use crate::api::{ConditionType, EventReason, Reason, RelayCluster, RelayClusterStatus};
use crate::error::{is_namespace_ending, words};

/// Longest note that the API takes (`events.k8s.io/v1`).
const NOTE_BYTES: usize = 1_024;

/// Tells what became different between two statuses.
pub(super) async fn tell(context: &Context, root: &Root, old: &RelayClusterStatus, new: &RelayClusterStatus) {
    for event in transitions(old, new) {
        publish(context, root, &event).await;
    }
}

/// Tells what no status will say, because the cluster is about to go.
pub(super) async fn say(context: &Context, root: &Root, type_: EventType, reason: EventReason, note: &str) {
    publish(context, root, &event(type_, reason.as_str(), "Delete", note)).await;
}

/// A namespace that is being deleted takes no events either.
async fn publish(context: &Context, root: &Root, event: &Event) {
    if context.endings.has(root) {
        return;
    }
    context.metrics.told(&event.reason);
    let (cluster, namespace) = (&root.name, &root.namespace);
    match context.recorder().publish(event, &reference(root)).await {
        Err(error) if is_namespace_ending(&error) => {
            tracing::debug!(cluster, namespace, "no event: the namespace is being deleted");
        }
        Err(error) => {
            tracing::warn!(cluster, namespace, error = words(&error), "event not published");
        }
        Ok(()) => {}
    }
}

fn reference(root: &Root) -> ObjectReference {
    ObjectReference {
        api_version: Some(RelayCluster::api_version(&()).into_owned()),
        kind: Some(RelayCluster::kind(&()).into_owned()),
        name: Some(root.name.clone()),
        namespace: Some(root.namespace.clone()),
        uid: Some(root.uid.clone()),
        ..ObjectReference::default()
    }
}

/// The events that lead from one status to the next.
fn transitions(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Vec<Event> {
    let gained = |type_| is_true(new, type_) && !is_true(old, type_);
    let lost = |type_| is_true(old, type_) && !is_true(new, type_);
    let mut events = Vec::new();
    if gained(ConditionType::Ready) {
        events.push(ready(old, new));
    }
    if lost(ConditionType::Available) {
        events.push(event(
            EventType::Warning,
            EventReason::Unavailable.as_str(),
            "Reconcile",
            message(new, ConditionType::Available),
        ));
    }
    events.extend(stalled(old, new));
    // A cluster that starts waits for its Redis, now for one relay and then for another.
    if is_true(old, ConditionType::Available) && lost(ConditionType::RedisReady) {
        events.push(event(
            EventType::Warning,
            EventReason::RedisLost.as_str(),
            "Probe",
            message(new, ConditionType::RedisReady),
        ));
    }
    let reason = find(old, ConditionType::Ready, |condition| condition.reason.clone());
    let starts = reason.as_deref() == Some(Reason::Starting.as_str());
    if !starts && had(old, ConditionType::RedisReady, "False") && gained(ConditionType::RedisReady) {
        events.push(event(
            EventType::Normal,
            EventReason::RedisReached.as_str(),
            "Probe",
            message(new, ConditionType::RedisReady),
        ));
    }
    events.extend(paused(old, new));
    events.extend(primary(old, new));
    events.extend(rollout(old, new));
    events.extend(signals(old, new));
    events
}

/// All is as the spec asks again: other settings are no news of the relays' health.
fn ready(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Event {
    let reason = find(old, ConditionType::Ready, |condition| condition.reason.clone());
    let applied = reason.as_deref() == Some(Reason::ApplyingSettings.as_str());
    match &new.configuration {
        Some(it) if applied => {
            let note = format!(
                "{} of {} relays run generation {} of the settings",
                it.running, it.of, it.generation
            );
            event(EventType::Normal, EventReason::SettingsApplied.as_str(), "Reconcile", &note)
        }
        _ => event(
            EventType::Normal,
            EventReason::Ready.as_str(),
            "Reconcile",
            message(new, ConditionType::Ready),
        ),
    }
}

fn stalled(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Option<Event> {
    let reason = |status: &RelayClusterStatus| {
        let stalled = is_true(status, ConditionType::Stalled);
        stalled.then(|| find(status, ConditionType::Stalled, |condition| condition.reason.clone())).flatten()
    };
    match (reason(old), reason(new)) {
        (before, Some(now)) if before.as_ref() != Some(&now) => {
            Some(event(EventType::Warning, &now, "Reconcile", message(new, ConditionType::Stalled)))
        }
        _ => None,
    }
}

fn paused(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Option<Event> {
    let reason = match (is_true(old, ConditionType::Paused), is_true(new, ConditionType::Paused)) {
        (false, true) => EventReason::Paused,
        (true, false) => EventReason::Resumed,
        _ => return None,
    };
    Some(event(EventType::Normal, reason.as_str(), "Reconcile", message(new, ConditionType::Paused)))
}

fn primary(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Option<Event> {
    let primary = |status: &RelayClusterStatus| status.redis.as_ref()?.servers.as_ref()?.primary.clone();
    let (old, new) = (primary(old)?, primary(new)?);
    let note = format!("{new} is the primary of Redis, and no longer {old}");
    (old != new).then(|| event(EventType::Normal, EventReason::RedisPrimaryChanged.as_str(), "Probe", &note))
}

/// One for each kind of signal, when it begins.
fn signals(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Vec<Event> {
    let before = |reason: &str| old.signals.iter().any(|signal| signal.reason == reason);
    let begun = new.signals.iter().filter(|signal| !before(&signal.reason));
    begun.map(|signal| event(EventType::Warning, &signal.reason, "Probe", &signal.message)).collect()
}

fn rollout(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Option<Event> {
    let (old, new) = (old.rollout.as_ref()?, new.rollout.as_ref()?);
    if old.revision != new.revision {
        let note = format!("revision {} replaces {}", new.revision, old.revision);
        return Some(event(EventType::Normal, EventReason::RolloutStarted.as_str(), "Rollout", &note));
    }
    let ended = old.from.is_some() && new.from.is_none();
    ended.then(|| {
        event(
            EventType::Normal,
            EventReason::RolloutCompleted.as_str(),
            "Rollout",
            &format!("revision {}", new.revision),
        )
    })
}

fn had(status: &RelayClusterStatus, type_: ConditionType, value: &str) -> bool {
    find(status, type_, |condition| condition.status == value).unwrap_or_default()
}

fn message(status: &RelayClusterStatus, type_: ConditionType) -> &str {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_.as_str());
    found.map_or("", |condition| condition.message.as_str())
}

fn find<T>(
    status: &RelayClusterStatus,
    type_: ConditionType,
    of: impl Fn(&k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition) -> T,
) -> Option<T> {
    status.conditions.iter().find(|condition| condition.type_ == type_.as_str()).map(of)
}

fn event(type_: EventType, reason: &str, action: &str, note: &str) -> Event {
    let note = note.get(..note.floor_char_boundary(NOTE_BYTES)).unwrap_or_default().to_owned();
    Event { type_, reason: reason.to_owned(), note: Some(note), action: action.to_owned(), secondary: None }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
