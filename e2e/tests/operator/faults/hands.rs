//! What a real cluster does to the objects of the operator, and this API server alone does not:
//! the controllers of workloads, kubelets whose pods are ready at once, and the garbage collector.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use e2e::ground::TEST_MANAGER;
use futures::StreamExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, ListParams, PartialObjectMeta, Patch, PatchParams};
use kube::runtime::controller::{Action, Config};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, watcher};
use kube::{Client, Resource, ResourceExt};
use relay_operator::api::RelayCluster;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Works in the namespaces that it is told of, until it is dropped.
pub(super) struct Hands {
    shared: Arc<Shared>,
    work: JoinHandle<()>,
}

struct Shared {
    client: Client,
    places: Mutex<HashMap<String, Known>>,
}

/// What is known of a namespace.
struct Known {
    /// The fewest ready relays so far.
    lowest: usize,
    /// The uid of its first cluster.
    first: Option<String>,
}

impl Hands {
    pub(super) fn start(client: Client) -> Self {
        let shared = Arc::new(Shared { client, places: Mutex::default() });
        let work = tokio::spawn(work(Arc::clone(&shared)));
        Self { shared, work }
    }

    /// Begins to work in a namespace.
    pub(super) fn enter(&self, namespace: &str) {
        self.shared.places().insert(namespace.to_owned(), Known { lowest: usize::MAX, first: None });
    }

    /// Counts the fewest ready relays from now on.
    pub(super) fn count(&self, namespace: &str) {
        self.shared.places().entry(namespace.to_owned()).and_modify(|it| it.lowest = usize::MAX);
    }

    /// The fewest ready relays that were counted; stops working there.
    pub(super) fn leave(&self, namespace: &str) -> usize {
        self.shared.places().remove(namespace).map_or(0, |it| it.lowest)
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work(shared: Arc<Shared>) {
    let client = &shared.client;
    let place = |namespace: Option<String>| namespace.map(|name| ObjectRef::<Namespace>::new(&name));
    let deployments = Api::<PartialObjectMeta<Deployment>>::all(client.clone());
    let servers = Api::<PartialObjectMeta<StatefulSet>>::all(client.clone());
    let clusters = Api::<PartialObjectMeta<RelayCluster>>::all(client.clone());
    Controller::new(Api::<Namespace>::all(client.clone()), watcher::Config::default())
        .with_config(Config::default().concurrency(16))
        .watches(deployments, watcher::Config::default(), move |it| place(it.namespace()))
        .watches(servers, watcher::Config::default(), move |it| place(it.namespace()))
        .watches(clusters, watcher::Config::default(), move |it| place(it.namespace()))
        .run(step, |_, _, _| Action::requeue(Duration::from_millis(200)), Arc::clone(&shared))
        .for_each(|_| std::future::ready(()))
        .await;
}

/// A failed step is taken again.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Failed(#[from] anyhow::Error);

async fn step(place: Arc<Namespace>, shared: Arc<Shared>) -> Result<Action, Failed> {
    let namespace = place.name_any();
    let Some(first) = shared.places().get(&namespace).map(|it| it.first.clone()) else {
        return Ok(Action::await_change());
    };
    let hands = Place { client: &shared.client, namespace: &namespace };
    let owner = hands.owner().await?;
    let orphaned = first.is_some() && first != owner;
    if orphaned {
        hands.collect_garbage(owner.as_deref()).await?;
    }
    let ready = hands.run_pods().await?;
    if let Some(known) = shared.places().get_mut(&namespace) {
        known.lowest = ready.min(known.lowest);
        known.first = known.first.take().or(owner);
    }
    // What is made for a cluster after its end is collected, too.
    Ok(if orphaned { Action::requeue(Duration::from_secs(1)) } else { Action::await_change() })
}

struct Place<'a> {
    client: &'a Client,
    namespace: &'a str,
}

/// A Deployment or a StatefulSet, as far as its pods are concerned.
struct Workload {
    name: String,
    labels: BTreeMap<String, String>,
    replicas: i32,
    relay: bool,
}

impl Place<'_> {
    fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    /// The uid of the cluster that there is.
    async fn owner(&self) -> Result<Option<String>> {
        let owner = self.api::<PartialObjectMeta<RelayCluster>>().get_opt("hello").await?;
        Ok(owner.and_then(|it| it.uid()))
    }

