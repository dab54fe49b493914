//! What stands around the relays for others to act on: ingress controllers, gateways, the network,
//! Prometheus.

pub mod discovery;
mod gather;
pub mod kinds;

use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};

use self::kinds::{HttpRoute, PodMonitor, PrometheusRule};
use super::observed::Found;
use crate::api::RelayClusterSpec;

/// What was found under the names of these objects. `None` where this Kubernetes does not have the
/// kind.
#[derive(Clone, Debug)]
pub struct FoundAround {
    /// Under the Ingress' name.
    pub ingress: Found<Ingress>,
    /// Under the HTTPRoute's name.
    pub route: Option<Found<HttpRoute>>,
    /// Under the name of the relays' policy.
    pub relay_policy: Found<NetworkPolicy>,
    /// Under the name of the managed Redis' policy.
    pub redis_policy: Found<NetworkPolicy>,
    /// Under the PodMonitor's name.
    pub pod_monitor: Option<Found<PodMonitor>>,
    /// Under the PrometheusRule's name.
    pub rules: Option<Found<PrometheusRule>>,
}

impl FoundAround {
    /// Which fields of a spec ask for an object of a kind that there is not, as messages.
    #[must_use]
    pub fn missing(&self, spec: &RelayClusterSpec) -> Vec<String> {
        let monitoring = spec.monitoring.as_ref();
        let wanted = [
            (spec.gateway.is_some(), self.route.is_none(), "spec.gateway", "HTTPRoute"),
            (
                monitoring.is_some_and(|it| it.pod_monitor),
                self.pod_monitor.is_none(),
                "spec.monitoring.podMonitor",
                "PodMonitor",
            ),
            (
                monitoring.is_some_and(|it| it.alerts),
                self.rules.is_none(),
                "spec.monitoring.alerts",
                "PrometheusRule",
            ),
        ];
        let missing = wanted.into_iter().filter(|(wanted, absent, ..)| *wanted && *absent);
        missing.map(|(_, _, field, kind)| format!("{field}: this Kubernetes has no kind {kind}")).collect()
    }
}
