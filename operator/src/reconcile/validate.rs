//! The second step: one value that everything after it can trust, or what is wrong with the spec.
//!
//! The API server checks the same rules. They are checked again because an object may have been
//! stored under an earlier definition, and because what is written into a settings file must not
//! be able to end its line.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::observed::Root;
use crate::api::{PublishAccess, RedisMode, RelayCluster, RelayClusterSpec, SecretKeyRef};
use crate::options::Options;

/// A cluster whose spec holds every rule, with all defaults in place.
#[derive(Clone, Debug)]
pub struct Validated {
    /// Name, namespace and identity of the cluster.
    pub root: Root,
    /// The spec; figures are in their ranges and texts are safe in a settings file.
    pub spec: RelayClusterSpec,
    /// How many relays are wanted.
    pub replicas: u32,
    /// How many relays there may be beyond `replicas` during a rollout; at least 1.
    pub surge: u32,
    /// Image of the relays.
    pub image: String,
    /// Resources of a relay.
    pub resources: ResourceRequirements,
    /// What the bus is made of.
    pub redis: Redis,
    /// Whether the publish API asks for a key.
    pub publish_key: bool,
}

/// What the bus between the relays is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Redis {
    /// A Redis that the operator runs.
    Managed {
        /// Its image.
        image: String,
        /// Its resources.
        resources: ResourceRequirements,
    },
    /// A Redis of the user.
    External {
        /// Where its URL stands.
        url: SecretKeyRef,
    },
    /// The memory of one relay.
    Memory,
}

/// Why a spec cannot be realised; each line names a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidSpec(pub Vec<String>);

/// Checks a cluster.
///
/// # Errors
/// [`InvalidSpec`] with every rule that is broken.
pub fn validate(root: &Root, options: &Options) -> Result<Validated, InvalidSpec> {
    let cluster = root.cluster.as_ref().map_err(|error| InvalidSpec(vec![error.clone()]))?;
    let mut broken = rules(cluster);
    broken.extend(ranges(&cluster.spec));
    broken.extend(texts(&cluster.spec));
    let redis = redis(&cluster.spec, options);
    match (redis, broken.is_empty()) {
        (Some(redis), true) => Ok(complete(root, &cluster.spec, redis, options)),
        _ => Err(InvalidSpec(broken)),
    }
}

fn complete(root: &Root, spec: &RelayClusterSpec, redis: Redis, options: &Options) -> Validated {
    let replicas = u32::try_from(spec.replicas).unwrap_or_default();
    let percent = u32::try_from(spec.rollout.max_surge_percent).unwrap_or_default();
    Validated {
        root: root.clone(),
        replicas,
        surge: (replicas * percent).div_ceil(100).max(1),
        image: spec.image.clone().unwrap_or_else(|| options.relay_image.clone()),
        resources: spec.resources.clone().unwrap_or_else(|| resources("50m", "64Mi", "512Mi")),
        redis,
        publish_key: spec.publish.access == PublishAccess::Key,
        spec: spec.clone(),
    }
}

/// The bus; `None` when the mode lacks its settings, which a rule has reported.
fn redis(spec: &RelayClusterSpec, options: &Options) -> Option<Redis> {
    match spec.redis.mode {
        RedisMode::Managed => {
            let managed = spec.redis.managed.clone().unwrap_or_default();
            Some(Redis::Managed {
                image: managed.image.unwrap_or_else(|| options.redis_image.clone()),
                resources: managed.resources.unwrap_or_else(|| resources("50m", "64Mi", "256Mi")),
            })
        }
        RedisMode::External => spec
            .redis
            .external
            .as_ref()
            .map(|external| Redis::External { url: external.url_secret_ref.clone() }),
        RedisMode::None => Some(Redis::Memory),
    }
}

/// The rules of the schema that are written in CEL.
fn rules(cluster: &RelayCluster) -> Vec<String> {
    match cluster.validate_cel() {
        Ok(()) => Vec::new(),
        Err(errors) => errors.into_vec().into_iter().map(|error| error.message).collect(),
    }
}

fn ranges(spec: &RelayClusterSpec) -> Vec<String> {
    let (heartbeat, limits) = (&spec.heartbeat, &spec.limits);
    let table = [
        ("spec.replicas", spec.replicas, 0, 500),
        ("spec.service.port", spec.service.port, 1, 65_535),
        ("spec.heartbeat.intervalSeconds", heartbeat.interval_seconds, 1, 3_600),
        ("spec.heartbeat.timeoutSeconds", heartbeat.timeout_seconds, 1, 3_600),
        ("spec.limits.maxMessageBytes", limits.max_message_bytes, 256, 16_777_216),
        ("spec.limits.maxConnections", limits.max_connections, 0, 1_000_000),
        ("spec.limits.maxConnectionsPerUser", limits.max_connections_per_user, 1, 10_000),
        ("spec.limits.maxQueueBytes", limits.max_queue_bytes, 1_024, 268_435_456),
        ("spec.drain.maxDisconnectsPerSecond", spec.drain.max_disconnects_per_second, 1, 100_000),
        ("spec.drain.timeoutSeconds", spec.drain.timeout_seconds, 1, 560),
        ("spec.rollout.maxSurgePercent", spec.rollout.max_surge_percent, 1, 100),
        ("spec.rollout.progressDeadlineSeconds", spec.rollout.progress_deadline_seconds, 10, 86_400),
    ];
    let outside = table.into_iter().filter(|(_, value, min, max)| value < min || value > max);
    outside.map(|(field, value, min, max)| format!("{field}: {value} is not in {min} to {max}")).collect()
}

fn texts(spec: &RelayClusterSpec) -> Vec<String> {
    let mut broken = Vec::new();
    let origins = &spec.cors.origins;
    if origins.is_empty() || !origins.iter().all(|origin| is_origin(origin)) {
        broken.push("spec.cors.origins: at least one, each `*` or like `https://app.example.com`".to_owned());
    }
    let word =
        |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !spec.public_accounts.iter().all(word) {
        broken.push("spec.publicAccounts: an account is made of letters, digits and `_`".to_owned());
    }
    let owned = |key: &&String| key.starts_with("relaycluster.dev/") || key.starts_with("app.kubernetes.io/");
    for key in spec.pod_labels.keys().filter(owned) {
        broken.push(format!("spec.podLabels: {key} is a label of the operator"));
    }
    broken
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '[' | ']' | '-');
    text == "*" || (!host.is_empty() && host.chars().all(plain))
}

fn resources(cpu: &str, memory: &str, memory_limit: &str) -> ResourceRequirements {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Quantity((*value).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(map(&[("cpu", cpu), ("memory", memory)])),
        limits: Some(map(&[("memory", memory_limit)])),
        claims: None,
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
