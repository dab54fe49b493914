//! All objects of a RelayCluster as text, without what differs between two equal runs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use anyhow::Result;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ListParams};
use kube::{Client, Resource, ResourceExt};
use relay_operator::api::RelayCluster;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::world::NAMESPACE;

/// Objects by kind and name.
pub(crate) type Snapshot = BTreeMap<String, Value>;

/// Fields that two equal runs have different values in: what the server gives out, clocks, and
/// generated secrets, whose keys must be the same.
const GIVEN_OUT: [&str; 10] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "time",
    "lastTransitionTime",
    "clusterIP",
    "clusterIPs",
    "nodePort",
    "healthCheckNodePort",
    "generation",
];

/// How names of fields end that depend on a generated secret.
const IS_SECRET: [&str; 4] = ["-hash", "/password", "/made-from", "/template"];

/// Reads all objects of [`NAMESPACE`].
pub(crate) async fn take(client: &Client) -> Result<Snapshot> {
    Ok(masked(raw(client, NAMESPACE).await?))
}

/// What equal runs have in common.
pub(crate) fn masked(mut all: Snapshot) -> Snapshot {
    for (key, value) in &mut all {
        mask(value, key.starts_with("Secret "));
    }
    all
}

/// Reads all objects of a namespace, as the server gives them out.
pub(crate) async fn raw(client: &Client, namespace: &str) -> Result<Snapshot> {
    let mut all = Snapshot::new();
    add::<RelayCluster>(&mut all, client, namespace).await?;
    add::<Deployment>(&mut all, client, namespace).await?;
    add::<StatefulSet>(&mut all, client, namespace).await?;
    add::<Service>(&mut all, client, namespace).await?;
    add::<ConfigMap>(&mut all, client, namespace).await?;
    add::<Secret>(&mut all, client, namespace).await?;
    add::<ServiceAccount>(&mut all, client, namespace).await?;
    add::<PodDisruptionBudget>(&mut all, client, namespace).await?;
    add::<Ingress>(&mut all, client, namespace).await?;
    add::<NetworkPolicy>(&mut all, client, namespace).await?;
    Ok(all)
}

async fn add<K>(all: &mut Snapshot, client: &Client, namespace: &str) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    for object in Api::<K>::namespaced(client.clone(), namespace).list(&ListParams::default()).await? {
        all.insert(format!("{} {}", K::kind(&()), object.name_any()), serde_json::to_value(&object)?);
    }
    Ok(())
}

fn mask(value: &mut Value, secret: bool) {
    match value {
        // What sentinels are called comes from the cluster's uid.
        Value::Object(fields) if fields.get("name").is_some_and(|name| name == "IDENTITY") => {
            fields.remove("value");
        }
        Value::Object(fields) => {
            // Owner references are keyed by uid in the list of owned fields.
            *fields =
                std::mem::take(fields).into_iter().map(|(name, field)| (without_uid(name), field)).collect();
            for (name, field) in fields {
                if GIVEN_OUT.contains(&name.as_str()) {
                    *field = Value::from("given out");
                } else if name == "relay.env" {
                    // How many contents were there before tells the way, and not where it led.
                    let text = field.as_str().unwrap_or_default().lines();
                    let lines: Vec<_> = text.filter(|line| !line.starts_with("CONFIG_GENERATION=")).collect();
                    *field = lines.into();
                } else if secret && name == "data" {
                    field.as_object_mut().into_iter().flat_map(|data| data.values_mut()).for_each(hide);
                } else if IS_SECRET.iter().any(|end| name.ends_with(end)) {
                    hide(field);
                } else {
                    mask(field, secret);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secret)),
        _ => {}
    }
}

fn without_uid(name: String) -> String {
    if name.starts_with("k:{\"uid\"") { "k:uid".to_owned() } else { name }
}

/// Paths of the fields that differ, with both values.
pub(crate) fn differences(expected: &Snapshot, actual: &Snapshot) -> Vec<String> {
    let keys = expected.keys().chain(actual.keys().filter(|key| !expected.contains_key(*key)));
    let mut all = Vec::new();
    for key in keys {
        let side = |snapshot: &Snapshot| snapshot.get(key).cloned().unwrap_or_default();
        compare(key, &side(expected), &side(actual), &mut all);
    }
    all
}

fn compare(path: &str, expected: &Value, actual: &Value, all: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            for name in left.keys().chain(right.keys().filter(|name| !left.contains_key(*name))) {
                let side =
                    |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                compare(&format!("{path}.{name}"), &side(left), &side(right), all);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}[{index}]"), left, right, all);
            }
        }
        _ if expected != actual => all.push(format!("{path}: {expected} became {actual}")),
        _ => {}
    }
}

fn hide(value: &mut Value) {
    *value = Value::from("generated");
}
