//! The NetworkPolicies: who may reach the relays, and who the managed Redis.
//!
//! They limit what comes in; what goes out is nobody's to say here. Probes of the kubelet are let
//! through by every network that implements policies.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use relay_contract::settings::{ADMIN_PORT, CLIENT_PORT};

use super::super::super::names::{CLUSTER, COMPONENT, Names, REDIS, RELAY, selector};
use super::super::super::validate::{Redis, Validated};
use super::super::metadata;

/// Label that Kubernetes gives every namespace, with its name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Clients from anywhere or from the given peers, and forwarded requests from other relays; the
/// admin port for the operator and for Prometheus.
pub(super) fn relays(cluster: &Validated) -> Option<NetworkPolicy> {
    let relays = labelled(selector(&cluster.root.name, RELAY));
    let mut clients = cluster.spec.network_policy.client_peers.clone();
    if !clients.is_empty() {
        clients.push(pods(relays.clone()));
    }
    let rules = vec![rule(clients, Some(CLIENT_PORT)), rule(administrators(cluster), Some(ADMIN_PORT))];
    policy(cluster, Names(&cluster.root.name).main(), RELAY, relays, rules)
}

/// Everything of the cluster that is no relay, for pods of the cluster and the operator alone.
pub(super) fn redis(cluster: &Validated) -> Option<NetworkPolicy> {
    if !matches!(cluster.redis, Redis::Managed { .. }) {
        return None;
    }
    let ours = labelled([(CLUSTER.to_owned(), cluster.root.name.clone())].into());
    let no_relay = LabelSelectorRequirement {
        key: COMPONENT.to_owned(),
        operator: "NotIn".to_owned(),
        values: Some(vec![RELAY.to_owned()]),
    };
    let redis = LabelSelector { match_expressions: Some(vec![no_relay]), ..ours.clone() };
    let mut peers = vec![pods(ours)];
    peers.extend(cluster.operator_namespace.as_deref().map(namespace));
    policy(cluster, Names(&cluster.root.name).redis(), REDIS, redis, vec![rule(peers, None)])
}

/// Who may reach the admin port; everybody when the operator runs where no policy can name it.
fn administrators(cluster: &Validated) -> Vec<NetworkPolicyPeer> {
    let Some(operator) = cluster.operator_namespace.as_deref() else { return Vec::new() };
    let mut peers = cluster.spec.network_policy.monitoring_peers.clone();
    if peers.is_empty() {
        let any = NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector::default()),
            ..NetworkPolicyPeer::default()
        };
        return vec![any];
    }
    peers.push(namespace(operator));
    peers
}

fn policy(
    cluster: &Validated,
    name: String,
    component: &str,
    selected: LabelSelector,
    rules: Vec<NetworkPolicyIngressRule>,
) -> Option<NetworkPolicy> {
    cluster.spec.network_policy.enabled.then(|| NetworkPolicy {
        metadata: metadata(cluster, name, component),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selected),
            policy_types: Some(vec!["Ingress".to_owned()]),
            ingress: Some(rules),
            egress: None,
        }),
    })
}

/// Peers may connect to a port, or to all; without peers, everybody.
fn rule(peers: Vec<NetworkPolicyPeer>, port: Option<u16>) -> NetworkPolicyIngressRule {
    let port = port.map(|port| NetworkPolicyPort {
        port: Some(IntOrString::Int(port.into())),
        protocol: Some("TCP".to_owned()),
        end_port: None,
    });
    NetworkPolicyIngressRule {
        from: Some(peers).filter(|peers| !peers.is_empty()),
        ports: port.map(|port| vec![port]),
    }
}

fn namespace(name: &str) -> NetworkPolicyPeer {
    let selector = labelled([(NAMESPACE_NAME.to_owned(), name.to_owned())].into());
    NetworkPolicyPeer { namespace_selector: Some(selector), ..NetworkPolicyPeer::default() }
}

fn pods(selector: LabelSelector) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(selector), ..NetworkPolicyPeer::default() }
}

fn labelled(labels: std::collections::BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }
}
