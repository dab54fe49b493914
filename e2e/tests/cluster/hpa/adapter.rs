//! The custom metrics API for one metric of relays, read from the relays themselves: what a
//! prometheus-adapter does, without a Prometheus. It runs in the test, behind an APIService.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use kube::{Client, ResourceExt};
use relay_contract::settings::ADMIN_PORT;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

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
    task: tokio::task::JoinHandle<()>,
}

impl Adapter {
    /// Serves the API and waits until the API server passes requests on to it.
    pub(super) async fn start(ground: &Ground) -> Result<Self> {
        let name = format!("{SERVICE}.{}.svc", ground.namespace);
        let certified = rcgen::generate_simple_self_signed(vec![name])?;
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        publish(ground, listener.local_addr()?.port()).await?;
        let task = tokio::spawn(serve(listener, acceptor(&certified)?, ground.client.clone()));
        let adapter = Self { client: ground.client.clone(), task };
        let registered = adapter.register(&ground.namespace, &certified.cert.pem()).await;
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
        self.task.abort();
        Ok(())
    }
}

fn api_services(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("apiregistration.k8s.io", "v1", "APIService");
    Api::all_with(client.clone(), &ApiResource::from_gvk(&kind))
}

/// A Service that leads to this process, which lives in the network of the first node.
async fn publish(ground: &Ground, port: u16) -> Result<()> {
    let node = Api::<Node>::all(ground.client.clone()).get("node1").await?;
    let addresses = node.status.and_then(|status| status.addresses).unwrap_or_default();
    let address = addresses.into_iter().find(|it| it.type_ == "InternalIP").context("no address of node1")?;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": SERVICE },
        "spec": { "ports": [{ "name": "https", "port": 443, "targetPort": port }] },
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": { "name": SERVICE, "labels": { "kubernetes.io/service-name": SERVICE } },
        "endpoints": [{ "addresses": [address.address], "conditions": { "ready": true } }],
        "ports": [{ "name": "https", "port": port, "protocol": "TCP" }],
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Service>().patch(SERVICE, &apply, &Patch::Apply(service)).await?;
    ground.api::<EndpointSlice>().patch(SERVICE, &apply, &Patch::Apply(slice)).await?;
    Ok(())
}

fn acceptor(certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> Result<TlsAcceptor> {
    e2e::cluster::use_one_crypto_provider();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, client: Client) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, acceptor.clone(), client.clone()));
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, client: Client) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(|request: Request<Incoming>| {
        let (client, asked) = (client.clone(), request.uri().to_string());
        async move { Ok::<_, Infallible>(respond(answer(&client, &asked).await)) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn respond(answer: Result<Value>) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body.to_string()),
        Err(error) => (StatusCode::NOT_FOUND, format!("{error:#}")),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
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
