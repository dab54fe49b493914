//! What stands under the names of a managed Redis with sentinels.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::gather::{GatherError, Reader};
use super::names::Names;
use super::observed::{Found, Root};
use crate::api::RedisMode;

/// What stands under the names of servers and sentinels.
#[derive(Clone, Debug)]
pub struct FoundSentinel {
    /// Under the servers' name.
    pub data: FoundSet,
    /// Under the sentinels' name.
    pub sentinels: FoundSet,
}

/// What stands under one name.
#[derive(Clone, Debug)]
pub struct FoundSet {
    /// What gives the pods their names.
    pub service: Found<Service>,
    /// The pods.
    pub pods: Found<StatefulSet>,
    /// What protects them.
    pub budget: Found<PodDisruptionBudget>,
}

impl Reader<'_> {
    /// The servers' StatefulSet, and the rest when that is there or asked for: of all of them it is
    /// made first and removed last.
    pub(super) async fn sentinel(&self, root: &Root) -> Result<Box<FoundSentinel>, GatherError> {
        let names = Names(&root.name);
        let pods = self.get_if_asked::<StatefulSet>(asks_for_sentinels(root), names.redis_data()).await?;
        if pods.object.is_none() && !asks_for_sentinels(root) {
            let nothing = FoundSet::nothing(names.redis_data());
            let data = FoundSet { pods, ..nothing };
            let sentinels = FoundSet::nothing(names.sentinel());
            return Ok(Box::new(FoundSentinel { data, sentinels }));
        }
        let (service, budget, sentinels) = futures::try_join!(
            self.get(names.redis_data()),
            self.get(names.redis_data()),
            self.set(names.sentinel()),
        )?;
        Ok(Box::new(FoundSentinel { data: FoundSet { service, pods, budget }, sentinels }))
    }

    async fn set(&self, name: String) -> Result<FoundSet, GatherError> {
        let (service, pods, budget) =
            futures::try_join!(self.get(name.clone()), self.get(name.clone()), self.get(name.clone()))?;
        Ok(FoundSet { service, pods, budget })
    }
}

impl FoundSentinel {
    /// The revision that all servers should have; `None` while Kubernetes has not looked at the newest
    /// StatefulSet yet.
    #[must_use]
    pub fn wanted_revision(&self) -> Option<&str> {
        let set = self.data.pods.object.as_ref()?;
        let status = set.status.as_ref()?;
        let seen = status.observed_generation == set.metadata.generation;
        status.update_revision.as_deref().filter(|_| seen)
    }
}

impl FoundSet {
    fn nothing(name: String) -> Self {
        Self {
            service: Found { name: name.clone(), object: None },
            pods: Found { name: name.clone(), object: None },
            budget: Found { name, object: None },
        }
    }
}

/// Whether the spec asks for a managed Redis with sentinels.
#[must_use]
pub fn asks_for_sentinels(root: &Root) -> bool {
    has_sentinels(root) == Some(true)
}

/// Whether the spec asks for a managed Redis of one server.
#[must_use]
pub fn asks_for_one_server(root: &Root) -> bool {
    has_sentinels(root) == Some(false)
}

/// Whether the managed Redis has sentinels; `None` when there is none.
fn has_sentinels(root: &Root) -> Option<bool> {
    let redis = root.cluster.as_ref().ok().map(|cluster| &cluster.spec.redis)?;
    let managed = redis.mode == RedisMode::Managed;
    managed.then(|| redis.managed.as_ref().is_some_and(|managed| managed.sentinel.is_some()))
}
