//! From what the steps found and did to the facts that a status is made of.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::apply::Outcome;
use super::context::Context;
use super::gather::GatherError;
use super::keep::Kept;
use super::observed::{Observed, Root};
use super::pods::RelayPod;
use super::revisions;
use super::scaling::Scaling;
use super::servers::asks_for_sentinels;
use super::status::{Facts, Relay, ServersFacts};
use super::validate::InvalidSpec;
use crate::api::{AuthMethod, Profile, PublishAccess, Reason, RedisMode, RelayClusterSpec, Signal};
use crate::fleet::{ClusterKey, Raised, Settings};

/// How far the steps between reading and reporting came.
pub(super) enum Steps {
    /// The spec breaks rules: nothing was written, and what runs goes on.
    Invalid {
        /// Which ones.
        why: InvalidSpec,
        /// The settings that relays mount.
        settings: Option<Settings>,
    },
    /// Everything was tried.
    Applied {
        /// The revision that the spec asks for.
        revision: String,
        /// The settings that relays mount.
        settings: Option<Settings>,
        /// What became of the writes.
        outcome: Outcome,
        /// What the autoscaler wants, if there is one.
        scaling: Option<Scaling>,
        /// What an upgrade of the operator has left as it was.
        kept: Kept,
        /// Whether servers of Redis are being replaced.
        rolling: bool,
    },
}

impl Steps {
    /// The settings that relays mount, or are about to.
    pub(super) fn settings(&self) -> Option<Settings> {
        match self {
            Self::Invalid { settings, .. } | Self::Applied { settings, .. } => settings.clone(),
        }
    }

    /// Whether a write found that the namespace takes nothing any more.
    pub(super) fn namespace_ends(&self) -> bool {
        matches!(self, Self::Applied { outcome, .. } if outcome.namespace_ends)
    }
}

/// The facts after all steps.
pub(super) fn facts(context: &Context, observed: &Observed, steps: &Steps) -> Facts {
    let mut facts = base(context, &observed.root, &observed.pods);
    facts.settings = steps.settings();
    if let (Some(servers), Some(wanted)) = (&mut facts.servers, observed.children.sentinel.wanted_revision())
    {
        servers.outdated = servers.data.iter().filter(|server| server.revision != wanted).count();
    }
    if let Ok(cluster) = &observed.root.cluster {
        facts.missing_kinds = observed.children.around.missing(&cluster.spec);
    }
    match steps {
        Steps::Invalid { why, .. } => facts.blocked = Some((Reason::InvalidSpec, why.to_string())),
        Steps::Applied { revision, outcome, scaling, kept, .. } => {
            scaled(&mut facts, scaling.as_ref());
            facts.blocked = blocked(observed, outcome);
            facts.hindered = hindered(outcome);
            facts.kept = *kept;
            facts.withheld = outcome.withheld.clone();
            revise(&mut facts, observed, revision);
        }
    }
    facts
}

/// What is known of the wanted revision and of others.
fn revise(facts: &mut Facts, observed: &Observed, revision: &str) {
    let others = observed.deployments().filter(|one| revisions::name_of(one) != revision);
    facts.others_remain = others.into_iter().any(|old| revisions::desired_of(old) > 0);
    let current = observed.deployments().find(|one| revisions::name_of(one) == revision);
    facts.revision_created = current.and_then(|one| one.creation_timestamp()).map(|time| time.0);
    facts.revision = Some(revision.to_owned());
}

/// With an autoscaler, its decision is what is wanted.
fn scaled(facts: &mut Facts, scaling: Option<&Scaling>) {
    facts.desired = scaling.and_then(|scaling| i32::try_from(scaling.replicas).ok());
    facts.scaling_limited = scaling.and_then(|scaling| scaling.limited.clone());
    if let Some(scaling) = scaling {
        facts.replicas = scaling.replicas;
    }
}

/// The relays among the pods of a cluster, and what they told.
pub(super) fn relays(context: &Context, pods: &[RelayPod]) -> Vec<Relay> {
    let relay = |pod: &RelayPod| Relay {
        told: context.fleet.status(&pod.uid),
        signals: signals(context, pod),
        pod: pod.clone(),
    };
    pods.iter().filter(|pod| !pod.redis).map(relay).collect()
}