    /// Removes what belongs to other clusters than this one.
    async fn collect_garbage(&self, owner: Option<&str>) -> Result<()> {
        self.collect::<Deployment>(owner).await?;
        self.collect::<StatefulSet>(owner).await?;
        self.collect::<Service>(owner).await?;
        self.collect::<ConfigMap>(owner).await?;
        self.collect::<Secret>(owner).await?;
        self.collect::<ServiceAccount>(owner).await?;
        self.collect::<Ingress>(owner).await?;
        self.collect::<NetworkPolicy>(owner).await?;
        self.collect::<PodDisruptionBudget>(owner).await
    }

    async fn collect<K>(&self, owner: Option<&str>) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        for object in self.api::<PartialObjectMeta<K>>().list(&ListParams::default()).await? {
            let owned = object.owner_references();
            if !owned.is_empty() && owned.iter().all(|it| Some(it.uid.as_str()) != owner) {
                gone(self.api::<K>().delete(&object.name_any(), &DeleteParams::background()).await)?;
            }
        }
        Ok(())
    }

    /// Makes the pods that the workloads ask for, and removes all others; how many relays were ready
    /// at the worst moment.
    async fn run_pods(&self) -> Result<usize> {
        let workloads = self.workloads().await?;
        let pods = self.api::<Pod>();
        let wanted: BTreeMap<_, _> = workloads
            .iter()
            .flat_map(|one| (0..one.replicas).map(move |number| (format!("{}-{number}", one.name), one)))
            .collect();
        let mut there = Vec::new();
        for pod in pods.list(&ListParams::default()).await? {
            let name = pod.name_any();
            if wanted.contains_key(&name) {
                there.push(name);
            } else {
                gone(pods.delete(&name, &DeleteParams::default().grace_period(0)).await)?;
            }
        }
        let ready = there.iter().filter(|name| wanted.get(*name).is_some_and(|one| one.relay)).count();
        for (name, workload) in wanted.iter().filter(|(name, _)| !there.contains(name)) {
            pods.patch(name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(pod(workload, name))).await?;
            pods.patch_status(name, &PatchParams::default(), &Patch::Merge(running())).await?;
        }
        self.tell(&workloads).await?;
        Ok(ready)
    }

    async fn workloads(&self) -> Result<Vec<Workload>> {
        let mut all = Vec::new();
        for one in self.api::<Deployment>().list(&ListParams::default()).await? {
            let name = one.name_any();
            let spec = one.spec.unwrap_or_default();
            let labels = spec.template.metadata.and_then(|it| it.labels).unwrap_or_default();
            all.push(Workload { name, labels, replicas: spec.replicas.unwrap_or(1), relay: true });
        }
        for one in self.api::<StatefulSet>().list(&ListParams::default()).await? {
            let name = one.name_any();
            let spec = one.spec.unwrap_or_default();
            let labels = spec.template.metadata.and_then(|it| it.labels).unwrap_or_default();
            all.push(Workload { name, labels, replicas: spec.replicas.unwrap_or(1), relay: false });
        }
        Ok(all)
    }

    /// Says in the status of the workloads that all of their pods are ready.
    async fn tell(&self, workloads: &[Workload]) -> Result<()> {
        for Workload { name, replicas, relay, .. } in workloads {
            let status = json!({ "status": {
                "replicas": replicas, "readyReplicas": replicas,
                "updatedReplicas": replicas, "availableReplicas": replicas,
            }});
            let (params, patch) = (PatchParams::default(), Patch::Merge(status));
            if *relay {
                gone(self.api::<Deployment>().patch_status(name, &params, &patch).await)?;
            } else {
                gone(self.api::<StatefulSet>().patch_status(name, &params, &patch).await)?;
            }
        }
        Ok(())
    }
}

/// What is gone already needs no hand.
fn gone<T>(result: Result<T, kube::Error>) -> Result<()> {
    match result {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn pod(workload: &Workload, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "labels": workload.labels,
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                "name": workload.name, "uid": workload.name,
            }],
        },
        "spec": { "containers": [{ "name": "relay", "image": "localhost/none:1" }] },
    })
}

fn running() -> Value {
    json!({ "status": {
        "phase": "Running", "podIP": "127.0.0.1", "podIPs": [{ "ip": "127.0.0.1" }],
        "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" }],
    }})
}
