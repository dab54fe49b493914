//! What a user decided about pods: the part of a spec that makes them what they are, as a hash.
//!
//! It is independent of what this operator makes of it. Two operators whose defaults differ come to
//! the same hash, and only another hash is a reason to replace pods that run (F13). A field counts
//! unless it is listed as one that pods do not depend on, and only while it is not at its default: a
//! field that a later operator learns changes nothing for those who do not set it. A default of the
//! schema, once released, is therefore never changed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::secret_value::{Keys, SecretValue, hex};
use super::super::validate::Validated;
use crate::api::RelayClusterSpec;

/// Fields that relays are told while they run, or that are no matter of their pods; each stands for
/// all that is below it. `history` is not among them: an earlier operator put its sizes into variables,
/// which a kept template still has.
const NOT_OF_RELAYS: [&str; 41] = [
    "autoscaling",
    "cors",
    "deletionPolicy",
    "disruption",
    "gateway",
    "heartbeat",
    "ingress",
    "limits/idleTimeoutSeconds",
    "limits/maxChannelsPerConnection",
    "limits/maxConnections",
    "limits/maxConnectionsPerUser",
    "limits/maxMessageBytes",
    "limits/maxQueueBytes",
    "limits/maxQueueMessages",
    "limits/overflow",
    "log",
    "monitoring",
    "networkPolicy",
    "paused",
    "profiles/dual/overflow",
    "profiles/push/duplicates",
    "profiles/push/overflow",
    "profiles/socketio/allowVersion2",
    "profiles/socketio/chatWorker",
    "profiles/socketio/maxMessageBytes",
    "profiles/socketio/overflow",
    "profiles/socketio/transports",
    "profiles/stream/anonymous",
    "profiles/stream/overflow",
    "profiles/tokens/overflow",
    "publicAccounts",
    "rateLimits",
    "redis/managed/image",
    "redis/managed/resources",
    "redis/managed/storage",
    "replicas",
    "rollout",
    "service",
    "stopped",
    "trustedProxies",
    "upgradePolicy",
];

/// Fields that the pods of the managed Redis depend on.
const OF_REDIS: [&str; 2] = ["imagePullSecrets", "redis/managed"];

/// The leaves of a spec by their paths, as JSON.
type Leaves = BTreeMap<String, String>;

/// What relays are made from.
pub(super) fn relays(cluster: &Validated) -> String {
    let mut leaves = own(&cluster.spec);
    leaves.retain(|path, _| !NOT_OF_RELAYS.iter().any(|field| is_in(path, field)));
    leaves.extend(cluster.root.restarted_at.clone().map(|at| ("restartedAt".to_owned(), at)));
    hash(&leaves)
}

/// What the managed Redis is made from; it reads its password at its start.
pub(super) fn redis(cluster: &Validated, password: &SecretValue) -> String {
    let mut leaves = own(&cluster.spec);
    leaves.retain(|path, _| OF_REDIS.iter().any(|field| is_in(path, field)));
    leaves.insert("password".to_owned(), password.sha256());
    hash(&leaves)
}

/// What the servers and sentinels of a managed Redis are made from.
pub(super) fn servers(cluster: &Validated, keys: &Keys) -> String {
    let all = [redis(cluster, &keys.redis_password), keys.redis_admin_password.sha256()].concat();
    hex(&Sha256::digest(all)).chars().take(16).collect()
}

/// The leaves that are not at their defaults.
fn own(spec: &RelayClusterSpec) -> Leaves {
    let usual = serde_json::from_value::<RelayClusterSpec>(json!({}));
    let usual = usual.map(|spec| leaves(&spec)).unwrap_or_default();
    let mut all = leaves(spec);
    all.retain(|path, value| usual.get(path) != Some(value));
    all
}

fn leaves(spec: &RelayClusterSpec) -> Leaves {
    let mut all = Leaves::new();
    collect(&mut all, "", &serde_json::to_value(spec).unwrap_or_default());
    all
}

/// A list is a leaf, and so is what is empty: it may say something that its absence does not.
fn collect(all: &mut Leaves, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
                collect(all, &path, value);
            }
        }
        leaf => drop(all.insert(path.to_owned(), leaf.to_string())),
    }
}

fn is_in(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn hash(leaves: &Leaves) -> String {
    let text: String = leaves.iter().map(|(path, value)| format!("{path}={value}\n")).collect();
    hex(&Sha256::digest(text.as_bytes())).chars().take(16).collect()
}
