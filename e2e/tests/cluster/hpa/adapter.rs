//! The custom metrics API for one metric of relays, read from the relays themselves: what a
//! prometheus-adapter does, without a Prometheus. It runs in the test, behind an APIService.

use anyhow::{Context, Result, bail};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use kube::{Client, ResourceExt};
use relay_contract::settings::ADMIN_PORT;
use serde_json::{Value, json};

use crate::served::{Served, response};

/// The metric.
pub(super) const METRIC: &str = "relay_active_connections";
const GROUP_VERSION: &str = "custom.metrics.k8s.io/v1beta2";
const API_SERVICE: &str = "v1beta2.custom.metrics.k8s.io";
/// Name of the Service in front of it.
const SERVICE: &str = "metrics";
const SECONDS: u64 = 60;

/// The API, registered. While it is and nobody serves it, Kubernetes removes no namespace.
pub(super) struct Adapter {
    client: Client,
    served: Served,
}

impl Adapter {
    /// Serves the API and waits until the API server passes requests on to it.
    pub(super) async fn start(ground: &Ground) -> Result<Self> {
        let client = ground.client.clone();
        let served = Served::start(ground, SERVICE, move |request| respond(client.clone(), request)).await?;
        let adapter = Self { client: ground.client.clone(), served };
        let registered = adapter.register(&ground.namespace, &adapter.served.certificate).await;
        match registered {
            Ok(()) => Ok(adapter),
            Err(error) => {
                adapter.remove().await?;
                Err(error)
            }
        }
    }

    async fn register(&self, namespace: &str, authority: &str) -> Result<()> {
        use base64::Engine as _;
        let bundle = base64::prelude::BASE64_STANDARD.encode(authority);
        let service = json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": { "name": API_SERVICE },
            "spec": {
                "group": "custom.metrics.k8s.io", "version": "v1beta2", "caBundle": bundle,
                "groupPriorityMinimum": 100, "versionPriority": 100,
                "service": { "name": SERVICE, "namespace": namespace, "port": 443 },
            },
        });
        let services = api_services(&self.client);
        let apply = PatchParams::apply(TEST_MANAGER).force();
        services.patch(API_SERVICE, &apply, &Patch::Apply(service)).await?;
        let available = || async {
            let conditions = services.get(API_SERVICE).await?.data;
            let all = conditions.pointer("/status/conditions").and_then(Value::as_array).cloned();
            let is_true = |it: &Value| it["type"] == "Available" && it["status"] == "True";
            Ok(all.unwrap_or_default().iter().any(is_true).then_some(()))
        };
        eventually("the custom metrics API is available", SECONDS, available).await.map(drop)
    }

    /// Takes the API away again.
    pub(super) async fn remove(self) -> Result<()> {
        api_services(&self.client).delete(API_SERVICE, &DeleteParams::default()).await?;
        Ok(())
    }
}

fn api_services(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("apiregistration.k8s.io", "v1", "APIService");
    Api::all_with(client.clone(), &ApiResource::from_gvk(&kind))
}

async fn respond(client: Client, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match answer(&client, &request.uri().to_string()).await {
        Ok(body) => response(StatusCode::OK, &body),
        Err(error) => response(StatusCode::NOT_FOUND, &Value::String(format!("{error:#}"))),
    }
}

/// What the API says: which metrics there are, or what pods have of one.
async fn answer(client: &Client, asked: &str) -> Result<Value> {
    let url = reqwest::Url::parse("https://metrics/")?.join(asked)?;
    let rest = url.path().strip_prefix(&format!("/apis/{GROUP_VERSION}")).context("another API")?;
    if rest.is_empty() {
        let metric = json!({
            "name": format!("pods/{METRIC}"), "singularName": "", "namespaced": true,
            "kind": "MetricValueList", "verbs": ["get"],
        });
        return Ok(json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP_VERSION, "resources": [metric],
        }));
    }
    let parts: Vec<_> = rest.split('/').collect();
    let ["", "namespaces", namespace, "pods", _all, METRIC] = parts.as_slice() else {
        bail!("no such metric")
    };
    let selector = url.query_pairs().find(|(name, _)| name == "labelSelector").context("no selector")?.1;
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let mut items = Vec::new();
    for pod in pods.list(&ListParams::default().labels(&selector)).await? {
        items.extend(value(&pod).await.ok());
    }
    Ok(json!({ "kind": "MetricValueList", "apiVersion": GROUP_VERSION, "metadata": {}, "items": items }))
}

/// The metric of one pod, as that pod tells it.
async fn value(pod: &Pod) -> Result<Value> {
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone()).context("no address")?;
    let text = reqwest::get(format!("http://{address}:{ADMIN_PORT}/metrics")).await?.text().await?;
    let of_metric = text.lines().filter(|line| line.starts_with(METRIC));
    let values = of_metric.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(json!({
        "describedObject": {
            "kind": "Pod", "apiVersion": "v1", "namespace": pod.namespace(), "name": pod.name_any(),
        },
        "metric": { "name": METRIC }, "timestamp": k8s_openapi::jiff::Timestamp::now().to_string(),
        "value": format!("{}", values.sum::<f64>()),
    }))
}
