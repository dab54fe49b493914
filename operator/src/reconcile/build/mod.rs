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
    /// Its address.
    pub service: Service,
    /// Its pod.
    pub server: StatefulSet,
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
    let secret = redis::secret(cluster, &keys.redis_password);
    let server = redis::server(cluster, managed, &keys.redis_password);
    Some(WantedRedis { secret, service: redis::service(cluster), server })
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
