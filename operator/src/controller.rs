//! The watches, and when a cluster is visited.
//!
//! All watches but that of pods carry metadata only and select by label: what others store in the
//! cluster costs this process nothing. The spec is read at the visit. Of clusters only another spec
//! or a restart is news; of what is theirs every change is, deletions above all ([`news`]).

mod late;
mod news;
mod patience;
mod relist;
mod slim;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt as _, stream};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::PartialObjectMeta;
use kube::runtime::controller::{self, Action};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Resource, ResourceExt};
use tokio_util::sync::CancellationToken;

use crate::api::RelayCluster;
use crate::backoff::Backoff;
use crate::fleet::{Changes, ClusterKey};
use crate::options::MANAGED_BY;
use crate::reconcile::names::CLUSTER;
use crate::reconcile::{Context, Error, reconcile};

use self::news::{Reader, child, itself, news};
use self::patience::Patience;
use self::relist::relisting;

/// A cluster as its watch knows it.
type Cluster = PartialObjectMeta<RelayCluster>;

/// Visits at one time.
const CONCURRENCY: u16 = 16;

/// Changes that come within this time are one visit.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// How long a visit may take.
const VISIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Objects of one answer to a list. All watches begin at the same time, and an object comes with the
/// fields of all its managers, of which a page of the usual 500 takes tens of megabytes.
const PAGE: u32 = 50;

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
    let shared = Arc::new(Shared { context, backoff: Backoff::default() });
    let context = &shared.context;
    let clusters: Api<Cluster> = api(context);
    let (reader, writer) = reflector::store();
    let resync = context.options.resync;
    let all = watcher::Config::default().page_size(PAGE);
    let specs = relisting(clusters, all, resync).backoff(Patience::default());
    let specs = specs.modify(slim::slim_cluster).reflect(writer);
    // Whom to visit is said by what comes below; a stream of its own would say it twice.
    let controller = Controller::for_stream(stream::pending(), reader)
        .with_config(controller::Config::default().concurrency(CONCURRENCY).debounce(DEBOUNCE))
        .reconcile_on(news(specs, itself()))
        .reconcile_on(pods_news(api(context), resync, pods.writer))
        .reconcile_on(changes.map(|key| ObjectRef::new(&key.name).within(&key.namespace)))
        .graceful_shutdown_on(shutdown.cancelled_owned());
    let controller = late::children(children(controller, context), context);
    let visits =
        controller.run(visit, |cluster, error, shared| retry(&cluster, error, &shared), Arc::clone(&shared));
    visits
        .for_each(|result| {
            note(result.err(), &shared);
            std::future::ready(())
        })
        .await;
}

/// Notes what is no error of a visit: a cluster that is gone.
fn note(error: Option<controller::Error<Error, watcher::Error>>, shared: &Shared) {
    if let Some(controller::Error::ObjectNotFound(gone)) = error {
        let key = ClusterKey { namespace: gone.namespace.unwrap_or_default(), name: gone.name };
        shared.context.forget(&key);
        shared.backoff.succeeded(&key);
    }
}

/// What all watches of children select by.
fn config() -> watcher::Config {
    let labels = format!("{}={}", MANAGED_BY.0, MANAGED_BY.1);
    watcher::Config::default().labels(&labels).page_size(PAGE)
}

/// Watches all kinds of children that every Kubernetes has.
fn children(controller: Controller<Cluster>, context: &Context) -> Controller<Cluster> {
    controller
        .reconcile_on(child_news::<Deployment>(context))
        .reconcile_on(optional_news::<StatefulSet>(context))
        .reconcile_on(child_news::<Service>(context))
        .reconcile_on(child_news::<PodDisruptionBudget>(context))
        .reconcile_on(optional_news::<Ingress>(context))
        .reconcile_on(child_news::<NetworkPolicy>(context))
        .reconcile_on(child_news::<ServiceAccount>(context))
        .reconcile_on(child_news::<ConfigMap>(context))
        .reconcile_on(child_news::<Secret>(context))
}

/// A kind of children.
trait Kind:
    Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
    + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
}

impl<K> Kind for K where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + Send
        + Sync
        + 'static
{
}

/// The clusters of which an object of this kind changes.
fn child_news<K: Kind>(context: &Context) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static {
    let objects = api::<PartialObjectMeta<K>>(context);
    news(watcher(objects, config()).backoff(Patience::default()), child())
}

/// The same of a kind that a spec need not ask for: visits know by its watch what there is none of.
fn optional_news<K: Kind>(context: &Context) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static {
    let objects = api::<PartialObjectMeta<K>>(context);
    let absent = Arc::clone(&context.absent);
    let watch = relisting(objects, config(), context.options.resync).backoff(Patience::default());
    news(watch.inspect(move |event| absent.note(event)), child())
}

/// The clusters of which a pod changes, which `writer` learns of first.
fn pods_news(
    api: Api<Pod>,
    resync: Duration,
    writer: reflector::store::Writer<Pod>,
) -> impl Stream<Item = ObjectRef<Cluster>> + Send + 'static {
    let watch = relisting(api, config(), resync).backoff(Patience::default());
    let watch = watch.modify(slim::slim).reflect(writer);
    news(watch, Reader { cluster: cluster_of, ..child() })
}

fn cluster_of(pod: &Pod) -> Option<ClusterKey> {
    Some(ClusterKey { namespace: pod.namespace()?, name: pod.labels().get(CLUSTER)?.clone() })
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

/// When to try again: later and later, and after a conflict in half of the time.
fn retry(cluster: &Cluster, error: &Error, shared: &Shared) -> Action {
    let key = key(cluster);
    let metrics = &shared.context.metrics;
    metrics.error(error.label());
    let delay = shared.backoff.failed(&key);
    if error.is_conflict() {
        metrics.reconciled("conflict");
        tracing::info!(namespace = key.namespace, cluster = key.name, %error, "somebody else wrote; looking again");
        return Action::requeue(delay / 2);
    }
    metrics.reconciled("error");
    tracing::warn!(namespace = key.namespace, cluster = key.name, %error, ?delay, "visit failed");
    Action::requeue(delay)
}

fn key(cluster: &Cluster) -> ClusterKey {
    ClusterKey { namespace: cluster.namespace().unwrap_or_default(), name: cluster.name_any() }
}

fn api<K>(context: &Context) -> Api<K>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match &context.options.watch_namespace {
        Some(namespace) => Api::namespaced(context.client.clone(), namespace),
        None => Api::all(context.client.clone()),
    }
}
