//! An API server of a few lines: it keeps what is applied, counts what is asked, and can die.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use kube::runtime::reflector;
use relay_operator::Options;
use relay_operator::fleet::{ClusterKey, Fleet};
use relay_operator::metrics::Metrics;
use relay_operator::reconcile::{Context, Error, reconcile};
use serde_json::{Value, json};

/// Path of the one cluster that the tests are about.
pub(crate) const CLUSTER: &str = "/apis/relaycluster.dev/v1alpha1/namespaces/ns/relayclusters/demo";

/// What is stored, by path, and what was asked, in order.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) objects: BTreeMap<String, Value>,
    pub(crate) writes: Vec<String>,
    /// How many writes are still answered; after them nothing is.
    pub(crate) alive_for: Option<usize>,
}

/// A server that tests share with the client's service.
#[derive(Clone, Default)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Server>>);

impl Shared {
    /// One that stores a cluster `demo` with this spec.
    pub(crate) fn with(spec: Value) -> Self {
        let shared = Self::default();
        let cluster = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster", "spec": spec,
            "metadata": {"name": "demo", "namespace": "ns", "uid": "u-1", "generation": 1, "resourceVersion": "7"},
        });
        shared.put(CLUSTER, cluster);
        shared
    }

    pub(crate) fn put(&self, path: &str, object: Value) {
        self.0.lock().unwrap().objects.insert(path.to_owned(), object);
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).cloned()
    }

    /// The writes since the last call, as `VERB path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().writes)
    }

    /// What is stored, without the cluster and without what differs from run to run.
    pub(crate) fn children(&self) -> BTreeMap<String, Value> {
        let mut objects = self.0.lock().unwrap().objects.clone();
        objects.remove(CLUSTER);
        for object in objects.values_mut() {
            if object["kind"] == "Secret" {
                object["data"] = Value::Null;
            }
            object["metadata"]["annotations"] = Value::Null;
            object["spec"]["template"]["metadata"]["annotations"] = Value::Null;
        }
        objects
    }

    /// The reason of a condition.
    pub(crate) fn condition(&self, type_: &str) -> (String, String) {
        let cluster = self.get(CLUSTER).unwrap();
        let conditions = cluster["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let found = conditions.into_iter().find(|condition| condition["type"] == type_).unwrap_or_default();
        (
            found["status"].as_str().unwrap_or_default().into(),
            found["reason"].as_str().unwrap_or_default().into(),
        )
    }

    /// One visit by an operator that has just started.
    pub(crate) async fn visit(&self) -> Result<(), Error> {
        self.visit_with(Options::default()).await
    }

    /// One visit by an operator that has just started with these settings.
    pub(crate) async fn visit_with(&self, options: Options) -> Result<(), Error> {
        let shared = self.clone();
        let service = tower::service_fn(move |request| answer(shared.clone(), request));
        let (fleet, _changes) = Fleet::new(std::time::Duration::from_secs(12));
        let (store, _writer) = reflector::store();
        let client = Client::new(service, "ns");
        let context = Context::new(client, Arc::new(options), fleet, Metrics::new().unwrap(), store);
        let key = ClusterKey { namespace: "ns".into(), name: "demo".into() };
        reconcile(&context, &key).await.map(|_| ())
    }
}

async fn answer(shared: Shared, request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let path = parts.uri.path().to_owned();
    let mut server = shared.0.lock().unwrap();
    if parts.method != Method::GET {
        match &mut server.alive_for {
            Some(0) => return Err(std::io::Error::other("the operator is dead")),
            Some(left) => *left -= 1,
            None => {}
        }
        if !path.contains("/events") {
            server.writes.push(format!("{} {path}", parts.method));
        }
    } else if server.alive_for == Some(0) {
        return Err(std::io::Error::other("the operator is dead"));
    }
    let (code, value) =
        server.answer(&parts.method, &path, serde_json::from_slice(&bytes).unwrap_or_default());
    let body = Body::from(serde_json::to_vec(&value).unwrap());
    Ok(Response::builder().status(code).header("content-type", "application/json").body(body).unwrap())
}

impl Server {
    fn answer(&mut self, method: &Method, path: &str, body: Value) -> (StatusCode, Value) {
        match *method {
            Method::GET if path.ends_with("/deployments") => (StatusCode::OK, self.list(path)),
            Method::GET => match self.objects.get(path) {
                Some(object) => (StatusCode::OK, object.clone()),
                None => (StatusCode::NOT_FOUND, failure(404, "NotFound")),
            },
            Method::PATCH if path.ends_with("/status") => {
                let path = path.trim_end_matches("/status");
                let Some(object) = self.objects.get_mut(path) else {
                    return (StatusCode::NOT_FOUND, failure(404, "NotFound"));
                };
                object["status"] = body["status"].clone();
                (StatusCode::OK, object.clone())
            }
            Method::PATCH => self.apply(path, body),
            Method::DELETE => {
                self.objects.remove(path);
                (StatusCode::OK, json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
            }
            _ => (StatusCode::CREATED, body),
        }
    }

    fn apply(&mut self, path: &str, mut body: Value) -> (StatusCode, Value) {
        let creates = body["metadata"]["resourceVersion"] == "1";
        if creates && self.objects.contains_key(path) {
            return (StatusCode::CONFLICT, failure(409, "Conflict"));
        }
        body["metadata"]["resourceVersion"] = json!("7");
        body["metadata"]["uid"] = json!(path);
        self.objects.insert(path.to_owned(), body.clone());
        (StatusCode::OK, body)
    }

    fn list(&self, path: &str) -> Value {
        let below = format!("{path}/");
        let relay = |object: &&Value| object["metadata"]["labels"]["relaycluster.dev/cluster"] == "demo";
        let items: Vec<_> = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&below))
            .map(|(_, v)| v)
            .filter(relay)
            .collect();
        json!({"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {}, "items": items})
    }
}

fn failure(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": reason})
}
