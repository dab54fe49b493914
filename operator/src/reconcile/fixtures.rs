//! Clusters for tests, from as little as they are about.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::around::FoundAround;
use super::observed::{Children, Found, Observed, Root};
use super::pods::RelayPod;
use super::secret_value::{Keys, SecretValue};
use super::servers::{FoundSentinel, FoundSet};

/// Identity of the cluster in tests.
pub(crate) const UID: &str = "11111111-2222-3333-4444-555555555555";

/// A cluster `demo` in the namespace `ns`, as the API server would return it.
pub(crate) fn stored(spec: Value) -> Value {
    json!({
        "apiVersion": "relaycluster.dev/v1alpha1",
        "kind": "RelayCluster",
        "metadata": {"name": "demo", "namespace": "ns", "uid": UID, "generation": 1, "resourceVersion": "7"},
        "spec": spec,
    })
}

/// The same as it is gathered.
pub(crate) fn root(spec: Value) -> Root {
    Root::parse(serde_json::from_value(stored(spec)).unwrap())
}

/// A cluster of which nothing stands there.
pub(crate) fn childless(root: Root) -> Observed {
    let children = Children {
        service: nothing(),
        peers: nothing(),
        config: nothing(),
        keys: nothing(),
        account: nothing(),
        budget: nothing(),
        redis: nothing(),
        redis_service: nothing(),
        redis_secret: nothing(),
        sentinel: Box::new(FoundSentinel { data: set(), sentinels: set() }),
        around: FoundAround {
            ingress: nothing(),
            route: None,
            relay_policy: nothing(),
            redis_policy: nothing(),
            pod_monitor: None,
            rules: None,
        },
        deployments: vec![],
    };
    Observed { root, children, pods: vec![], missing_secrets: vec![] }
}

fn set() -> FoundSet {
    FoundSet { service: nothing(), pods: nothing(), budget: nothing() }
}

fn nothing<K>() -> Found<K> {
    Found { name: String::new(), object: None }
}

/// Keys that are the same in every test.
pub(crate) fn keys() -> Keys {
    let key = |text: &str| SecretValue::stored(text.as_bytes()).unwrap();
    Keys {
        admin_token: key("admin-token-0123456789"),
        publish_key: key("publish-key-0123456789"),
        redis_password: key("redis-password-0123456789"),
        redis_admin_password: key("redis-admin-password-0123456789"),
    }
}

/// A relay that has served since a moment, and whose pod's identity is its name.
pub(crate) fn serving(name: &str, revision: &str, ready_since: Timestamp) -> RelayPod {
    RelayPod {
        name: name.to_owned(),
        uid: name.to_owned(),
        revision: revision.to_owned(),
        redis: false,
        ready: true,
        ready_since: Some(ready_since),
        since: Some(ready_since),
        terminating: false,
        serving: true,
        started: true,
        trouble: None,
        unscheduled: None,
        restarts: 0,
    }
}
