//! The watches, and when a cluster is visited.
//!
//! All watches but that of pods carry metadata only and select by label: what others store in the
//! cluster costs this process nothing. The spec is read at the visit. The watch of clusters lets
//! changes of the spec and restarts pass and nothing else; the others let everything pass, deletions above all.

mod late;
mod slim;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt as _};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::PartialObjectMeta;
use kube::runtime::controller::{self, Action};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{Controller, Predicate as _, PredicateConfig, WatchStreamExt as _, predicates, watcher};
use kube::{Api, Client, ResourceExt};
use tokio_util::sync::CancellationToken;

use crate::api::RelayCluster;
use crate::backoff::Backoff;
use crate::fleet::{Changes, ClusterKey};
use crate::options::MANAGED_BY;
use crate::reconcile::names::{CLUSTER, RESTARTED_AT};
use crate::reconcile::{Context, Error, reconcile};

/// A cluster as its watch knows it.
type Cluster = PartialObjectMeta<RelayCluster>;

/// Visits at one time.
const CONCURRENCY: u16 = 16;

/// Changes that come within this time are one visit.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// How long a visit may take.
const VISIT_TIMEOUT: Duration = Duration::from_secs(60);

struct Shared {
    context: Context,
    backoff: Backoff,
}

/// The pods of all clusters: a store that [`run`] fills, and its writer.
pub struct Pods {
    /// What is known.
    pub store: Store<Pod>,
    writer: reflector::store::Writer<Pod>,
}

impl Default for Pods {
    fn default() -> Self {
        let (store, writer) = reflector::store();
        Self { store, writer }
    }
}

/// Visits clusters whenever something of theirs changes, until `shutdown`; visits that are under
/// way are ended.
pub async fn run(context: Context, pods: Pods, changes: Changes, shutdown: CancellationToken) {
    let client = context.client.clone();
    let scope = context.options.watch_namespace.clone();
    let shared = Arc::new(Shared { context, backoff: Backoff::default() });
    let clusters: Api<Cluster> = api(&client, scope.as_deref());
    let (reader, writer) = reflector::store();
    let stream = watcher(clusters, watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .touched_objects()
        .predicate_filter(predicates::generation.combine(restarts), PredicateConfig::default());
    let controller = Controller::for_stream(stream, reader)
        .with_config(controller::Config::default().concurrency(CONCURRENCY).debounce(DEBOUNCE))
        .watches_stream(pod_stream(api(&client, scope.as_deref()), pods.writer), |pod| cluster_of(&pod))
        .reconcile_on(changes.map(|key| ObjectRef::new(&key.name).within(&key.namespace)))
        .graceful_shutdown_on(shutdown.cancelled_owned());
    let controller = children(controller, &client, scope.as_deref());
    let discovery = Arc::clone(&shared.context.discovery);
    let visits = late::children(controller, &client, scope.as_deref(), &discovery).run(
        visit,
        |cluster, error, shared| retry(&cluster, error, &shared),
        Arc::clone(&shared),
    );
    visits
        .for_each(|result| {
            note(result.err(), &shared);
            std::future::ready(())
        })
        .await;
}

/// Notes what is no error of a visit: a watch that broke, and a cluster that is gone.
fn note(error: Option<controller::Error<Error, watcher::Error>>, shared: &Shared) {
    match error {
        Some(controller::Error::ObjectNotFound(gone)) => {
            let key = ClusterKey { namespace: gone.namespace.unwrap_or_default(), name: gone.name };
            shared.context.forget(&key);
            shared.backoff.succeeded(&key);
        }
        Some(error @ controller::Error::QueueError(_)) => {
            tracing::warn!(%error, "watch failed; it is tried again");
        }
        _ => {}
    }
}

/// What all watches of children select by.
fn config() -> watcher::Config {
    watcher::Config::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1))
}

/// Watches all kinds of children that every Kubernetes has.
fn children(controller: Controller<Cluster>, client: &Client, scope: Option<&str>) -> Controller<Cluster> {
    controller
        .owns(api::<PartialObjectMeta<Deployment>>(client, scope), config())
        .owns(api::<PartialObjectMeta<StatefulSet>>(client, scope), config())
        .owns(api::<PartialObjectMeta<Service>>(client, scope), config())
        .owns(api::<PartialObjectMeta<PodDisruptionBudget>>(client, scope), config())
        .owns(api::<PartialObjectMeta<Ingress>>(client, scope), config())
        .owns(api::<PartialObjectMeta<NetworkPolicy>>(client, scope), config())
        .owns(api::<PartialObjectMeta<ServiceAccount>>(client, scope), config())
        .owns(api::<PartialObjectMeta<ConfigMap>>(client, scope), config())
        .owns(api::<PartialObjectMeta<Secret>>(client, scope), config())
}

/// What a person changes beside the spec: the annotation that asks for new relays.
fn restarts(cluster: &Cluster) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    cluster.annotations().get(RESTARTED_AT).hash(&mut hasher);
    Some(hasher.finish())
}

/// All changes of the clusters' pods, which `writer` learns of first.
fn pod_stream(
    api: Api<Pod>,
    writer: reflector::store::Writer<Pod>,
) -> impl Stream<Item = Result<Pod, watcher::Error>> {
    watcher(api, config()).default_backoff().modify(slim::slim).reflect(writer).touched_objects()
}

fn cluster_of(pod: &Pod) -> Option<ObjectRef<Cluster>> {
    Some(ObjectRef::new(pod.labels().get(CLUSTER)?).within(&pod.namespace()?))
}

async fn visit(cluster: Arc<Cluster>, shared: Arc<Shared>) -> Result<Action, Error> {
    let key = key(&cluster);
    let visit = async {
        shared.context.pods_known().await;
        reconcile(&shared.context, &key).await
    };
    let began = Instant::now();
    let visit = tokio::time::timeout(VISIT_TIMEOUT, visit).await;
    shared.context.metrics.visited(began.elapsed());
    let result = visit.unwrap_or(Err(Error::Timeout(VISIT_TIMEOUT)));
    if result.is_ok() {
        shared.backoff.succeeded(&key);
        shared.context.metrics.reconciled("ok");
    }
    result
}

/// When to try again: soon after a conflict, later and later after anything else.
fn retry(cluster: &Cluster, error: &Error, shared: &Shared) -> Action {
    let key = key(cluster);
    let metrics = &shared.context.metrics;
    metrics.error(error.label());
    if error.is_conflict() {
        metrics.reconciled("conflict");
        tracing::info!(namespace = key.namespace, cluster = key.name, %error, "somebody else wrote; looking again");
        return Action::requeue(Duration::from_millis(500));
    }
    metrics.reconciled("error");
    let delay = shared.backoff.failed(&key);
    tracing::warn!(namespace = key.namespace, cluster = key.name, %error, ?delay, "visit failed");
    Action::requeue(delay)
}

fn key(cluster: &Cluster) -> ClusterKey {
    ClusterKey { namespace: cluster.namespace().unwrap_or_default(), name: cluster.name_any() }
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
