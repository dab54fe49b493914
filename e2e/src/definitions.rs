//! Definitions of kinds that a Kubernetes need not have, reduced to what the operator writes of
//! them: real enough to refuse a wrong field where it matters, and to fill in defaults.

use anyhow::Result;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use crate::ground::{TEST_MANAGER, eventually};

/// Installs HTTPRoute, PodMonitor and PrometheusRule, and waits until all are served.
///
/// # Errors
/// If they are not served within half a minute.
pub async fn install(client: &Client) -> Result<()> {
    let all = Api::<CustomResourceDefinition>::all(client.clone());
    for definition in [http_route(), pod_monitor(), prometheus_rule()] {
        let name =
            definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        all.patch(&name, &PatchParams::apply(TEST_MANAGER), &Patch::Apply(definition)).await?;
        let served = || async {
            let conditions = all.get(&name).await?.status.and_then(|status| status.conditions);
            let mut all = conditions.into_iter().flatten();
            Ok(all.any(|it| it.type_ == "Established" && it.status == "True").then_some(()))
        };
        eventually(&format!("{name} is served"), 30, served).await?;
    }
    Ok(())
}

fn definition(group: &str, kind: &str, plural: &str, spec: &Value) -> Value {
    let schema = json!({ "type": "object", "properties": { "spec": spec } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            // Groups under *.k8s.io are only let in with a word of approval.
            "annotations": { "api-approved.kubernetes.io": "unapproved, for a test" },
        },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
            "versions": [{ "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": schema } }],
        },
    })
}

/// A duration of the Gateway API (GEP-2257) is a string of this form.
const DURATION: &str = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$";

fn http_route() -> Value {
    let duration = json!({ "type": "string", "pattern": DURATION });
    let backend = json!({ "type": "object", "required": ["name"], "properties": {
        "group": { "type": "string", "default": "" },
        "kind": { "type": "string", "default": "Service" },
        "name": { "type": "string" },
        "port": { "type": "integer" },
        "weight": { "type": "integer", "default": 1 },
    }});
    let parent = json!({ "type": "object", "required": ["name"], "properties": {
        "group": { "type": "string", "default": "gateway.networking.k8s.io" },
        "kind": { "type": "string", "default": "Gateway" },
        "name": { "type": "string" },
        "namespace": { "type": "string" },
        "sectionName": { "type": "string" },
    }});
    let rule = json!({ "type": "object", "properties": {
        "matches": { "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
        "backendRefs": { "type": "array", "items": backend },
        "timeouts": { "type": "object", "properties": { "request": duration, "backendRequest": duration } },
    }});
    let spec = json!({ "type": "object", "properties": {
        "parentRefs": { "type": "array", "items": parent },
        "hostnames": { "type": "array", "items": { "type": "string" } },
        "rules": { "type": "array", "items": rule },
    }});
    definition("gateway.networking.k8s.io", "HTTPRoute", "httproutes", &spec)
}

fn pod_monitor() -> Value {
    let endpoint = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
        "port": { "type": "string" },
        "interval": { "type": "string", "pattern": "^[0-9]+(ms|s|m)$" },
    }});
    let spec = json!({ "type": "object", "required": ["selector", "podMetricsEndpoints"], "properties": {
        "selector": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        "podMetricsEndpoints": { "type": "array", "items": endpoint },
    }});
    definition("monitoring.coreos.com", "PodMonitor", "podmonitors", &spec)
}

fn prometheus_rule() -> Value {
    let rule = json!({ "type": "object", "required": ["expr"], "x-kubernetes-preserve-unknown-fields": true,
        "properties": { "alert": { "type": "string" }, "expr": { "type": "string" }, "for": { "type": "string" } } });
    let group = json!({ "type": "object", "required": ["name"], "properties": {
        "name": { "type": "string" }, "rules": { "type": "array", "items": rule } } });
    let spec = json!({ "type": "object", "properties": { "groups": {
        "type": "array", "items": group,
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
    } } });
    definition("monitoring.coreos.com", "PrometheusRule", "prometheusrules", &spec)
}
