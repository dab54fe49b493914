//! The part of the spec about who may reach the pods.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may reach the pods of the cluster, where the network of Kubernetes enforces such policies.
///
/// By default clients come from anywhere, the admin port is closed to what is no pod of this
/// Kubernetes, and the managed Redis serves its own relays alone.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicySpec {
    /// Whether there are policies at all.
    pub enabled: bool,
    /// Who may connect to the clients' port, such as the pods of an ingress controller; everybody
    /// without any. Relays of the cluster always may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub client_peers: Vec<NetworkPolicyPeer>,
    /// Who may read metrics from the admin port; every pod without any. The operator always may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub monitoring_peers: Vec<NetworkPolicyPeer>,
}

impl Default for NetworkPolicySpec {
    fn default() -> Self {
        Self { enabled: true, client_peers: Vec::new(), monitoring_peers: Vec::new() }
    }
}
