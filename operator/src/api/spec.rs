//! The root of the resource: `RelayCluster` and its spec.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, LocalObjectReference, ResourceRequirements, Toleration, TopologySpreadConstraint,
};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{
    AuthSpec, AutoscalingSpec, CorsSpec, DeletionPolicy, DisruptionSpec, DrainSpec, GatewaySpec,
    HeartbeatSpec, HistorySpec, ImagePullPolicy, IngressSpec, LimitsSpec, LogSpec, MonitoringSpec,
    NetworkPolicySpec, ProfilesSpec, PublishSpec, RateLimitsSpec, RedisSpec, RelayClusterStatus, RolloutSpec,
    ServiceSpec, UpgradePolicy,
};

/// A fleet of relay servers with Redis behind them.
///
/// Every field has a default: an empty spec is a working cluster of two relays with a managed
/// Redis. The name is at most 40 characters, because children are named after it and a
/// StatefulSet's labels must fit into 63.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "relaycluster.dev",
    version = "v1alpha1",
    kind = "RelayCluster",
    plural = "relayclusters",
    shortname = "rlc",
    category = "relay",
    namespaced,
    status = "RelayClusterStatus",
    derive = "PartialEq",
    cel,
    doc = "A fleet of relay servers with Redis behind them. `spec: {}` is a working cluster.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        description = "Ready relays of wanted ones",
        json_path = ".status.ready"
    ),
    printcolumn(
        name = "Conns",
        type_ = "integer",
        description = "Live connections, rounded",
        json_path = ".status.connections.total"
    ),
    printcolumn(
        name = "Updated",
        type_ = "integer",
        description = "Relays of the revision that the spec asks for",
        json_path = ".status.updatedReplicas"
    ),
    printcolumn(
        name = "Draining",
        type_ = "integer",
        description = "Relays that let go of their connections",
        json_path = ".status.draining"
    ),
    printcolumn(
        name = "Redis",
        type_ = "string",
        description = "State of the bus between the relays",
        json_path = ".status.redis.state"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        description = "Reason of the condition Ready",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Imbalance",
        type_ = "integer",
        description = "How much fuller the fullest relay is than the average one, in percent",
        priority = 1,
        json_path = ".status.connections.imbalance"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        description = "Message of the condition Ready",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#
    ),
    validation = Rule::new("self.metadata.name.size() <= 40")
        .message("metadata.name: at most 40 characters, because children are named after it"),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name: must be a DNS label that begins with a letter, because Services are named after it")
)]
#[x_kube(validation = Rule::new("self.redis.mode != 'None' || self.replicas <= 1")
    .message("spec.replicas: at most 1 while spec.redis.mode is None, because relays share messages over Redis")
    .field_path(".replicas"),
    validation = Rule::new("self.redis.mode != 'None' || !has(self.autoscaling) || self.autoscaling.max <= 1")
    .message("spec.autoscaling.max: at most 1 while spec.redis.mode is None, because relays share messages over Redis")
    .field_path(".autoscaling"))]
#[serde(rename_all = "camelCase")]
pub struct RelayClusterSpec {
    /// How many relays serve clients, or with `autoscaling` how many at first. 0 keeps the cluster's addresses and secrets and runs no relay.
    #[serde(default = "two")]
    #[schemars(range(min = 0, max = 500))]
    pub replicas: i32,

    /// Image of the relay. Without it the operator's own default is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,

    /// When the kubelet pulls the relay's image.
    #[serde(default)]
    pub image_pull_policy: ImagePullPolicy,

    /// Secrets of this namespace with credentials for the registry of the images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub image_pull_secrets: Vec<LocalObjectReference>,

    /// CPU and memory of a relay container. Without it: requests of 50m and 64Mi, and a memory
    /// limit of 512Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,

    /// Labels that a node must have to run relays.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,

    /// Taints of nodes that relays accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,

    /// Scheduling preferences of relays. What it does not say about other pods, the operator does:
    /// relays of a cluster prefer nodes and zones without another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,

