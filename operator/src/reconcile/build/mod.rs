//! The third step: the objects that a cluster is made of. Pure; one file for each.

mod account;
mod around;
mod boot;
mod budget;
mod config;
mod deployment;
mod inputs;
mod keys;
mod pod;
mod probes;
mod record;
mod redis;
mod redis_pod;
mod revision;
mod sentinel;
mod services;
mod spread;
mod volumes;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::ObjectMeta;

use super::names::labels;
use super::secret_value::Keys;
use super::validate::{Redis, Validated};

pub use around::WantedAround;
pub use config::FILE as SETTINGS_FILE;
pub(super) use deployment::build as deployment;
pub use pod::{PRE_STOP_SECONDS, grace_seconds};
pub use record::Record;
pub(crate) use redis_pod::PORT as REDIS_PORT;
pub(crate) use sentinel::{ADMIN, EACH, PORT as SENTINEL_PORT, PRIMARY};
pub use sentinel::{WantedSentinel, WantedSet};

/// Everything that a cluster should consist of, but for the Deployments of older revisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Identity of the relays, without rights.
    pub account: ServiceAccount,
    /// Admin token and publish key.
    pub keys: Secret,
    /// The live settings.
    pub config: ConfigMap,
    /// The managed Redis, if there is one.
    pub redis: Option<WantedRedis>,
    /// What clients connect to.
    pub service: Service,
    /// What peers, the operator and Prometheus find the relays with.
    pub peers: Service,
    /// Protection from voluntary disruptions, where that cannot block a node for ever.
    pub budget: Option<PodDisruptionBudget>,
    /// What stands around the relays for others to act on.
    pub around: WantedAround,
    /// Name of the revision that the spec asks for.
    pub revision: String,
    /// Its Deployment; the number of relays is the rollout's to say.
    pub deployment: Deployment,
}

/// The objects of the managed Redis.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedRedis {
    /// Its password, in the forms that it and the relays need.
    pub secret: Secret,
    /// Who serves it.
    pub servers: WantedServers,
}

/// Who serves the managed Redis.
#[derive(Clone, Debug, PartialEq)]
pub enum WantedServers {
    /// One server.
    One {
        /// Its address.
        service: Box<Service>,
        /// Its pod.
        server: Box<StatefulSet>,
    },
    /// Several, one of which the sentinels call the primary.
    Sentinel(Box<WantedSentinel>),
}

impl WantedServers {
    /// The workloads.
    #[must_use]
    pub fn sets(&self) -> Vec<&StatefulSet> {
        match self {
            Self::One { server, .. } => vec![server],
            Self::Sentinel(all) => vec![&all.data.pods, &all.sentinels.pods],
        }
    }

    /// The workloads, to be changed.
    pub(super) fn sets_mut(&mut self) -> Vec<&mut StatefulSet> {
        match self {
            Self::One { server, .. } => vec![server],
            Self::Sentinel(all) => vec![&mut all.data.pods, &mut all.sentinels.pods],
        }
    }
}

/// Builds all objects of a cluster.
#[must_use]
pub fn build(cluster: &Validated, keys: &Keys) -> Wanted {
    let relays = Record { inputs: inputs::relays(cluster), template: pod::template(cluster) };
    let revision = revision::of(&relays.template);
    Wanted {
        account: account::build(cluster),
        keys: keys::build(cluster, keys),
        config: config::build(cluster),
        redis: wanted_redis(cluster, keys),
        service: services::clients(cluster),
        peers: services::peers(cluster),
        budget: budget::build(cluster),
        around: around::build(cluster),
        deployment: deployment::build(cluster, &revision, &relays),
        revision,
    }
}

fn wanted_redis(cluster: &Validated, keys: &Keys) -> Option<WantedRedis> {
    let Redis::Managed(managed) = &cluster.redis else { return None };
    let servers = match &managed.sentinel {
        None => WantedServers::One {
            service: Box::new(redis::service(cluster)),
            server: Box::new(redis::server(cluster, managed, &keys.redis_password)),
        },
        Some(spec) => WantedServers::Sentinel(Box::new(sentinel::build(cluster, managed, spec, keys))),
    };
    Some(WantedRedis { secret: redis::secret(cluster, managed, keys), servers })
}

/// Metadata of a child: its name, its labels and the cluster as its controller.
fn metadata(cluster: &Validated, name: String, component: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(cluster.root.namespace.clone()),
        labels: Some(labels(&cluster.root.name, component)),
        owner_references: Some(vec![cluster.root.owner()]),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
