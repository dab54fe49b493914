//! The part of the spec about the bus between the relays.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretKeyRef, UrlSecretRef};

/// The bus between the relays.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, Default, PartialEq)]
#[x_kube(
    validation = Rule::new("self.mode != 'External' || has(self.external)")
        .message("spec.redis.external: required while spec.redis.mode is External"),
    validation = Rule::new("self.mode == 'External' || !has(self.external)")
        .message("spec.redis.external: only allowed while spec.redis.mode is External"),
    validation = Rule::new("self.mode == 'Managed' || !has(self.managed)")
        .message("spec.redis.managed: only allowed while spec.redis.mode is Managed"),
    validation = Rule::new("self.mode != 'Managed' || oldSelf.mode != 'Managed' || (has(self.managed) && has(self.managed.storage)) == (has(oldSelf.managed) && has(oldSelf.managed.storage))")
        .message("spec.redis.managed.storage: cannot be added or removed, because the volumes of a StatefulSet cannot; make another RelayCluster"),
    validation = Rule::new("self.mode != 'Managed' || oldSelf.mode != 'Managed' || (has(self.managed) && has(self.managed.sentinel)) == (has(oldSelf.managed) && has(oldSelf.managed.sentinel))")
        .message("spec.redis.managed.sentinel: cannot be added or removed, because what Redis holds would be lost; make another RelayCluster, or go by spec.redis.mode None or External")
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

/// The Redis that the operator runs: one server, or with `sentinel` three of them. Without `storage`
/// a server has what it holds in memory alone, and a restart of its pod forgets it.
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
    /// A volume on which Redis keeps what it holds, written once a second, so that a restart of its
    /// pod forgets at most the last second. The volume stays when the RelayCluster is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<RedisStorage>,
    /// Three servers that hold the same, and three sentinels that make another one the primary when it
    /// is gone. A restart, a lost node or a change of `image` or `resources` then forgets nothing that a
    /// majority of the servers has. Needs `sh`, `sleep` and `timeout` in the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinel: Option<ManagedSentinel>,
}

/// How the sentinels of the managed Redis decide.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ManagedSentinel {
    /// Seconds without an answer after which a sentinel takes a server for gone.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 1, max = 60))]
    pub down_after_seconds: i32,
}

/// Where the Redis of the user is. Its Secrets are files of the relays, which read them again at
/// each dial: a rotated password or authority makes no new relay.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRedis {
    /// The key of a Secret with the URL: `redis://` for one server, `redis+sentinel://` or
    /// `redis+cluster://`; `rediss` in place of `redis` is TLS. It may have a user and a password.
    pub url_secret_ref: UrlSecretRef,
    /// The key of a Secret with the password; it wins over one in the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the PEM certificates of the authorities that vouch for the servers,
    /// in place of the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
    /// How to log in to the sentinels of a `redis+sentinel://` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinel: Option<ExternalSentinel>,
}

impl ExternalRedis {
    /// The Secrets that its fields refer to.
    pub(super) fn secrets(&self) -> Vec<(&'static str, SecretKeyRef)> {
        let sentinel = self.sentinel.as_ref().and_then(|sentinel| sentinel.password_secret_ref.clone());
        let all = [
            ("spec.redis.external.urlSecretRef", Some(SecretKeyRef::from(&self.url_secret_ref))),
            ("spec.redis.external.passwordSecretRef", self.password_secret_ref.clone()),
            ("spec.redis.external.caSecretRef", self.ca_secret_ref.clone()),
            ("spec.redis.external.sentinel.passwordSecretRef", sentinel),
        ];
        all.into_iter().filter_map(|(field, reference)| reference.map(|it| (field, it))).collect()
    }
}

/// How to log in to sentinels, whose accounts are not those of the servers.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSentinel {
    /// Name of the account; the default one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))]
    pub username: Option<String>,
    /// The key of a Secret with its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeyRef>,
}

/// A volume for the managed Redis. It cannot be changed afterwards: Kubernetes lets nobody change
/// the volumes of a StatefulSet.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = Rule::new("self == oldSelf")
    .message("spec.redis.managed.storage: cannot be changed, because the volumes of a StatefulSet cannot"))]
#[serde(rename_all = "camelCase")]
pub struct RedisStorage {
    /// Size of the volume, in Mi, Gi or Ti.
    #[serde(default = "one_gibibyte")]
    #[schemars(length(max = 16), regex(pattern = r"^[1-9][0-9]*(Mi|Gi|Ti)$"))]
    pub size: String,
    /// Name of the StorageClass; the default one of the Kubernetes cluster without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,
}

fn five_seconds() -> i32 {
    5
}

fn one_gibibyte() -> String {
    "1Gi".to_owned()
}