    /// How relays spread over the cluster. Without it they spread over nodes and zones where that is
    /// possible; an empty list means not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,

    /// Name of the PriorityClass of relays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_class_name: Option<String>,

    /// Labels that relay pods have beside the operator's own. Names under `relaycluster.dev/` and
    /// `app.kubernetes.io/` are the operator's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_labels: BTreeMap<String, String>,

    /// Annotations of relay pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_annotations: BTreeMap<String, String>,

    /// Which web origins may use the cluster. A change disconnects nobody.
    #[serde(default)]
    pub cors: CorsSpec,

    /// What relays log. A change disconnects nobody.
    #[serde(default)]
    pub log: LogSpec,

    /// Protocol pings on WebSocket connections. A change disconnects nobody.
    #[serde(default)]
    pub heartbeat: HeartbeatSpec,

    /// What one relay takes from clients, and keeps for those that read slowly. A change disconnects
    /// nobody, unless a field says that it makes new relays.
    #[serde(default)]
    pub limits: LimitsSpec,

    /// How often clients and publishers may do something; 0 is no limit. A change disconnects nobody.
    #[serde(default)]
    pub rate_limits: RateLimitsSpec,

    /// What is kept, so that clients that come back miss nothing. Another kind makes new relays, another
    /// size none.
    #[serde(default)]
    pub history: HistorySpec,

    /// The five families of protocols that relays speak, each of which may be switched off. A change
    /// disconnects nobody, unless a field says that it makes new relays.
    #[serde(default)]
    pub profiles: ProfilesSpec,

    /// Who clients are: by default whom they say they are. A change makes new relays.
    #[serde(default)]
    pub auth: AuthSpec,

    /// Addresses and networks of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and
    /// `X-Real-IP` are believed. A change disconnects nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 100),
        inner(length(max = 64), regex(pattern = r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"))
    )]
    pub trusted_proxies: Vec<String>,

    /// Accounts that every user may mention, beside the built-in ones. A change disconnects nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 128), regex(pattern = r"^[a-zA-Z0-9_]+$")))]
    pub public_accounts: Vec<String>,

    /// Who may publish over HTTP.
    #[serde(default)]
    pub publish: PublishSpec,

    /// The bus between the relays.
    #[serde(default)]
    pub redis: RedisSpec,

    /// The Service that clients connect to.
    #[serde(default)]
    pub service: ServiceSpec,

    /// An Ingress that leads clients to the Service; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressSpec>,

    /// An HTTPRoute of the Gateway API that leads clients to the Service; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewaySpec>,

    /// Who may reach the pods. A change disconnects nobody that it still lets in.
    #[serde(default)]
    pub network_policy: NetworkPolicySpec,

    /// Objects for a Prometheus operator; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringSpec>,

    /// The built-in autoscaler on live connections; off without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<AutoscalingSpec>,

    /// How a relay that ends lets go of its connections.
    #[serde(default)]
    pub drain: DrainSpec,

    /// How a new revision replaces the old one.
    #[serde(default)]
    pub rollout: RolloutSpec,

    /// How many relays may be evicted at once, by whoever drains nodes for one.
    #[serde(default)]
    pub disruption: DisruptionSpec,

    /// Whether the operator writes nothing: no object of the cluster is made, changed or removed, and
    /// relays are told no new settings. The status goes on, and so does deletion.
    #[serde(default)]
    pub paused: bool,

    /// Whether the cluster rests: no relay runs, and addresses, secrets and Redis stay. Relays that end
    /// let go of their connections at the pace of `drain`. `replicas` is kept for later.
    #[serde(default)]
    pub stopped: bool,

    /// What becomes of running pods when a newer operator would make them differently.
    #[serde(default)]
    pub upgrade_policy: UpgradePolicy,

    /// What happens to live connections when the RelayCluster is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
}

fn two() -> i32 {
    2
}
