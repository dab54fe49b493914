//! What stands around the relays: every object is put, or pruned when it is not wanted any more.

use super::writer::Child;
use super::{Apply, Found};
use crate::reconcile::build::WantedAround;

impl Apply<'_> {
    /// No relay waits for any of these.
    pub(super) async fn around(&mut self, wanted: &WantedAround) {
        let WantedAround { ingress, route, relay_policy, redis_policy, pod_monitor, rules } = wanted;
        let found = &self.observed.children.around;
        self.put_or_prune(&found.relay_policy, relay_policy.as_ref()).await;
        self.put_or_prune(&found.redis_policy, redis_policy.as_ref()).await;
        self.put_or_prune(&found.ingress, ingress.as_ref()).await;
        self.put_if_known(found.route.as_ref(), route.as_ref()).await;
        self.put_if_known(found.pod_monitor.as_ref(), pod_monitor.as_ref()).await;
        self.put_if_known(found.rules.as_ref(), rules.as_ref()).await;
    }

    /// An object of a kind that this Kubernetes may not have: then there is nothing to do, and the
    /// status says so.
    async fn put_if_known<K: Child>(&mut self, found: Option<&Found<K>>, wanted: Option<&K>) {
        if let Some(found) = found {
            self.put_or_prune(found, wanted).await;
        }
    }

    /// An object that a spec may or may not ask for.
    pub(super) async fn put_or_prune<K: Child>(&mut self, found: &Found<K>, wanted: Option<&K>) {
        match wanted {
            Some(wanted) => drop(self.put(found, wanted).await),
            None => self.prune(found).await,
        }
    }
}
