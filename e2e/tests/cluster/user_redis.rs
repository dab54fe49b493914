//! A Redis that the operator knows nothing of: somebody's own.

use anyhow::Result;
use e2e::cluster::Cluster;
use e2e::ground::{Ground, TEST_MANAGER};
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::api::{Patch, PatchParams};
use serde_json::json;

/// Name of its pod, its Service, and with `-config` of the Secret with its configuration.
pub(crate) const NAME: &str = "shared";

/// Runs it, and returns its URL.
pub(crate) async fn run(ground: &Ground, password: &str) -> Result<String> {
    let config = format!("save \"\"\nrequirepass {password}\n");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "shared-config" },
        "stringData": { "redis.conf": config },
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Secret>().patch("shared-config", &apply, &Patch::Apply(secret)).await?;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": NAME },
        "spec": { "selector": { "app": NAME }, "ports": [{ "port": 6379 }] },
    });
    ground.api::<Service>().patch(NAME, &apply, &Patch::Apply(service)).await?;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": NAME, "labels": { "app": NAME } },
        "spec": {
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 999, "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "redis", "image": Cluster::attach()?.images()?.redis,
                "command": ["redis-server", "/etc/redis/redis.conf"],
                "volumeMounts": [{ "name": "config", "mountPath": "/etc/redis" }],
                "securityContext": {
                    "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
                },
            }],
            "volumes": [{ "name": "config", "secret": { "secretName": "shared-config" } }],
        },
    });
    ground.api::<Pod>().patch(NAME, &apply, &Patch::Apply(pod)).await?;
    Ok(format!("redis://:{password}@{NAME}:6379"))
}

/// Runs it, and makes the Secret that `spec.redis` names then.
pub(crate) async fn spec(ground: &Ground, password: &str) -> Result<serde_json::Value> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": NAME },
        "stringData": { "url": run(ground, password).await? },
    });
    ground.api::<Secret>().patch(NAME, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(secret)).await?;
    Ok(json!({ "mode": "External", "external": { "urlSecretRef": { "name": NAME } } }))
}
