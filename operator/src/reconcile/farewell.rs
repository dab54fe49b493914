//! The end of a cluster with `deletionPolicy: Drain`: its relays let go of their connections at their
//! pace before the garbage collector takes them (F14).
//!
//! A finalizer holds the RelayCluster until no connection is left, and never longer than
//! `spec.drain.timeoutSeconds`: not when relays or Redis do not answer, not when the spec cannot be
//! read. A namespace that ends takes its pods at once, so that there is nothing to wait for.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use kube::{Api, Client};
use relay_contract::admin::DrainRequest;
use serde_json::json;

use super::context::Context;
use super::error::Error;
use super::observed::Root;
use super::status::Relay;
use super::{events, gather, keys, report, view};
use crate::api::{DeletionPolicy, DrainSpec, EventReason, RelayCluster, RelayClusterSpec};
use crate::fleet::ClusterKey;
use crate::metrics::Metrics;

/// The finalizer that a cluster with this policy has.
pub const FINALIZER: &str = "relaycluster.dev/drain";

/// Between two looks at relays that are draining; a change of theirs is looked at at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Gives a cluster the finalizer, or takes it away, as its spec says. One write, if any.
pub(super) async fn prepare(context: &Context, root: &Root, spec: &RelayClusterSpec) -> Result<(), Error> {
    let wanted = spec.deletion_policy == DeletionPolicy::Drain;
    if spec.paused || has_finalizer(root) == wanted {
        return Ok(());
    }
    set_finalizer(&context.client, &context.metrics, root, wanted).await
}

/// One visit to a cluster that is being deleted.
pub(super) async fn part(
    context: &Context,
    key: &ClusterKey,
    root: Root,
    since: Timestamp,
) -> Result<Action, Error> {
    if !has_finalizer(&root) {
        context.forget(key);
        return Ok(Action::await_change());
    }
    if namespace_ends(&context.client, &root.namespace).await? {
        return release(context, key, &root).await;
    }
    let drain = drain(&root);
    let deadline = since.as_second() + i64::from(drain.timeout_seconds);
    let left = deadline.saturating_sub(Timestamp::now().as_second());
    let relays = view::relays(context, &context.pods_of(&root));
    if left <= 0 {
        let note = format!("{} after {} s", told(&relays), drain.timeout_seconds);
        events::say(context, &root, EventType::Warning, EventReason::DrainIncomplete, &note).await;
        return release(context, key, &root).await;
    }
    if is_over(&relays) {
        events::say(context, &root, EventType::Normal, EventReason::Drained, "no connection is left").await;
        return release(context, key, &root).await;
    }
    ask(context, key, root, &drain, left).await
}

/// Has all relays drain, and says how far they are.
async fn ask(
    context: &Context,
    key: &ClusterKey,
    root: Root,
    drain: &DrainSpec,
    left: i64,
) -> Result<Action, Error> {
    let observed = gather::children(context, root).await;
    let observed = observed.map_err(|(_, error)| error)?;
    keys(context, key, &observed).await;
    let seconds = u32::try_from(left).unwrap_or_default();
    let rate = u32::try_from(drain.max_disconnects_per_second).unwrap_or_default().max(1);
    let request = DrainRequest { rate, deadline_seconds: seconds, reason: "Deletion".to_owned() };
    context.fleet.drain(key, request);
    let relays = view::relays(context, &observed.pods);
    let facts = view::ending(context, &observed.root, format!("{}; at most {left} s more", told(&relays)));
    report(context, &facts).await?;
    Ok(Action::requeue(LOOK_EVERY.min(Duration::from_secs(left.unsigned_abs()))))
}

fn drain(root: &Root) -> DrainSpec {
    let spec = root.cluster.as_ref().map(|cluster| cluster.spec.drain.clone()).unwrap_or_default();
    DrainSpec { timeout_seconds: spec.timeout_seconds.clamp(1, 560), ..spec }
}

/// Whether no relay has a connection any more. One that was started and does not tell is not known to
/// have none.
fn is_over(relays: &[Relay]) -> bool {
    let is_empty = |relay: &Relay| match &relay.told {
        Some(told) => told.draining.is_some() && told.connections.total == 0,
        None => !relay.pod.started,
    };
    relays.iter().all(is_empty)
}

fn told(relays: &[Relay]) -> String {
    let sum: u64 = relays.iter().filter_map(|relay| relay.told.as_ref()).map(|it| it.connections.total).sum();
    match relays.iter().filter(|relay| relay.told.is_none()).count() {
        0 => format!("{sum} connections are left"),
        silent => format!("{sum} connections are left, {silent} relays do not tell theirs"),
    }
}

fn has_finalizer(root: &Root) -> bool {
    root.finalizers.iter().any(|it| it == FINALIZER)
}

async fn release(context: &Context, key: &ClusterKey, root: &Root) -> Result<Action, Error> {
    set_finalizer(&context.client, &context.metrics, root, false).await?;
    context.forget(key);
    Ok(Action::await_change())
}

/// Writes the list of finalizers of the very version that was read, so that nobody else's is lost.
async fn set_finalizer(client: &Client, metrics: &Metrics, root: &Root, wanted: bool) -> Result<(), Error> {
    let others = root.finalizers.iter().filter(|it| *it != FINALIZER).cloned();
    let all: Vec<_> = others.chain(wanted.then(|| FINALIZER.to_owned())).collect();
    let patch =
        json!({ "metadata": { "resourceVersion": root.version, "uid": root.uid, "finalizers": all } });
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), &root.namespace, &ApiResource::erase::<RelayCluster>(&()));
    metrics.write("RelayCluster", "patch");
    let patched = api.patch(&root.name, &PatchParams::default(), &Patch::Merge(patch)).await;
    patched.map(|_| ()).map_err(Error::Finalizer)
}

/// Whether the namespace is being deleted. Who may not ask takes it for one that stays.
async fn namespace_ends(client: &Client, name: &str) -> Result<bool, Error> {
    match Api::<Namespace>::all(client.clone()).get_metadata_opt(name).await {
        Ok(found) => Ok(found.is_none_or(|namespace| namespace.metadata.deletion_timestamp.is_some())),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(false),
        Err(error) => Err(Error::Namespace(error)),
    }
}

#[cfg(test)]
#[path = "farewell_tests.rs"]
mod tests;
