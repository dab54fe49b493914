//! What stands around the relays: Ingress, route, network policies, Prometheus.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;

use super::broken::Broken;
use super::pods::is_owned;
use crate::api::{GatewaySpec, IngressSpec, NetworkPolicySpec, RelayClusterSpec};

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    if let Some(spec) = &spec.ingress {
        ingress(spec, broken);
    }
    if let Some(spec) = &spec.gateway {
        gateway(spec, broken);
    }
    peers(&spec.network_policy, broken);
    if let Some(monitoring) = &spec.monitoring {
        broken.range("spec.monitoring.intervalSeconds", monitoring.interval_seconds, 1, 3_600);
        for key in monitoring.labels.keys().filter(|key| is_owned(key)) {
            broken.say("spec.monitoring.labels", &format!("{key} is a label of the operator"));
        }
    }
}

fn ingress(spec: &IngressSpec, broken: &mut Broken) {
    let hosts = !spec.hosts.is_empty() && spec.hosts.iter().all(|host| is_host(host));
    broken.unless(hosts, "spec.ingress.hosts", || "at least one, each a host name in lower case".to_owned());
    path("spec.ingress.path", &spec.path, broken);
}

fn gateway(spec: &GatewaySpec, broken: &mut Broken) {
    let named = !spec.parent_refs.is_empty() && spec.parent_refs.iter().all(|parent| !parent.name.is_empty());
    broken.unless(named, "spec.gateway.parentRefs", || "at least one, each with a Gateway's name".to_owned());
    let hosts = spec.hostnames.iter().all(|host| is_host(host));
    broken.unless(hosts, "spec.gateway.hostnames", || "each a host name in lower case".to_owned());
    path("spec.gateway.path", &spec.path, broken);
}

fn peers(spec: &NetworkPolicySpec, broken: &mut Broken) {
    let mut all = spec.client_peers.iter().chain(&spec.monitoring_peers);
    let named = all.all(|peer| *peer != NetworkPolicyPeer::default());
    broken.unless(named, "spec.networkPolicy", || "a peer names pods, namespaces or addresses".to_owned());
}

fn path(field: &str, text: &str, broken: &mut Broken) {
    let holds = text.starts_with('/') && !text.contains(char::is_whitespace);
    broken.unless(holds, field, || "begins with `/` and has no blank".to_owned());
}

/// A DNS name (RFC 1123), whose first label may be `*`.
fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let label = |label: &str| {
        !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}
