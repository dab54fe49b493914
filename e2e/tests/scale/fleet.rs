//! Many RelayClusters, and when each of them came to what.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::ground::{TEST_MANAGER, condition, eventually};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, ResourceExt};
use relay_operator::api::RelayCluster;
use serde_json::{Value, json};

/// RelayClusters of a namespace.
const OF_A_NAMESPACE: usize = 20;
/// Applies at one time.
const AT_ONCE: usize = 32;

/// When a cluster was first seen to be Ready with its status about a generation or a later one.
type Seen = HashMap<(String, i64), Instant>;

/// All RelayClusters, watched.
#[derive(Clone)]
pub(crate) struct Fleet {
    client: Client,
    seen: Arc<Mutex<Seen>>,
}

impl Fleet {
    /// Watches what comes.
    pub(crate) fn watch(client: Client) -> Self {
        let fleet = Self { client: client.clone(), seen: Arc::default() };
        let seen = Arc::clone(&fleet.seen);
        tokio::spawn(async move {
            let all = Api::<RelayCluster>::all(client);
            let mut changes =
                pin!(watcher(all, watcher::Config::default()).default_backoff().touched_objects());
            while let Some(change) = changes.next().await {
                // A watch that breaks is begun anew by itself.
                if let Ok(relay) = change {
                    note(&relay, &mut lock(&seen));
                }
            }
        });
        fleet
    }

    /// Applies clusters with these numbers; how long each took to be Ready, in no order.
    pub(crate) async fn create(&self, numbers: std::ops::Range<usize>, limit: u64) -> Result<Vec<Duration>> {
        for namespace in numbers.start / OF_A_NAMESPACE..numbers.end.div_ceil(OF_A_NAMESPACE) {
            self.namespace(&format!("scale-{namespace}")).await?;
        }
        let applied = stream::iter(numbers.clone()).map(|number| async move {
            let began = Instant::now();
            self.edit(number, &json!({})).await.map(|generation| (number, generation, began))
        });
        let applied: Vec<_> = applied.buffer_unordered(AT_ONCE).try_collect().await?;
        let all_ready = || async {
            let seen = lock(&self.seen);
            let times = applied.iter().map(|(number, generation, began)| {
                Some(seen.get(&(name(*number), *generation))?.saturating_duration_since(*began))
            });
            Ok(times.collect::<Option<Vec<_>>>())
        };
        Ok(eventually("all RelayClusters are Ready", limit, all_ready).await?.0)
    }

    /// Makes a namespace.
    pub(crate) async fn namespace(&self, name: &str) -> Result<()> {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let namespaces = Api::<Namespace>::all(self.client.clone());
        namespaces.patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(namespace)).await?;
        Ok(())
    }

    /// Makes this the spec of a cluster; its generation.
    async fn edit(&self, number: usize, spec: &Value) -> Result<i64> {
        let relay = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": name(number) }, "spec": spec,
        });
        let namespace = format!("scale-{}", number / OF_A_NAMESPACE);
        let relays = Api::<RelayCluster>::namespaced(self.client.clone(), &namespace);
        let params = PatchParams::apply(TEST_MANAGER).force();
        let relay = relays.patch(&name(number), &params, &Patch::Apply(relay)).await?;
        relay.metadata.generation.context("no generation")
    }

    /// Edits a cluster, and waits until its status tells of the edit and the cluster is Ready.
    pub(crate) async fn time_of(&self, number: usize, spec: &Value) -> Result<Duration> {
        let began = Instant::now();
        let key = (name(number), self.edit(number, spec).await?);
        let told = || async { Ok(lock(&self.seen).get(&key).copied()) };
        let (told, _) = eventually("the status tells of the edit", 60, told).await?;
        Ok(told.saturating_duration_since(began))
    }
}

fn name(number: usize) -> String {
    format!("r-{number}")
}

fn note(relay: &RelayCluster, seen: &mut Seen) {
    let Some(status) = &relay.status else { return };
    if condition(relay, "Ready").is_some_and(|it| it.status == "True") {
        let key = (relay.name_any(), status.observed_generation);
        seen.entry(key).or_insert_with(Instant::now);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
