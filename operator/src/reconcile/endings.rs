//! Clusters whose namespace is being deleted.
//!
//! Such a namespace takes no new object, and its end cannot be called off: what goes there is not healed,
//! as no controller of Kubernetes does. The API server says so when something is to be made, once for
//! each cluster; from then on its visits read the RelayCluster and tell in its status, for as long as
//! something keeps it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kube::runtime::controller::Action;

use super::context::Context;
use super::error::Error;
use super::observed::Root;
use super::{report, resync, view};
use crate::fleet::ClusterKey;

/// What the status says.
const MESSAGE: &str = "its namespace is being deleted, which takes no new objects";

/// The identities of clusters whose namespace ends, one for each RelayCluster that exists at most.
#[derive(Debug, Default)]
pub(super) struct Endings(Mutex<HashMap<ClusterKey, String>>);

impl Endings {
    /// Whether this very cluster's namespace ends, as far as is known.
    pub(super) fn has(&self, root: &Root) -> bool {
        self.lock().get(&key(root)) == Some(&root.uid)
    }

    /// Notes that it does.
    fn note(&self, root: &Root) {
        self.lock().insert(key(root), root.uid.clone());
    }

    /// Forgets a cluster that is gone.
    pub(super) fn forget(&self, key: &ClusterKey) {
        self.lock().remove(key);
    }

    /// A lock whose holder panicked protects plain data that is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<ClusterKey, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of the visit that found out.
pub(super) async fn begin(context: &Context, root: &Root) -> Result<Action, Error> {
    tracing::info!(namespace = root.namespace, cluster = root.name, "nothing is made any more: {MESSAGE}");
    context.endings.note(root);
    context.turns.end(&root.uid, Instant::now());
    go_on(context, root).await
}

/// One visit from then on. What a cluster lacks that is taken apart is nothing to be alarmed by, so that no
/// metric tells of it.
pub(super) async fn go_on(context: &Context, root: &Root) -> Result<Action, Error> {
    let reported = report(context, &view::ending(context, root, MESSAGE.to_owned())).await;
    context.metrics.forget(&key(root));
    let due = reported?;
    Ok(Action::requeue(due.unwrap_or_else(|| resync(context))))
}

fn key(root: &Root) -> ClusterKey {
    ClusterKey { namespace: root.namespace.clone(), name: root.name.clone() }
}
