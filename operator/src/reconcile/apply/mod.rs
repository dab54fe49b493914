//! The fourth step: all writes of one reconcile, but for the status.
//!
//! What a pod mounts comes before the pod. An object that cannot be written holds back only what
//! depends on it; everything else goes on.

mod around;
pub mod covers;
pub mod error;
pub mod foreign;
pub mod quantity;
mod redis;
pub mod writer;

use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use self::error::WriteError;
use self::writer::{Child, Placed, Writer};
use super::build::Wanted;
use super::observed::{Found, Observed, Ownership};
use super::rollout::Plan;
use crate::api::Reason;

/// What became of the writes.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Objects under our names that are somebody else's, as kind and name.
    pub foreign: Vec<String>,
    /// Objects of an earlier cluster that are still there, as kind and name.
    pub earlier: Vec<String>,
    /// What was left as it is while the cluster is paused, as kind and name.
    pub withheld: Vec<String>,
    /// Whether the settings file that relays mount is the wanted one.
    pub configured: bool,
    /// Writes that failed.
    pub errors: Vec<WriteError>,
    /// The Deployment of the wanted revision was not created, because a Secret is missing.
    pub held_back: bool,
    /// The namespace is being deleted, and takes nothing any more: nothing else was tried.
    pub namespace_ends: bool,
}

impl Outcome {
    /// The first error that is of no use to try again, with its reason.
    #[must_use]
    pub fn permanent(&self) -> Option<(Reason, &WriteError)> {
        self.errors.iter().find_map(|error| error.permanent().map(|reason| (reason, error)))
    }
}

/// The writes that a reconcile wants.
pub struct Apply<'a> {
    /// Writes one object.
    pub writer: Writer<'a>,
    /// What stands there.
    pub observed: &'a Observed,
    /// What should stand there.
    pub wanted: &'a Wanted,
    /// How many relays of each revision.
    pub plan: &'a Plan,
    /// Whether a managed Redis that is not wanted may go: no relay uses it any more.
    pub redis_unused: bool,
    outcome: Outcome,
}

impl<'a> Apply<'a> {
    /// Prepares the writes.
    #[must_use]
    pub fn new(
        writer: Writer<'a>,
        observed: &'a Observed,
        wanted: &'a Wanted,
        plan: &'a Plan,
        redis_unused: bool,
    ) -> Self {
        Self { writer, observed, wanted, plan, redis_unused, outcome: Outcome::default() }
    }

    /// Does them. The destructuring makes sure that no kind of object is built and not applied.
    pub async fn run(mut self) -> Outcome {
        let children = &self.observed.children;
        let Wanted { account, keys, config, redis, service, peers, budget, around, revision: _, deployment } =
            self.wanted;
        let mut ready = self.put(&children.account, account).await;
        ready &= self.put(&children.keys, keys).await;
        self.outcome.configured = self.put(&children.config, config).await;
        ready &= self.outcome.configured;
        // On the heap: it is the largest of them.
        ready &= Box::pin(self.redis(redis.as_ref())).await;
        self.put(&children.peers, peers).await;
        self.put(&children.service, service).await;
        self.put_or_prune(&children.budget, budget.as_ref()).await;
        self.around(around).await;
        if ready && self.current(deployment).await {
            self.older(&deployment.name_any()).await;
        }
        self.outcome
    }

    /// The Deployment of the wanted revision. While a Secret that it needs is missing it is not
    /// created, so that no rollout starts that cannot end. `true` when it is there: only then may
    /// something be taken from the older ones.
    async fn current(&mut self, wanted: &Deployment) -> bool {
        let live = self.observed.deployment(&wanted.name_any());
        if live.is_none() && !self.observed.missing_secrets.is_empty() {
            self.outcome.held_back = true;
            return false;
        }
        self.place(live, wanted).await
    }

    /// Deployments of other revisions: only their size is still ours to say, until they are empty.
    async fn older(&mut self, current: &str) {
        let others: Vec<_> = self.observed.deployments().filter(|old| old.name_any() != current).collect();
        for old in others {
            let revision = super::revisions::name_of(old);
            if self.withholds(old) {
                continue;
            }
            let result = if self.plan.delete.contains(&revision) {
                self.writer.delete(old).await
            } else {
                self.resize(old, &revision).await
            };
            if let Err(error) = result {
                self.outcome.errors.push(error);
            }
        }
    }

    async fn resize(&self, old: &Deployment, revision: &str) -> Result<(), WriteError> {
        let Some(&replicas) = self.plan.replicas.get(revision) else { return Ok(()) };
        if super::revisions::desired_of(old) == replicas {
            Ok(())
        } else {
            self.writer.scale(old, replicas).await
        }
    }

    async fn put<K: Child>(&mut self, found: &Found<K>, wanted: &K) -> bool {
        self.place(found.object.as_ref(), wanted).await
    }

    /// Makes one object what it should be; `true` when it is.
    async fn place<K: Child>(&mut self, live: Option<&K>, wanted: &K) -> bool {
        if self.outcome.namespace_ends {
            return false;
        }
        let result = self.writer.put(live, wanted).await;
        self.note(wanted, result)
    }

    async fn prune<K: Child>(&mut self, found: &Found<K>) {
        if let Some(object) = &found.object
            && !self.outcome.namespace_ends
            && !self.withholds(object)
            && let Err(error) = self.writer.delete(object).await
        {
            self.outcome.errors.push(error);
        }
    }

    /// Whether an object of ours, with which something would be done, is left alone; if so, notes it.
    fn withholds<K: Child>(&mut self, object: &K) -> bool {
        let Writer { paused, root, .. } = self.writer;
        if paused && root.ownership(object.meta()) == Ownership::Ours {
            self.outcome.withheld.push(format!("{} {}", K::kind(&()), object.name_any()));
        }
        paused
    }

    /// Keeps what is worth telling; `true` when the object is as wanted.
    fn note<K: Child>(&mut self, wanted: &K, result: Result<Placed, WriteError>) -> bool {
        let object = || format!("{} {}", K::kind(&()), wanted.name_any());
        match result {
            Ok(Placed::AsWanted) => return true,
            Ok(Placed::Foreign) => self.outcome.foreign.push(object()),
            Ok(Placed::Earlier) => self.outcome.earlier.push(object()),
            Ok(Placed::Withheld) => self.outcome.withheld.push(object()),
            Err(error) if error.is_namespace_ending() => self.outcome.namespace_ends = true,
            Err(error) => self.outcome.errors.push(error),
        }
        false
    }
}
