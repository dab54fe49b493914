//! The task that asks servers and sentinels, and has them hand over.

use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::runtime::reflector::Store;
use tokio::time::Instant;

use super::super::{ClusterKey, Fleet};
use super::Servers;
use super::ask::{Sentinel, Server};
use super::hand_over::Parties;
use super::view::{Member, Replication, View, Watcher};
use crate::metrics::Metrics;
use crate::reconcile::build::EACH;
use crate::reconcile::names::{CLUSTER, COMPONENT, Names, REDIS_DATA, SENTINEL};
use crate::reconcile::secret_value::SecretValue;

/// Clusters whose servers are asked at one time.
const AT_ONCE: usize = 16;

/// Asks all of them, round after round.
pub struct Engine {
    servers: Servers,
    fleet: Fleet,
    pods: Store<Pod>,
    metrics: Metrics,
    every: Duration,
}

/// A pod that is asked, and where.
type Address = (Member, IpAddr);

impl Engine {
    /// An engine that asks the servers among `pods`, each once in `every`.
    #[must_use]
    pub fn new(servers: Servers, fleet: Fleet, pods: Store<Pod>, metrics: Metrics, every: Duration) -> Self {
        Self { servers, fleet, pods, metrics, every }
    }

    /// Asks until it is dropped.
    pub async fn run(self) {
        loop {
            let next = Instant::now() + self.every;
            let targets = stream::iter(self.servers.targets());
            targets.for_each_concurrent(AT_ONCE, |target| async { self.visit(target).await }).await;
            // Whoever is in a hurry has everybody asked earlier: there is little to ask.
            let _ = tokio::time::timeout_at(next, self.servers.hurried()).await;
        }
    }

    async fn visit(&self, (cluster, password): (ClusterKey, SecretValue)) {
        let data = self.addresses(&cluster, REDIS_DATA, &Names(&cluster.name).redis_data());
        let sentinels = self.addresses(&cluster, SENTINEL, &Names(&cluster.name).sentinel());
        let mut view = look(&data, &sentinels, &password).await;
        if self.servers.take_hand_over(&cluster) {
            self.hand_over(&cluster, &view, &data, &sentinels, &password).await;
            view = look(&data, &sentinels, &password).await;
        }
        if !self.servers.note(&cluster, view, &self.fleet) {
            self.metrics.drop_of("fleet_changes");
        }
    }

    async fn hand_over(
        &self,
        cluster: &ClusterKey,
        view: &View,
        data: &[Address],
        sentinels: &[Address],
        password: &SecretValue,
    ) {
        let ClusterKey { namespace, name } = cluster;
        let Some(parties) = parties(view, data, sentinels, password) else {
            tracing::info!(
                namespace,
                cluster = name,
                "no hand-over: the primary or its replicas are not known"
            );
            return;
        };
        let began = Instant::now();
        match parties.hand_over().await {
            Ok(()) => {
                tracing::info!(namespace, cluster = name, took = ?began.elapsed(), "the primary of Redis was handed over");
            }
            Err(error) => tracing::info!(namespace, cluster = name, %error, "no hand-over"),
        }
    }

    /// The pods of a StatefulSet, by name. A pod with copied labels is not handed the password.
    fn addresses(&self, cluster: &ClusterKey, component: &str, set: &str) -> Vec<Address> {
        let belongs = |pod: &Pod| {
            let label = |key: &str, value: &str| pod.labels().get(key).is_some_and(|it| it == value);
            let owned = |owner: &k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference| {
                owner.controller == Some(true) && owner.kind == "StatefulSet" && owner.name == set
            };
            pod.namespace().as_deref() == Some(cluster.namespace.as_str())
                && label(CLUSTER, &cluster.name)
                && label(COMPONENT, component)
                && pod.owner_references().iter().any(owned)
        };
        let pods = self.pods.state();
        let mut all: Vec<_> =
            pods.iter().filter(|pod| belongs(pod)).filter_map(|pod| address(pod)).take(EACH.into()).collect();
        all.sort();
        all
    }
}

fn address(pod: &Pod) -> Option<Address> {
    let address = pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()?;
    Some((Member { name: pod.name_any(), uid: pod.uid().unwrap_or_default() }, address))
}

/// Asks all at once; who does not answer is left out.
async fn look(data: &[Address], sentinels: &[Address], password: &SecretValue) -> View {
    let servers = join_all(data.iter().map(|(member, address)| async {
        let says = server(*address, password).await.ok()?;
        Some((member.clone(), says))
    }));
    let watchers = join_all(sentinels.iter().map(|(_, address)| watcher(*address, password)));
    let (servers, watchers) = futures::join!(servers, watchers);
    let servers: Vec<_> = servers.into_iter().flatten().collect();
    let watchers: Vec<_> = watchers.into_iter().flatten().collect();
    View::of(&servers, &watchers)
}

async fn server(address: IpAddr, password: &SecretValue) -> redis::RedisResult<Replication> {
    Server::connect(address, password).await?.replication().await
}

async fn watcher(address: IpAddr, password: &SecretValue) -> redis::RedisResult<Watcher> {
    Sentinel::connect(address, password).await?.look().await
}

/// Who takes part in a hand-over; nobody unless all replicas are known and in sync.
fn parties<'a>(
    view: &'a View,
    data: &[Address],
    sentinels: &[Address],
    password: &'a SecretValue,
) -> Option<Parties<'a>> {
    let member = view.primary.as_ref()?;
    let (_, primary) = data.iter().find(|(it, _)| it == member)?;
    let others = || data.iter().filter(|(it, _)| it != member);
    let ready = view.quorum && others().count() > 0 && others().all(|(it, _)| view.in_sync.contains(&it.uid));
    let replicas = others().map(|(_, address)| *address).collect();
    let (_, sentinel) = sentinels.first()?;
    ready.then_some(Parties { primary: (member, *primary), replicas, sentinel: *sentinel, password })
}
