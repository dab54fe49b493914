//! What the operator says about a cluster.
//!
//! Bounded in size for any number of pods, and without a value that changes while nothing
//! happens: figures are rounded, and there is no time of the last look. Exact figures are metrics.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The observed state of a cluster.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RelayClusterStatus {
    /// Generation of the spec whose outcome this status describes, also when it is a failure.
    #[serde(default)]
    pub observed_generation: i64,
    /// One sentence: what serves, how many connections, what goes on.
    #[serde(default)]
    pub summary: String,
    /// One condition of every type, from the first visit on.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Ready relays of wanted ones, such as `3/3`.
    #[serde(default)]
    pub ready: String,
    /// How many relays the autoscaler wants; absent without `spec.autoscaling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    /// Relays that exist and are meant to serve clients.
    #[serde(default)]
    pub replicas: i32,
    /// Those of them that are ready.
    #[serde(default)]
    pub ready_replicas: i32,
    /// Those of them that have the current revision.
    #[serde(default)]
    pub updated_replicas: i32,
    /// Relays that let go of their connections, or are about to end.
    #[serde(default)]
    pub draining: i32,
    /// Label selector of the relays that serve clients, for autoscalers.
    #[serde(default)]
    pub selector: String,
    /// Live connections, as far as the relays told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionsStatus>,
    /// Which settings the relays run; a change of them replaces no pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationStatus>,
    /// The bus between the relays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisStatus>,
    /// Which revision runs, and how far a rollout is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// What the relays show that a person should look at, past its threshold: one entry for each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<SignalStatus>,
    /// At most 20 relay pods, those with trouble first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<PodStatus>,
    /// How many pods are not in the list.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pods_omitted: i32,
}

/// Live connections, each figure rounded to two significant digits.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionsStatus {
    /// All of them.
    pub total: i64,
    /// WebSocket connections.
    pub websocket: i64,
    /// Server-sent event streams.
    pub sse: i64,
    /// Socket.IO sessions.
    pub socketio: i64,
    /// Most connections of one relay.
    pub max: i64,
    /// Fewest connections of one relay.
    pub min: i64,
    /// How many more connections the fullest relay has than the average one, in percent.
    #[serde(default)]
    pub imbalance: i64,
    /// Ready relays whose connections are not known, and so not in the figures.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_pods: i32,
}

/// Which settings the relays run.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationStatus {
    /// Number of the settings that the spec asks for; it grows with each change.
    pub generation: i64,
    /// Relays that said that they run them.
    pub running: i32,
    /// All relays that are to stay.
    pub of: i32,
}

/// The bus between the relays.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RedisStatus {
    /// Whose Redis it is: `Managed`, `External` or `None`.
    pub mode: String,
    /// `Ok`, `Down` or `Unknown`; `Memory` without Redis.
    pub state: String,
    /// Why, as the reason of the condition `RedisReady`.
    pub reason: String,
    /// Servers and sentinels of a managed Redis that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<RedisServersStatus>,
}

/// Servers and sentinels of a managed Redis.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RedisServersStatus {
    /// Pod of the server that the sentinels call the primary, and that says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Replicas that have what the primary has; 2 of them are wanted.
    pub replicas_in_sync: i32,
    /// Sentinels that agree on the primary, of 3.
    pub sentinels_agreeing: i32,
    /// Whether enough sentinels see each other to choose another primary.
    pub quorum: bool,
    /// Servers that are to be replaced, because they are not as the spec asks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outdated: i32,
}

/// Which revision runs, and how far a rollout is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// Revision that the spec asks for.
    pub revision: String,
    /// Revision that is replaced, while a rollout goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Ready relays of the wanted revision.
    pub updated: i32,
    /// Relays of other revisions that still exist.
    pub remaining: i32,
    /// What this operator would make differently and leaves as it is until the spec changes: `relays`,
    /// `Redis` or `relays and Redis`; absent when there is nothing. See `spec.upgradePolicy`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub upgrade_pending: String,
}

/// What a relay shows that a person should look at.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SignalStatus {
    /// What it is, as the reason of its event.
    pub reason: String,
    /// The pod that shows it most, the figure when that began, and what to change.
    pub message: String,
}

/// One relay pod.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// Name of the pod.
    pub name: String,
    /// What it does.
    pub state: PodState,
    /// Revision that it runs.
    pub revision: String,
    /// Live connections, rounded to two significant digits; absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<i64>,
    /// Since when it has been ready, or has not; at first since it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// What a person should know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a relay pod does, worst first.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    /// A container cannot start or does not stay up.
    Failing,
    /// It does not accept clients.
    NotReady,
    /// No node runs it yet, or it is starting.
    Starting,
    /// It is about to end.
    Terminating,
    /// It lets go of its connections at a pace.
    Draining,
    /// It serves clients.
    Serving,
}

// serde asks for a predicate over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &i32) -> bool {
    *value == 0
}
