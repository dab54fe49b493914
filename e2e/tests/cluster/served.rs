//! A service of the test itself: pods and the API server reach it under a name, over TLS.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context, Result};
use e2e::ground::{Ground, TEST_MANAGER};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, Patch, PatchParams};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The service, until it is dropped. Only a local cluster reaches it.
pub(crate) struct Served {
    task: JoinHandle<()>,
    /// Its host name.
    pub(crate) host: String,
    /// Its certificate, which nobody vouches for.
    pub(crate) certificate: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Served {
    /// Serves what `answer` says, as the Service `name` of the test's namespace.
    pub(crate) async fn start<A, F>(ground: &Ground, name: &str, answer: A) -> Result<Self>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let short = format!("{name}.{}.svc", ground.namespace);
        let host = format!("{short}.cluster.local");
        let certified = rcgen::generate_simple_self_signed(vec![short, host.clone()])?;
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        publish(ground, name, listener.local_addr()?.port()).await?;
        let task = tokio::spawn(serve(listener, acceptor(&certified)?, answer));
        Ok(Self { task, host, certificate: certified.cert.pem() })
    }
}

/// An answer with a JSON body.
pub(crate) fn response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

/// A Service that leads to this process, which lives in the network of the first node.
async fn publish(ground: &Ground, name: &str, port: u16) -> Result<()> {
    let node = Api::<Node>::all(ground.client.clone()).get("node1").await?;
    let addresses = node.status.and_then(|status| status.addresses).unwrap_or_default();
    let address = addresses.into_iter().find(|it| it.type_ == "InternalIP").context("no address of node1")?;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "ports": [{ "name": "https", "port": 443, "targetPort": port }] },
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": { "name": name, "labels": { "kubernetes.io/service-name": name } },
        "endpoints": [{ "addresses": [address.address], "conditions": { "ready": true } }],
        "ports": [{ "name": "https", "port": port, "protocol": "TCP" }],
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Service>().patch(name, &apply, &Patch::Apply(service)).await?;
    ground.api::<EndpointSlice>().patch(name, &apply, &Patch::Apply(slice)).await?;
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

async fn serve<A, F>(listener: TcpListener, acceptor: TlsAcceptor, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, acceptor.clone(), answer.clone()));
    }
}

async fn connection<A, F>(stream: TcpStream, acceptor: TlsAcceptor, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Send + Sync,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
