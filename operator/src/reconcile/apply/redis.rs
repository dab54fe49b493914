//! The writes for the managed Redis, in either of its shapes.

use k8s_openapi::api::apps::v1::StatefulSet;

use super::super::build::{WantedRedis, WantedSentinel, WantedServers, WantedSet};
use super::super::servers::FoundSet;
use super::Apply;

impl Apply<'_> {
    /// Brings it to what is wanted, and takes away what no relay uses any more; `true` when relays can
    /// mount what they need of it.
    pub(super) async fn redis(&mut self, wanted: Option<&WantedRedis>) -> bool {
        let children = &self.observed.children;
        let Some(WantedRedis { secret, servers }) = wanted else {
            if self.redis_unused {
                self.prune_one().await;
                self.prune_sentinel().await;
                self.prune(&children.redis_secret).await;
            }
            return true;
        };
        let ready = self.put(&children.redis_secret, secret).await;
        match servers {
            WantedServers::One { service, server } => {
                self.put(&children.redis_service, service).await;
                self.pods(&children.redis.object, server, ready).await;
                if self.redis_unused {
                    self.prune_sentinel().await;
                }
            }
            WantedServers::Sentinel(wanted) => {
                let WantedSentinel { data, sentinels } = wanted.as_ref();
                self.set(&children.sentinel.data, data, ready).await;
                self.set(&children.sentinel.sentinels, sentinels, ready).await;
                if self.redis_unused {
                    self.prune_one().await;
                }
            }
        }
        ready
    }

    async fn set(&mut self, found: &FoundSet, wanted: &WantedSet, ready: bool) {
        let WantedSet { service, pods, budget } = wanted;
        self.pods(&found.pods.object, pods, ready).await;
        self.put(&found.service, service).await;
        self.put(&found.budget, budget).await;
    }

    /// Pods only when there is the Secret that they mount.
    async fn pods(&mut self, found: &Option<StatefulSet>, wanted: &StatefulSet, ready: bool) {
        if ready {
            self.place(found.as_ref(), wanted).await;
        }
    }

    async fn prune_one(&mut self) {
        let children = &self.observed.children;
        self.prune(&children.redis).await;
        self.prune(&children.redis_service).await;
    }

    /// The servers' StatefulSet goes last: the rest is looked for as long as that is there.
    async fn prune_sentinel(&mut self) {
        let found = &self.observed.children.sentinel;
        let errors = self.outcome.errors.len();
        self.prune(&found.sentinels.pods).await;
        self.prune(&found.sentinels.service).await;
        self.prune(&found.sentinels.budget).await;
        self.prune(&found.data.service).await;
        self.prune(&found.data.budget).await;
        if self.outcome.errors.len() == errors {
            self.prune(&found.data.pods).await;
        }
    }
}