/// What a relay shows; one that is not ready need not answer.
fn signals(context: &Context, pod: &RelayPod) -> Vec<Raised> {
    let mut raised = context.fleet.signals(&pod.uid);
    raised.retain(|it| it.signal != Signal::Unresponsive || (pod.ready && !pod.terminating));
    raised
}

/// The profiles that are on and ask nothing of their clients.
fn anonymous(spec: &RelayClusterSpec) -> Vec<Profile> {
    spec.profiles.enabled().filter(|profile| spec.auth.of(*profile) == AuthMethod::None).collect()
}

/// The facts when the children could not be read.
pub(super) fn unread(context: &Context, root: &Root, error: &GatherError) -> Facts {
    let mut facts = base(context, root, &context.pods_of(root));
    facts.hindered = Some((Reason::ApiError, error.to_string()));
    facts
}

/// The facts of a cluster that is about to go, by itself or with its namespace.
pub(super) fn ending(context: &Context, root: &Root, message: String) -> Facts {
    let mut facts = base(context, root, &context.pods_of(root));
    facts.revision = root.status().rollout.map(|rollout| rollout.revision);
    facts.ending = Some(message);
    facts
}

fn base(context: &Context, root: &Root, pods: &[RelayPod]) -> Facts {
    let redis_pods = pods.iter().filter(|pod| pod.redis && !pod.terminating).cloned().collect();
    let spec = root.cluster.as_ref().map(|cluster| &cluster.spec);
    // What was decided last stands for a visit that does not come to a decision.
    let stopped = spec.as_ref().is_ok_and(|spec| spec.stopped);
    let asked = spec.as_ref().ok().map(|spec| if stopped { 0 } else { spec.replicas });
    let scales = spec.as_ref().is_ok_and(|spec| spec.autoscaling.is_some()) && asked > Some(0);
    let desired = root.status().desired_replicas.filter(|_| scales);
    Facts {
        now: Timestamp::now(),
        replicas: desired.or(asked).map_or(0, |replicas| u32::try_from(replicas).unwrap_or_default()),
        redis_mode: spec.as_ref().map_or(RedisMode::Managed, |spec| spec.redis.mode),
        anonymous: spec.as_ref().map_or_else(|_| Vec::new(), |spec| anonymous(spec)),
        publish: spec.as_ref().map_or(PublishAccess::Key, |spec| spec.publish.access),
        progress_deadline: spec.as_ref().map_or(300, |spec| spec.rollout.progress_deadline_seconds.into()),
        relays: relays(context, pods),
        revision: None,
        revision_created: None,
        others_remain: false,
        redis_pods,
        servers: servers(context, root),
        settings: None,
        missing_kinds: Vec::new(),
        stopped,
        paused: spec.as_ref().is_ok_and(|spec| spec.paused),
        withheld: Vec::new(),
        ending: None,
        kept: Kept::default(),
        desired,
        scaling_limited: None,
        blocked: None,
        hindered: None,
        root: root.clone(),
    }
}

/// Servers and sentinels, if the spec asks for them.
fn servers(context: &Context, root: &Root) -> Option<ServersFacts> {
    let key = ClusterKey { namespace: root.namespace.clone(), name: root.name.clone() };
    asks_for_sentinels(root).then(|| ServersFacts {
        data: context.servers_of(root),
        outdated: 0,
        view: context.servers.view(&key),
    })
}

/// What somebody has to act on.
fn blocked(observed: &Observed, outcome: &Outcome) -> Option<(Reason, String)> {
    if !outcome.foreign.is_empty() {
        let names = outcome.foreign.join(", ");
        let message = format!("not touched, because this cluster does not own it: {names}");
        return Some((Reason::NameConflict, message));
    }
    if !observed.missing_secrets.is_empty() {
        return Some((Reason::SecretNotFound, observed.missing_secrets.join("; ")));
    }
    outcome.permanent().map(|(reason, error)| (reason, error.to_string()))
}

/// What goes away by itself. That somebody else wrote in between is not worth a word.
fn hindered(outcome: &Outcome) -> Option<(Reason, String)> {
    if !outcome.earlier.is_empty() {
        let names = outcome.earlier.join(", ");
        return Some((Reason::WaitingForDeletion, format!("about to be removed: {names}")));
    }
    let error = outcome.errors.iter().find(|error| !error.is_conflict() && error.permanent().is_none())?;
    Some((Reason::ApiError, error.to_string()))
}
