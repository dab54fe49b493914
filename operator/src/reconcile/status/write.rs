//! Writing a status, and when not to.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Api, Client, Resource};
use serde_json::{Value, json};

use super::super::observed::Root;
use crate::api::{RelayCluster, RelayClusterStatus};
use crate::options::FIELD_MANAGER;

/// Seconds between two writes that change figures only.
const FIGURES_EVERY: i64 = 30;

/// Whether a status is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// What is stored says the same.
    Never,
    /// Something happened.
    Now,
    /// Only figures moved, and they were written not long ago.
    In(Duration),
}

/// Compares a status with the stored one.
#[must_use]
pub fn due(root: &Root, status: &RelayClusterStatus, now: Timestamp) -> Due {
    let new = serde_json::to_value(status).unwrap_or_default();
    if new == root.stored_status {
        return Due::Never;
    }
    if without_figures(new) != without_figures(root.stored_status.clone()) {
        return Due::Now;
    }
    let since = root.status_written.map_or(FIGURES_EVERY, |written| now.as_second() - written.as_second());
    match FIGURES_EVERY - since {
        left @ 1..=FIGURES_EVERY => Due::In(Duration::from_secs(left.unsigned_abs())),
        _ => Due::Now,
    }
}

fn without_figures(mut status: Value) -> Value {
    if let Value::Object(map) = &mut status {
        map.remove("summary");
        if let Some(Value::Object(connections)) = map.get_mut("connections") {
            connections.retain(|key, _| key == "unknownPods");
        }
        for pod in map.get_mut("pods").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::Object(pod) = pod {
                pod.remove("connections");
                pod.remove("since");
            }
        }
    }
    status
}

/// Writes the status of this very cluster, and of no later one of the same name; nor over one that was
/// written since, by whoever leads now.
///
/// # Errors
/// What the client says; that the cluster is gone is one of them.
pub async fn write(client: &Client, root: &Root, status: &RelayClusterStatus) -> Result<(), kube::Error> {
    // Untyped, because the answer has the spec, which may be one that cannot be read.
    let resource = ApiResource::erase::<RelayCluster>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &root.namespace, &resource);
    let body = json!({
        "apiVersion": RelayCluster::api_version(&()),
        "kind": RelayCluster::kind(&()),
        "metadata": { "uid": root.uid, "resourceVersion": root.version },
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch_status(&root.name, &params, &Patch::Apply(body)).await.map(|_| ())
}
