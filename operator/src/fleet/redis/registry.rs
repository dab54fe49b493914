//! Whom to ask, and what came of it last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::registry::lock;
use super::super::{ClusterKey, Fleet};
use super::View;
use crate::reconcile::secret_value::SecretValue;

/// How long a view is good.
const FRESH_FOR: Duration = Duration::from_secs(15);

/// What is known of managed Redis with sentinels. A clone knows the same. It has an entry for each
/// RelayCluster that has one.
#[derive(Clone, Debug, Default)]
pub struct Servers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entries: Mutex<HashMap<ClusterKey, Entry>>,
    hurry: Notify,
}

#[derive(Debug)]
struct Entry {
    password: SecretValue,
    view: Option<(Instant, View)>,
    /// The view that the cluster was last told of.
    told: Option<View>,
    hand_over: bool,
}

impl Servers {
    /// Has the servers of a cluster asked from now on, with this password.
    pub fn watch(&self, cluster: &ClusterKey, password: &SecretValue) {
        let mut entries = lock(&self.0.entries);
        if let Some(entry) = entries.get_mut(cluster) {
            entry.password = password.clone();
            return;
        }
        let entry = Entry { password: password.clone(), view: None, told: None, hand_over: false };
        entries.insert(cluster.clone(), entry);
        self.0.hurry.notify_one();
    }

    /// Has them asked no more.
    pub fn forget(&self, cluster: &ClusterKey) {
        lock(&self.0.entries).remove(cluster);
    }

    /// What their answers came to, if that is not long ago.
    #[must_use]
    pub fn view(&self, cluster: &ClusterKey) -> Option<View> {
        let entries = lock(&self.0.entries);
        let (at, view) = entries.get(cluster)?.view.as_ref()?;
        (at.elapsed() <= FRESH_FOR).then(|| view.clone())
    }

    /// Wishes for another primary. Whether there was one is for the next views to tell.
    pub fn hand_over(&self, cluster: &ClusterKey) {
        if let Some(entry) = lock(&self.0.entries).get_mut(cluster) {
            entry.hand_over = true;
            self.0.hurry.notify_one();
        }
    }

    /// Takes the wish for another primary.
    pub(super) fn take_hand_over(&self, cluster: &ClusterKey) -> bool {
        lock(&self.0.entries).get_mut(cluster).is_some_and(|entry| std::mem::take(&mut entry.hand_over))
    }

    /// All clusters whose servers are asked, and the passwords.
    pub(super) fn targets(&self) -> Vec<(ClusterKey, SecretValue)> {
        lock(&self.0.entries).iter().map(|(key, entry)| (key.clone(), entry.password.clone())).collect()
    }

    /// Waits until somebody is in a hurry.
    pub(super) async fn hurried(&self) {
        self.0.hurry.notified().await;
    }

    /// Notes a view; `false` when the cluster should be told of a change and the queue is full. What
    /// could not be told is told after the next round.
    pub(super) fn note(&self, cluster: &ClusterKey, view: View, fleet: &Fleet) -> bool {
        let mut entries = lock(&self.0.entries);
        let Some(entry) = entries.get_mut(cluster) else { return true };
        entry.view = Some((Instant::now(), view.clone()));
        if entry.told.as_ref() == Some(&view) {
            return true;
        }
        let told = fleet.announce(cluster);
        if told {
            entry.told = Some(view);
        }
        told
    }
}
