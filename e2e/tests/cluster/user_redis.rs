//! A Redis that the operator knows nothing of: somebody's own.

use anyhow::Result;
use e2e::cluster::Cluster;
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

/// Name of its pod and its Service.
pub(crate) const NAME: &str = "shared";

/// Runs it, and returns its URL.
pub(crate) async fn run(ground: &Ground, password: &str) -> Result<String> {
    let config = format!("save \"\"\nrequirepass {password}\n");
    run_with(ground, "shared-config", &json!({ "redis.conf": config })).await?;
    Ok(format!("redis://:{password}@{NAME}:6379"))
}

/// Runs it with these files in `/etc/redis`, of which `redis.conf` is its configuration; they are in a
/// Secret of this name.
pub(crate) async fn run_with(ground: &Ground, secret: &str, files: &serde_json::Value) -> Result<()> {
    let configuration = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": secret }, "stringData": files,
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Secret>().patch(secret, &apply, &Patch::Apply(configuration)).await?;
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
            "volumes": [{ "name": "config", "secret": { "secretName": secret } }],
        },
    });
    ground.api::<Pod>().patch(NAME, &apply, &Patch::Apply(pod)).await?;
    Ok(())
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

/// Ends it, and waits until it is gone.
pub(crate) async fn end(ground: &Ground) -> Result<()> {
    let pods = ground.api::<Pod>();
    pods.delete(NAME, &DeleteParams::default().grace_period(0)).await?;
    let gone = || async { Ok(pods.get_opt(NAME).await?.is_none().then_some(())) };
    eventually("the pod of Redis is gone", 60, gone).await.map(drop)
}
