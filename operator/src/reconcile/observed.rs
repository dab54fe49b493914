//! What was found in the API server, and whose it is.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, ObjectMeta};
use kube::{Resource, ResourceExt};
use serde_json::Value;

use super::around::FoundAround;
use super::names::RESTARTED_AT;
use super::pods::RelayPod;
use super::secret_value::{Keys, SecretValue};
use super::servers::FoundSentinel;
use crate::api::{RelayCluster, RelayClusterStatus};
use crate::options::FIELD_MANAGER;

/// The cluster as it is stored.
#[derive(Clone, Debug)]
pub struct Root {
    /// Namespace of the cluster and of all its children.
    pub namespace: String,
    /// Name of the cluster.
    pub name: String,
    /// Identity of the cluster, new for every one of the same name.
    pub uid: String,
    /// Generation of the spec.
    pub generation: i64,
    /// Version of the object that was read.
    pub version: String,
    /// Since when it is being deleted, if it is.
    pub deleting: Option<Timestamp>,
    /// Who has to agree before it is gone.
    pub finalizers: Vec<String>,
    /// What a person wrote to have all relays replaced, at most 64 characters of it.
    pub restarted_at: Option<String>,
    /// The typed object, or why what is stored is none.
    pub cluster: Result<Box<RelayCluster>, String>,
    /// The status that is stored, as it is stored.
    pub stored_status: Value,
    /// When this operator last wrote the status.
    pub status_written: Option<Timestamp>,
}

impl Root {
    /// Reads what the operator needs of an object, whether or not its spec can be understood.
    #[must_use]
    pub fn parse(mut object: DynamicObject) -> Self {
        let stored_status = object.data.get_mut("status").map(Value::take).unwrap_or_default();
        let spec = object.data.get_mut("spec").map(Value::take).unwrap_or_default();
        let restarted_at = object.annotations().get(RESTARTED_AT);
        let restarted_at = restarted_at.map(|text| text.chars().take(64).collect());
        let mut metadata = object.metadata;
        let status_written = status_written(&metadata);
        metadata.managed_fields = None;
        let (namespace, name) = (metadata.namespace.clone(), metadata.name.clone());
        Self {
            namespace: namespace.unwrap_or_default(),
            name: name.unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
            generation: metadata.generation.unwrap_or_default(),
            version: metadata.resource_version.clone().unwrap_or_default(),
            deleting: metadata.deletion_timestamp.as_ref().map(|time| time.0),
            finalizers: metadata.finalizers.clone().unwrap_or_default(),
            restarted_at,
            cluster: parse_cluster(metadata, spec).map(Box::new),
            stored_status,
            status_written,
        }
    }

    /// The status that is stored; the default one when it cannot be understood.
    #[must_use]
    pub fn status(&self) -> RelayClusterStatus {
        serde_json::from_value(self.stored_status.clone()).unwrap_or_default()
    }

    /// The reference that makes an object a child of this cluster.
    #[must_use]
    pub fn owner(&self) -> OwnerReference {
        OwnerReference {
            api_version: RelayCluster::api_version(&()).into_owned(),
            kind: RelayCluster::kind(&()).into_owned(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            controller: Some(true),
            // Setting it would need a right on the cluster's finalizers where that is checked.
            block_owner_deletion: None,
        }
    }

    /// Whose an object is.
    #[must_use]
    pub fn ownership(&self, metadata: &ObjectMeta) -> Ownership {
        let owners = metadata.owner_references.iter().flatten();
        match owners.into_iter().find(|owner| owner.controller == Some(true)) {
            Some(owner) if owner.uid == self.uid => Ownership::Ours,
            Some(owner) if owner.kind == RelayCluster::kind(&()) && owner.name == self.name => {
                Ownership::Earlier
            }
            _ => Ownership::Foreign,
        }
    }
}

/// The cluster without its status: one that an older or newer operator wrote must not make a spec
/// unreadable.
fn parse_cluster(metadata: ObjectMeta, spec: Value) -> Result<RelayCluster, String> {
    let spec = serde_json::from_value(spec).map_err(|error| format!("spec: {error}"))?;
    Ok(RelayCluster { metadata, spec, status: None })
}

fn status_written(metadata: &ObjectMeta) -> Option<Timestamp> {
    let entries = metadata.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
        .filter(|entry| entry.subresource.as_deref() == Some("status"))
        .filter_map(|entry| entry.time.as_ref().map(|time| time.0))
        .max()
}

/// Whose an object with a name that a cluster needs is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// This cluster's.
    Ours,
    /// An earlier cluster's of the same name; the garbage collector is about to take it.
    Earlier,
    /// Somebody else's: never to be touched.
    Foreign,
}

