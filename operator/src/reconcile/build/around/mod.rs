//! What stands around the relays for others to act on.

mod alerts;
mod ingress;
mod monitor;
mod policies;
mod route;

use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};

use super::super::around::kinds::{HttpRoute, PodMonitor, PrometheusRule};
use super::super::validate::Validated;

/// The objects that a spec asks for, whether or not this Kubernetes has their kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedAround {
    /// Leads clients to the Service.
    pub ingress: Option<Ingress>,
    /// Leads clients to the Service, too.
    pub route: Option<HttpRoute>,
    /// Who may reach the relays.
    pub relay_policy: Option<NetworkPolicy>,
    /// Who may reach the managed Redis.
    pub redis_policy: Option<NetworkPolicy>,
    /// How Prometheus finds the relays.
    pub pod_monitor: Option<PodMonitor>,
    /// What Prometheus says about them.
    pub rules: Option<PrometheusRule>,
}

pub(super) fn build(cluster: &Validated) -> WantedAround {
    WantedAround {
        ingress: ingress::build(cluster),
        route: route::build(cluster),
        relay_policy: policies::relays(cluster),
        redis_policy: policies::redis(cluster),
        pod_monitor: monitor::build(cluster),
        rules: alerts::build(cluster),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
