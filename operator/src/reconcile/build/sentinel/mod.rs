//! The managed Redis with sentinels: three servers that hold the same, and three sentinels that say
//! which of them is the primary. Nobody else says so: the operator only ever asks for a hand-over.
//!
//! Servers and sentinels are known by the names that the headless Services give their pods, so that
//! a pod may come back with another address.

mod data;
mod pod;
mod watch;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{PodTemplateSpec, Service};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::names::{Names, REDIS_DATA, SENTINEL, selector};
use super::super::secret_value::Keys;
use super::super::validate::{Managed, Validated};
use super::record::Record;
use super::{inputs, metadata, services};
use crate::api::ManagedSentinel;

/// What sentinels and relays call the servers together.
pub(crate) const PRIMARY: &str = "relay";
/// Servers, and sentinels: a majority is left when one is gone.
pub(crate) const EACH: u16 = 3;
/// Port of a sentinel.
pub(crate) const PORT: u16 = 26_379;
/// Account of those who run Redis: its servers, the sentinels, the operator.
pub(crate) const ADMIN: &str = "admin";
/// Key of that account's password.
pub(crate) const ADMIN_PASSWORD: &str = "adminPassword";
/// Key of the access list of the sentinels.
pub(super) const ACL_FILE: &str = "sentinel.acl";

/// The objects of servers and sentinels.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedSentinel {
    /// The servers.
    pub data: WantedSet,
    /// Those who say which one is the primary.
    pub sentinels: WantedSet,
}

/// Three pods with names of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedSet {
    /// What gives the pods their names.
    pub service: Service,
    /// The pods.
    pub pods: StatefulSet,
    /// At most one of them at a time is taken from its node.
    pub budget: PodDisruptionBudget,
}

/// Servers and sentinels of a cluster.
pub(super) fn build(
    cluster: &Validated,
    managed: &Managed,
    sentinel: &ManagedSentinel,
    keys: &Keys,
) -> WantedSentinel {
    WantedSentinel {
        data: data::build(cluster, managed, sentinel, keys),
        sentinels: watch::build(cluster, managed, sentinel, keys),
    }
}

/// Lines that the access list of the servers has besides that of the relays, and the access list of the
/// sentinels: relays may ask them for the primary, and for nothing else.
pub(super) fn access_lists(keys: &Keys) -> (String, String) {
    let hash = keys.redis_admin_password.sha256();
    let admin = format!("user {ADMIN} on sanitize-payload #{hash} ~* &* +@all\n");
    let relays = keys.redis_password.sha256();
    let may = "-@all +@connection -@admin +ping +sentinel|get-master-addr-by-name +sentinel|ckquorum";
    (admin.clone(), format!("user default on #{relays} resetchannels {may}\n{admin}"))
}

/// The URL by which relays find the primary.
pub(super) fn url(cluster: &Validated) -> String {
    let hosts: Vec<_> =
        hosts(&Names(&cluster.root.name).sentinel()).map(|host| format!("{host}:{PORT}")).collect();
    format!("redis+sentinel://{}?master={PRIMARY}", hosts.join(","))
}

/// Names of the pods of a StatefulSet, as their headless Service of the same name gives them.
pub(super) fn hosts(set: &str) -> impl Iterator<Item = String> {
    (0..EACH).map(move |ordinal| format!("{set}-{ordinal}.{set}"))
}

/// Three pods, their Service and their budget.
fn set(
    cluster: &Validated,
    keys: &Keys,
    (name, component, port): (&str, &str, u16),
    spec: StatefulSetSpec,
) -> WantedSet {
    let selected = LabelSelector {
        match_labels: Some(selector(&cluster.root.name, component)),
        ..LabelSelector::default()
    };
    let pods = StatefulSetSpec {
        replicas: Some(EACH.into()),
        service_name: Some(name.to_owned()),
        selector: selected.clone(),
        // With the default policy a pod that cannot start is not replaced by one that can.
        pod_management_policy: Some("Parallel".to_owned()),
        revision_history_limit: Some(1),
        ..spec
    };
    let metadata = || metadata(cluster, name.to_owned(), component);
    let mut recorded = metadata();
    let inputs = inputs::servers(cluster, keys);
    Record { inputs, template: pods.template.clone() }.write(&mut recorded);
    WantedSet {
        service: service(cluster, name, component, port),
        pods: StatefulSet { metadata: recorded, spec: Some(pods), status: None },
        budget: PodDisruptionBudget {
            metadata: metadata(),
            spec: Some(PodDisruptionBudgetSpec {
                max_unavailable: Some(IntOrString::Int(1)),
                selector: Some(selected),
                unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
                ..PodDisruptionBudgetSpec::default()
            }),
            status: None,
        },
    }
}

/// A headless Service, which gives each pod a name, also while it is not ready: that is when others
/// have to find it.
fn service(cluster: &Validated, name: &str, component: &str, port: u16) -> Service {
    let port = services::port("redis", port.into(), "redis");
    let labels = selector(&cluster.root.name, component);
    let meta = metadata(cluster, name.to_owned(), component);
    let mut service = services::service(meta, "ClusterIP", labels, vec![port]);
    if let Some(spec) = &mut service.spec {
        spec.cluster_ip = Some("None".to_owned());
        spec.publish_not_ready_addresses = Some(true);
    }
    service
}

/// A spec of pods that are replaced in this way.
fn replaced(strategy: &str, template: PodTemplateSpec) -> StatefulSetSpec {
    let update_strategy = k8s_openapi::api::apps::v1::StatefulSetUpdateStrategy {
        type_: Some(strategy.to_owned()),
        rolling_update: None,
    };
    StatefulSetSpec { update_strategy: Some(update_strategy), template, ..StatefulSetSpec::default() }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
