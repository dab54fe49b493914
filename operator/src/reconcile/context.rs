//! What all visits share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::Store;
use kube::{Client, ResourceExt};

use super::absent::Absent;
use super::around::discovery::Discovery;
use super::endings::Endings;
use super::names::{CLUSTER, COMPONENT, REDIS_DATA, SET_REVISION};
use super::observed::Root;
use super::pods::RelayPod;
use super::redis_roll::Server;
use super::secret_value::Keys;
use super::turns::Turns;
use crate::fleet::redis::Servers;
use crate::fleet::{Autoscalers, ClusterKey, Fleet};
use crate::metrics::Metrics;
use crate::options::{FIELD_MANAGER, Options};

/// Time between two looks at whether the pods are known.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What all visits share.
pub struct Context {
    /// The way to the API server.
    pub client: Client,
    /// Settings of the process.
    pub options: Arc<Options>,
    /// Which kinds there are.
    pub discovery: Arc<Discovery>,
    /// What there is none of.
    pub absent: Arc<Absent>,
    /// What is known of the relays.
    pub fleet: Fleet,
    /// What is known of managed Redis with sentinels.
    pub servers: Servers,
    /// What the autoscalers wished for lately.
    pub autoscalers: Autoscalers,
    /// Where things are counted.
    pub metrics: Metrics,
    /// Whose turn it is to have its pods replaced after an upgrade of the operator.
    pub(super) turns: Turns,
    /// Whose namespace is being deleted.
    pub(super) endings: Endings,
    pods: Store<Pod>,
    recorder: Recorder,
    /// Keys of the clusters that were visited, so that an edit by hand can be undone. One entry
    /// for each RelayCluster that exists.
    keys: Mutex<HashMap<String, Keys>>,
    uids: Mutex<HashMap<ClusterKey, String>>,
}

impl Context {
    /// What visits share that see the pods in `pods`.
    #[must_use]
    pub fn new(
        client: Client,
        options: Arc<Options>,
        fleet: Fleet,
        metrics: Metrics,
        pods: Store<Pod>,
    ) -> Self {
        let recorder = Recorder::new(client.clone(), Reporter::from(FIELD_MANAGER));
        let (keys, uids) = (Mutex::default(), Mutex::default());
        let discovery = Arc::new(Discovery::new(client.clone()));
        let (autoscalers, servers, turns) = (Autoscalers::default(), Servers::default(), Turns::default());
        Self {
            client,
            options,
            discovery,
            absent: Arc::default(),
            fleet,
            servers,
            autoscalers,
            metrics,
            turns,
            endings: Endings::default(),
            pods,
            recorder,
            keys,
            uids,
        }
    }

    /// Where events go.
    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Waits until the pods are known. A visit before that would take all relays for gone.
    pub async fn pods_known(&self) {
        // The writer lives as long as the watches; without it there is nothing to wait for. Of many
        // who wait only one is woken at times; whoever is not looks again.
        while tokio::time::timeout(LOOK_AGAIN, self.pods.wait_until_ready()).await.is_err() {}
    }

    /// The pods of a cluster, in order of their names.
    #[must_use]
    pub fn pods_of(&self, root: &Root) -> Vec<RelayPod> {
        let belongs = |pod: &Pod| {
            pod.metadata.namespace.as_deref() == Some(root.namespace.as_str())
                && pod.labels().get(CLUSTER) == Some(&root.name)
        };
        let pods = self.pods.state();
        let mut found: Vec<_> =
            pods.iter().filter(|pod| belongs(pod)).filter_map(|pod| RelayPod::parse(pod)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// The pods of the servers of a managed Redis with sentinels, in order of their names.
    #[must_use]
    pub fn servers_of(&self, root: &Root) -> Vec<Server> {
        let label = |pod: &Pod, key: &str| pod.labels().get(key).cloned().unwrap_or_default();
        let belongs = |pod: &Pod| {
            pod.namespace().as_deref() == Some(root.namespace.as_str())
                && label(pod, CLUSTER) == root.name
                && label(pod, COMPONENT) == REDIS_DATA
        };
        let pods = self.pods.state();
        let server =
            |pod: &Pod| Some(Server { pod: RelayPod::parse(pod)?, revision: label(pod, SET_REVISION) });
        let mut found: Vec<_> =
            pods.iter().filter(|pod| belongs(pod)).filter_map(|pod| server(pod)).collect();
        found.sort_by(|a, b| a.pod.name.cmp(&b.pod.name));
        found
    }

    /// The keys that a cluster had at the last visit.
    pub(super) fn remembered(&self, uid: &str) -> Option<Keys> {
        lock(&self.keys).get(uid).cloned()
    }

    /// Keeps the keys of a cluster.
    pub(super) fn remember(&self, root: &Root, keys: &Keys) {
        let key = ClusterKey { namespace: root.namespace.clone(), name: root.name.clone() };
        let before = lock(&self.uids).insert(key, root.uid.clone());
        let mut all = lock(&self.keys);
        if let Some(before) = before.filter(|before| *before != root.uid) {
            all.remove(&before);
            self.autoscalers.forget(&before);
            self.turns.end(&before, Instant::now());
        }
        all.insert(root.uid.clone(), keys.clone());
    }

    /// Forgets a cluster that is gone.
    pub(crate) fn forget(&self, key: &ClusterKey) {
        self.metrics.forget(key);
        self.fleet.forget(key);
        self.servers.forget(key);
        self.endings.forget(key);
        if let Some(uid) = lock(&self.uids).remove(key) {
            lock(&self.keys).remove(&uid);
            self.autoscalers.forget(&uid);
            self.turns.end(&uid, Instant::now());
        }
    }
}

/// A lock whose holder panicked protects plain data that is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