/// What stands under a name.
#[derive(Clone, Debug)]
pub struct Found<K> {
    /// The name that was looked up.
    pub name: String,
    /// The object, if there is one.
    pub object: Option<K>,
}

/// What stands under the names of the closed set of children.
#[derive(Clone, Debug)]
pub struct Children {
    /// Under the client Service's name.
    pub service: Found<Service>,
    /// Under the headless Service's name.
    pub peers: Found<Service>,
    /// Under the settings' name.
    pub config: Found<ConfigMap>,
    /// Under the keys' name.
    pub keys: Found<Secret>,
    /// Under the service account's name.
    pub account: Found<ServiceAccount>,
    /// Under the disruption budget's name.
    pub budget: Found<PodDisruptionBudget>,
    /// Under the managed Redis' name.
    pub redis: Found<StatefulSet>,
    /// Under the managed Redis' name.
    pub redis_service: Found<Service>,
    /// Under the managed Redis' name.
    pub redis_secret: Found<Secret>,
    /// Under the names of a managed Redis with sentinels.
    pub sentinel: Box<FoundSentinel>,
    /// Under the names of what stands around the relays.
    pub around: FoundAround,
    /// Everything with the labels of the cluster's relays.
    pub deployments: Vec<Deployment>,
}

/// All that one reconcile knows of the API server.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The cluster.
    pub root: Root,
    /// What stands under its children's names.
    pub children: Children,
    /// Its pods, as their watch knew them then, in order of their names.
    pub pods: Vec<RelayPod>,
    /// Messages about Secrets that the spec refers to and that do not exist.
    pub missing_secrets: Vec<String>,
}

impl Observed {
    /// The cluster's keys: remembered ones first, so that an edit by hand is undone; then those
    /// that are stored; and new ones for what there is not.
    #[must_use]
    pub fn keys(&self, remembered: Option<Keys>) -> Keys {
        remembered.unwrap_or_else(|| Keys {
            admin_token: self.stored(&self.children.keys, "adminToken"),
            publish_key: self.stored(&self.children.keys, "publishKey"),
            redis_password: self.stored(&self.children.redis_secret, "password"),
            redis_admin_password: self.stored(&self.children.redis_secret, "adminPassword"),
        })
    }

    fn stored(&self, found: &Found<Secret>, key: &str) -> SecretValue {
        let ours =
            found.object.as_ref().filter(|secret| self.root.ownership(secret.meta()) == Ownership::Ours);
        let data = ours.and_then(|secret| secret.data.as_ref());
        data.and_then(|data| data.get(key))
            .and_then(|bytes| SecretValue::stored(&bytes.0))
            .unwrap_or_else(SecretValue::random)
    }

    /// The cluster's own Deployments, by name.
    pub fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        let ours = |deployment: &&Deployment| self.root.ownership(deployment.meta()) == Ownership::Ours;
        self.children.deployments.iter().filter(ours)
    }

    /// The Deployment with this name, whoever's it is.
    #[must_use]
    pub fn deployment(&self, name: &str) -> Option<&Deployment> {
        self.children.deployments.iter().find(|deployment| deployment.name_any() == name)
    }
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
