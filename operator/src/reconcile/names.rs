//! Names and labels of a cluster's children.
//!
//! The set of names is closed: an object that is not named here is none of the operator's.

use std::collections::BTreeMap;

use crate::options::MANAGED_BY;

/// Label with the name of the RelayCluster.
pub const CLUSTER: &str = "relaycluster.dev/cluster";
/// Label with the revision of a relay.
pub const REVISION: &str = "relaycluster.dev/revision";
/// Label of relays that clients are sent to; it is in no workload's selector.
pub const SERVING: &str = "relaycluster.dev/serving";
/// Annotation of a RelayCluster whose every new value replaces all relays once, and of the relays that
/// came of it.
pub const RESTARTED_AT: &str = "relaycluster.dev/restartedAt";
/// Label with the role of an object in its cluster.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Label that Kubernetes gives the pods of a StatefulSet, with the revision of it that they were made from.
pub const SET_REVISION: &str = "controller-revision-hash";
/// Component of relays and what is theirs.
pub const RELAY: &str = "relay";
/// Component of the managed Redis and what is its.
pub const REDIS: &str = "redis";
/// Component of the servers of a managed Redis with sentinels.
pub const REDIS_DATA: &str = "redis-data";
/// Component of its sentinels.
pub const SENTINEL: &str = "sentinel";

/// Names of the children of one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(pub &'a str);

impl Names<'_> {
    /// Client Service, PodDisruptionBudget and ServiceAccount.
    #[must_use]
    pub fn main(self) -> String {
        self.0.to_owned()
    }

    /// Headless Service of the relays.
    #[must_use]
    pub fn pods(self) -> String {
        format!("{}-pods", self.0)
    }

    /// ConfigMap with the live settings.
    #[must_use]
    pub fn config(self) -> String {
        format!("{}-config", self.0)
    }

    /// Secret with the admin token and the publish key.
    #[must_use]
    pub fn keys(self) -> String {
        format!("{}-keys", self.0)
    }

    /// Secret, Service and StatefulSet of the managed Redis.
    #[must_use]
    pub fn redis(self) -> String {
        format!("{}-redis", self.0)
    }

    /// StatefulSet, headless Service and PodDisruptionBudget of the servers of a managed Redis with
    /// sentinels.
    #[must_use]
    pub fn redis_data(self) -> String {
        format!("{}-redis-data", self.0)
    }

    /// Those of its sentinels. The name is short, because a label is made of it and of a hash.
    #[must_use]
    pub fn sentinel(self) -> String {
        format!("{}-sentinel", self.0)
    }

    /// Deployment of one revision.
    #[must_use]
    pub fn deployment(self, revision: &str) -> String {
        format!("{}-{revision}", self.0)
    }
}

/// Labels of an object of a cluster: the recommended ones of Kubernetes, and the cluster's name.
#[must_use]
pub fn labels(cluster: &str, component: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("app.kubernetes.io/name", "relay"),
        ("app.kubernetes.io/instance", cluster),
        ("app.kubernetes.io/part-of", "relay-operator"),
        (COMPONENT, component),
        MANAGED_BY,
        (CLUSTER, cluster),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Labels that select all pods of a component, of any revision.
#[must_use]
pub fn selector(cluster: &str, component: &str) -> BTreeMap<String, String> {
    let pairs = [(CLUSTER, cluster), (COMPONENT, component)];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Labels that select the relays that clients are sent to.
#[must_use]
pub fn serving_selector(cluster: &str) -> BTreeMap<String, String> {
    let mut labels = selector(cluster, RELAY);
    labels.insert(SERVING.to_owned(), "true".to_owned());
    labels
}

/// A selector as `a=b,c=d`.
#[must_use]
pub fn written(selector: &BTreeMap<String, String>) -> String {
    selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}
