//! The part of the spec about the bus between the relays.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The bus between the relays.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, Default, PartialEq)]
#[x_kube(
    validation = Rule::new("self.mode != 'External' || has(self.external)")
        .message("spec.redis.external: required while spec.redis.mode is External"),
    validation = Rule::new("self.mode == 'External' || !has(self.external)")
        .message("spec.redis.external: only allowed while spec.redis.mode is External"),
    validation = Rule::new("self.mode == 'Managed' || !has(self.managed)")
        .message("spec.redis.managed: only allowed while spec.redis.mode is Managed")
)]
#[serde(rename_all = "camelCase")]
pub struct RedisSpec {
    /// Whose Redis it is.
    #[serde(default)]
    pub mode: RedisMode,
    /// Settings of the Redis that the operator runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedRedis>,
    /// Where the Redis of the user is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalRedis>,
}

/// Whose Redis the bus is made of.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedisMode {
    /// The operator runs one Redis server and generates its password.
    #[default]
    Managed,
    /// A Redis of the user; its URL stands in a Secret.
    External,
    /// None: messages stay in the memory of one relay.
    None,
}

impl RedisMode {
    /// The word in the spec.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "Managed",
            Self::External => "External",
            Self::None => "None",
        }
    }
}

/// The Redis that the operator runs: one server without persistence, because it holds only what
/// is on its way.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ManagedRedis {
    /// Image with `redis-server` and `redis-cli` of Redis 7 or later on its PATH. Without it the
    /// operator's own default is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// CPU and memory of Redis. Without it: requests of 50m and 64Mi, and a memory limit of 256Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
}

/// Where the Redis of the user is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRedis {
    /// The key of a Secret in the same namespace that holds the `redis://` or `rediss://` URL.
    pub url_secret_ref: SecretKeyRef,
}

/// One key of a Secret in the namespace of the RelayCluster.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret's data.
    #[serde(default = "url")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

fn url() -> String {
    "url".to_owned()
}
