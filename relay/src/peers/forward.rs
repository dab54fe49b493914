//! Requests on their way to the node that they are for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;

use super::peer::{Kind, Peer};
use super::proof::{FORWARDED, Subject};
use super::reply::Reply;
use super::splice::{self, Held, Splices};
use super::view::View;
use super::{Failure, headers};
use crate::auth::ClientAddress;
use crate::bus::Bus;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::transport::{body, ws};

/// Time in which a client's body must be complete, as on the owner.
const BODY_TIMEOUT: Duration = Duration::from_secs(300);
/// Time for a connection to a node.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time until a request that did not reach a node is sent again.
const RETRY: Duration = Duration::from_millis(200);
/// Time for the head of an answer that does not wait for events.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for which a connection to a node is kept unused: less than the node keeps it.
const IDLE: Duration = Duration::from_secs(30);
/// Connections to one node that are kept unused.
const MAX_IDLE: usize = 256;

/// The other relays of the cluster.
pub struct Peers {
    view: View,
    client: Client<HttpConnector, Full<Bytes>>,
    splices: Splices,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
}

/// Bounds of one forwarded request.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Bytes of the largest body.
    pub max_body: usize,
    /// Time for the head of the answer to a GET, which may wait for events.
    pub patience: Duration,
}

/// A request that is complete, and may be sent more than once.
struct Parcel {
    parts: request::Parts,
    body: Bytes,
    kind: Kind,
    /// Time for the head of the answer.
    patience: Duration,
}

/// A request that was answered, and what it holds of the node that did.
struct Carried {
    peer: Arc<Peer>,
    place: OwnedSemaphorePermit,
    answer: http::Response<Incoming>,
}

impl Peers {
    /// The peers of `node`, of which `bus` tells. WebSockets that go through are tasks of `tasks`.
    pub fn new(node: String, bus: Arc<dyn Bus>, metrics: Arc<Metrics>, tasks: TaskTracker) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { view: View::new(node, bus), client, splices: Splices::default(), metrics, tasks }
    }

    /// Keeps the view of the others, for ever.
    pub async fn keep(&self) {
        self.view.keep().await;
    }

    /// Names of the others that are alive, as far as it is known.
    pub fn names(&self) -> Vec<String> {
        self.view.names()
    }

    /// The WebSockets that go through this node.
    pub fn splices(&self) -> &Splices {
        &self.splices
    }

    /// The client that another node tells of in a request that it forwarded to this one, with proof.
    pub fn told(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<ClientAddress> {
        headers.contains_key(FORWARDED).then(|| {
            let subject = Subject { owner: self.view.node(), method, uri };
            self.view.keys().check(subject, headers)
        })?
    }

    /// Forwards `request` to the node `owner`, and answers as it does. Takes what `room` has for bodies. A
    /// request that surely did not reach the owner is sent again, for a few seconds.
    ///
    /// # Errors
    /// [`Failure`] if there is no answer; the request may have reached the owner all the same.
    pub async fn forward(
        &self,
        owner: &str,
        request: Request,
        terms: Terms,
        room: &Hub,
    ) -> Result<Response, Failure> {
        let outcome = self.carry(owner, request, terms, room).await;
        match &outcome {
            Ok(_) => self.metrics.forwards.answered(),
            Err(failure) => {
                self.metrics.forwards.failed(failure.label());
                tracing::info!(node = owner, reason = %failure, "Request for another node not answered");
            }
        }
        outcome
    }

    async fn carry(
        &self,
        owner: &str,
        request: Request,
        terms: Terms,
        room: &Hub,
    ) -> Result<Response, Failure> {
        if let Err(Failure::Unknown) = self.view.peer(owner).await {
            return Err(Failure::Unknown);
        }
        let (parts, body) = request.into_parts();
        // Before it has a place: a client that sends slowly takes none from others.
        let body = body::collect(body, terms.max_body, BODY_TIMEOUT, room).await?;
        let kind = if parts.headers.contains_key(header::UPGRADE) { Kind::Socket } else { Kind::Request };
        let patience = if parts.method == Method::GET { terms.patience } else { ANSWER_TIMEOUT };
        let parcel = Parcel { parts, body, kind, patience };
        let Carried { peer, place, answer } = self.deliver(owner, &parcel).await?;
        if kind == Kind::Socket && answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(self.splice(peer, place, parcel.parts, answer));
        }
        let (mut head, body) = answer.into_parts();
        head.headers = headers::of_answer(head.headers);
        Ok(Response::from_parts(head, Body::new(Reply::new(body, place))))
    }

    /// Sends a request until it has an answer, or a [failure](Failure::passes_within) that another try
    /// would not mend.
    async fn deliver(&self, owner: &str, parcel: &Parcel) -> Result<Carried, Failure> {
        let begun = Instant::now();
        loop {
            match self.send(owner, parcel).await {
                Err(failure) if failure.passes_within().is_some_and(|time| begun.elapsed() < time) => {
                    self.metrics.forwards.retried(failure.label());
                    tokio::time::sleep(RETRY).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn send(&self, owner: &str, parcel: &Parcel) -> Result<Carried, Failure> {
        let peer = self.view.peer(owner).await?;
        let place = peer.place(parcel.kind)?;
        let request = self.client.request(self.outbound(&peer, parcel)?);
        let answer = peer.within(parcel.patience, request).await?;
        let answer = answer.map_err(|error| Failure::of(&error))?;
        Ok(Carried { peer, place, answer })
    }

    /// The request as the owner gets it.
    fn outbound(&self, peer: &Peer, parcel: &Parcel) -> Result<http::Request<Full<Bytes>>, Failure> {
        let Parcel { parts, body, kind, .. } = parcel;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let subject = Subject { owner: peer.name(), method: &parts.method, uri: &parts.uri };
        let client = ClientAddress::of(&parts.extensions);
        let proof = self.view.keys().prove(subject, &client).ok_or(Failure::NoSecret)?;
        let mut request = http::Request::new(Full::new(body.clone()));
        *request.method_mut() = parts.method.clone();
        // A node that tells an address which is none cannot be reached.
        *request.uri_mut() =
            format!("http://{}{path}", peer.address()?).parse().map_err(|_| Failure::NoAddress)?;
        *request.headers_mut() = headers::of_request(&parts.headers);
        if *kind == Kind::Socket {
            as_upgrade(request.headers_mut());
        }
        request.headers_mut().insert(FORWARDED, proof);
        Ok(request)
    }

    /// Lets the bytes of a WebSocket through from now on, and passes the owner's yes on.
    fn splice(
        &self,
        peer: Arc<Peer>,
        place: OwnedSemaphorePermit,
        mut parts: request::Parts,
        mut answer: http::Response<Incoming>,
    ) -> Response {
        let owner = hyper::upgrade::on(&mut answer);
        let permit = parts.extensions.remove();
        let client = ws::upgraded(&mut parts);
        let held = Held { entered: self.splices.enter(), peer, place, permit };
        self.tasks.spawn(splice::run(client, owner, held));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = headers::of_answer(std::mem::take(answer.headers_mut()));
        as_upgrade(response.headers_mut());
        response
    }
}

/// What is of one connection, and said anew for the next.
fn as_upgrade(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;
