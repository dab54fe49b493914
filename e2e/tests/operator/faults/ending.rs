//! How a case ended, in a form in which equal endings in two namespaces are equal.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use kube::Client;
use serde_json::Value;

use crate::snapshot::{self, Snapshot};

/// What stands in a namespace.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// All objects, without what two equal runs differ in.
    pub(super) objects: Snapshot,
    /// The identity of each.
    uids: BTreeMap<String, String>,
    /// Whether the status is about the newest spec.
    told: bool,
}

impl Ending {
    pub(super) async fn read(client: &Client, namespace: &str) -> Result<Self> {
        let raw = snapshot::raw(client, namespace).await?;
        let names = names(&raw, namespace);
        let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let uids = raw.iter().map(|(key, object)| (named(key, &names), uid(object))).collect();
        let cluster = raw.get("RelayCluster hello");
        let told =
            cluster.is_some_and(|it| it["status"]["observedGeneration"] == it["metadata"]["generation"]);
        let mut objects = snapshot::masked(raw);
        objects.iter_mut().for_each(|(key, object)| keep_ours(key, object));
        let objects =
            objects.into_iter().map(|(key, object)| Ok((named(&key, &names), same(&object, &names)?)));
        Ok(Self { objects: objects.collect::<Result<_>>()?, uids, told })
    }

    /// Which objects of an earlier moment are there no more, or are others now.
    pub(super) fn replaced_since(&self, earlier: &Self) -> BTreeSet<String> {
        let other = |(key, uid): &(&String, &String)| self.uids.get(*key) != Some(uid);
        earlier.uids.iter().filter(other).map(|(key, _)| key.clone()).collect()
    }

    /// Whether the operator has said that all is as the newest spec asks, but for servers of Redis with
    /// sentinels, which nobody plays.
    pub(super) fn is_ready(&self) -> bool {
        let Some(cluster) = self.objects.get("RelayCluster hello") else { return false };
        let status = &cluster["status"];
        let rolled = status["rollout"]["remaining"] == 0 && status["updatedReplicas"] == status["replicas"];
        let lacks_servers = rolled && status["redis"]["reason"] == "RedisNoPrimary";
        let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        let is_ready = status["conditions"].as_array().is_some_and(|all| all.iter().any(ready));
        self.told && (is_ready || lacks_servers)
    }

    /// Whether nothing is left but what the test made.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.keys().all(|key| key == "Secret given")
    }
}

/// Texts that differ between two equal runs, and what stands for them: the namespace, and the names
/// of revisions, which depend on it.
fn names(raw: &Snapshot, namespace: &str) -> Vec<(String, String)> {
    let mut names = vec![(namespace.to_owned(), "NAMESPACE".to_owned())];
    let current = raw.get("RelayCluster hello").map(|it| &it["status"]["rollout"]["revision"]);
    let current = current.and_then(Value::as_str).unwrap_or_default();
    let deployments = raw.iter().filter(|(key, _)| key.starts_with("Deployment "));
    for (_, object) in deployments {
        let revision = object["metadata"]["labels"]["relaycluster.dev/revision"].as_str().unwrap_or_default();
        let stands = if revision == current { "CURRENT" } else { "OLDER" };
        names.push((revision.to_owned(), stands.to_owned()));
    }
    names.retain(|(name, _)| !name.is_empty());
    names
}

fn named(text: &str, names: &[(String, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, stands)| text.replace(name, stands))
}

fn same(object: &Value, names: &[(String, String)]) -> Result<Value> {
    Ok(serde_json::from_str(&named(&object.to_string(), names))?)
}

/// Leaves out what others than the operator wrote: who else owns fields, and how workloads fare.
fn keep_ours(key: &str, object: &mut Value) {
    if let Some(managers) = object["metadata"]["managedFields"].as_array_mut() {
        managers.retain(|entry| entry["manager"] == "relay-operator");
        managers.sort_by_key(ToString::to_string);
    }
    if let (false, Value::Object(fields)) = (key.starts_with("RelayCluster "), object) {
        fields.remove("status");
    }
}
