//! Serves a connection by the HTTP server.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::host;
use crate::auth::Peer;
use crate::transport::Permit;
use crate::transport::head::{self, First, MAX_HEAD};
use crate::transport::rewind::Rewind;

/// Time from one request to the head of the next: longer than common proxies keep an idle
/// connection, so that it is them who end it. The first head has a shorter time of its own.
const IDLE: Duration = Duration::from_secs(75);
/// Time for an answer under way when the process ends.
const GRACE: Duration = Duration::from_secs(2);

/// Reads the first request's head, which has a shorter time than [`serve`] gives. `None`: none came,
/// and the client was told.
pub(super) async fn first(stream: &mut TcpStream, stop: &CancellationToken) -> Option<First> {
    tokio::select! {
        first = head::read(stream, head::HEAD_TIMEOUT) => first.ok(),
        () = stop.cancelled() => None,
    }
}

/// Serves a connection from its first byte on.
pub(super) async fn serve_new(
    mut stream: TcpStream,
    router: Router,
    permit: Permit,
    stop: &CancellationToken,
) {
    if let Some(first) = first(&mut stream, stop).await {
        serve(Rewind::new(first.bytes, stream), router, permit, stop).await;
    }
}

/// Serves requests until the client, or `stop`, ends the connection.
pub(super) async fn serve(stream: Rewind, router: Router, permit: Permit, stop: &CancellationToken) {
    let peer = stream.peer().map(Peer);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        // An upgraded connection outlives this function and takes its permit along.
        request.extensions_mut().insert(permit.clone());
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        route(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(4 * MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // Errors are the client's: a connection that breaks is no news.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(GRACE, connection).await;
}

async fn route(router: Router, request: hyper::Request<Body>) -> Result<Response, Infallible> {
    if !host::is_sound(request.version(), request.headers()) {
        // What comes after it may be meant for another reader.
        let close = [(header::CONNECTION, "close")];
        return Ok((StatusCode::BAD_REQUEST, close, "Host must be there once").into_response());
    }
    tower::ServiceExt::oneshot(router, request).await
}
