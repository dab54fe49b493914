//! Pods that run are kept as they are when only the operator changed (F13).
//!
//! What is built is compared with what stands there by what the user decided, not by what became of
//! it: the same [inputs](super::build::Record) keep the template that is recorded at the workload,
//! whatever this operator would make of them. What it would is pending until the user decides something
//! else, or has said that upgrades may replace pods and it is this cluster's turn. Pure but for the
//! turn, which is asked for only when it is needed.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::api::ObjectMeta;
use kube::{Resource, ResourceExt};

use super::build::{Record, Wanted, deployment};
use super::names::REVISION;
use super::observed::{Observed, Ownership, Root};
use super::revisions::{desired_of, name_of};
use super::validate::Validated;
use crate::api::UpgradePolicy;

/// What an upgrade of the operator has left as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Relays run that this operator would make differently.
    pub relays: bool,
    /// A Redis runs that this operator would make differently.
    pub redis: bool,
    /// They may be replaced, and other clusters come first.
    pub waits: bool,
}

/// Puts what stands there in place of what was built, where the user's decisions are the same.
/// `turn` asks whether an upgrade of this cluster may begin now.
pub(super) fn keep(
    wanted: &mut Wanted,
    valid: &Validated,
    observed: &Observed,
    turn: impl FnOnce() -> bool,
) -> Kept {
    let relays = other_relays(wanted, observed);
    let redis = other_redis(wanted, observed);
    if relays.is_none() && redis.is_empty() {
        return Kept::default();
    }
    let may = valid.spec.upgrade_policy == UpgradePolicy::Auto && !valid.spec.paused;
    if may && turn() {
        return Kept::default();
    }
    let kept = Kept { relays: relays.is_some(), redis: !redis.is_empty(), waits: may };
    if let Some((revision, record)) = relays {
        wanted.deployment = deployment(valid, &revision, &record);
        wanted.revision = revision;
    }
    let sets = wanted.redis.iter_mut().flat_map(|redis| redis.servers.sets_mut());
    for set in sets {
        if let Some((_, record)) = redis.iter().find(|(name, _)| *name == set.name_any()) {
            put(set, record);
        }
    }
    kept
}

fn put(server: &mut StatefulSet, record: &Record) {
    record.write(&mut server.metadata);
    if let Some(spec) = &mut server.spec {
        spec.template = record.template.clone();
    }
}

/// The revision that stands there for the same decisions and is another one than what was built, with
/// its record. What was built comes first where it stands there, too: then it has begun to replace the other.
fn other_relays(wanted: &Wanted, observed: &Observed) -> Option<(String, Record)> {
    if observed.deployments().any(|live| name_of(live) == wanted.revision) {
        return None;
    }
    let inputs = Record::read(&wanted.deployment.metadata)?.inputs;
    let of = |live: &Deployment| {
        let template = || live.spec.as_ref().map(|spec| without_revision(&spec.template));
        let seen = || is_settled(&observed.root, &name_of(live));
        record(&live.metadata, &inputs, seen, template)
    };
    let same = observed.deployments().filter(|live| live.metadata.deletion_timestamp.is_none());
    let same = same.filter_map(|live| Some((desired_of(live), name_of(live), of(live)?)));
    let most = same.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)))?;
    Some((most.1, most.2))
}

/// The records of the managed Redis' workloads that stand there and are other ones than what was built, by
/// their names.
fn other_redis(wanted: &Wanted, observed: &Observed) -> Vec<(String, Record)> {
    let sets = wanted.redis.iter().flat_map(|redis| redis.servers.sets());
    sets.filter_map(|set| Some((set.name_any(), other_set(set, observed)?))).collect()
}

fn other_set(set: &StatefulSet, observed: &Observed) -> Option<Record> {
    let built = Record::read(&set.metadata)?;
    let children = &observed.children;
    let sentinel = &children.sentinel;
    let all = [&children.redis, &sentinel.data.pods, &sentinel.sentinels.pods];
    let live = all.iter().filter_map(|found| found.object.as_ref());
    let live = live.into_iter().find(|live| live.name_any() == set.name_any())?;
    let ours = observed.root.ownership(live.meta()) == Ownership::Ours;
    let template = || live.spec.as_ref().map(|spec| spec.template.clone());
    let seen = || is_unchanged(&observed.root) && !covers(&built.template, template());
    let record = record(&live.metadata, &built.inputs, seen, template).filter(|_| ours)?;
    (record.template != built.template).then_some(record)
}

/// The record of a workload, if it was made from these inputs. One that an operator made who kept no
/// records is taken as it stands, if that operator has `seen` the present spec.
fn record(
    live: &ObjectMeta,
    inputs: &str,
    seen: impl FnOnce() -> bool,
    template: impl FnOnce() -> Option<PodTemplateSpec>,
) -> Option<Record> {
    match Record::read(live) {
        Some(record) => (record.inputs == inputs).then_some(record),
        None if seen() => template().map(|template| Record { inputs: inputs.to_owned(), template }),
        None => None,
    }
}

/// Whether the status was written for the present spec: what stands there was made from it.
fn is_unchanged(root: &Root) -> bool {
    root.status().observed_generation == root.generation
}

/// Whether the status says of the present spec that this is its revision.
fn is_settled(root: &Root, revision: &str) -> bool {
    is_unchanged(root) && root.status().rollout.is_some_and(|rollout| rollout.revision == revision)
}

/// Whether a template that stands there says all that the built one says.
fn covers(built: &PodTemplateSpec, live: Option<PodTemplateSpec>) -> bool {
    let json = |template| serde_json::to_value(template).unwrap_or_default();
    live.is_some_and(|live| super::apply::covers::difference(&json(built.clone()), &json(live)).is_none())
}

fn without_revision(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(labels) = template.metadata.as_mut().and_then(|metadata| metadata.labels.as_mut()) {
        labels.remove(REVISION);
    }
    template
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
