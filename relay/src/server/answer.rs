//! What every answer on the clients' port has: the node that gave it (requirement 004-37), and
//! what browsers want to know about origins (requirement 000-10, conflict X-13).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use crate::app::App;
use crate::auth::{ClientAddress, Peer};

/// Header with the node's name.
pub const NODE: HeaderName = HeaderName::from_static("x-relay-node");

/// Adds the headers to an answer, which keeps the name of another node that gave it; `request` are the headers of the request.
pub fn extend(headers: &mut HeaderMap, app: &App, request: &HeaderMap) {
    headers.entry(NODE).or_insert_with(|| app.node_header.clone());
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(header::ORIGIN) else { return };
    if app.settings.live().origins.allow(origin) {
        // Never `*`: browsers refuse it together with credentials.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-relay-node"));
    }
}

/// Where a request comes from: as a peer tells that forwarded it, or else as its connection does.
pub(super) fn locate(
    app: &App,
    peer: Option<Peer>,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
) -> ClientAddress {
    let told = app.peers.told(method, uri, headers);
    told.unwrap_or_else(|| app.settings.live().proxies.locate(peer, headers))
}

/// Finds out where a request comes from, adds the headers to all answers, and answers preflight requests.
pub(super) async fn finish(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let head = (request.method(), request.uri(), request.headers());
    let client = locate(&app, request.extensions().get().copied(), head);
    request.extensions_mut().insert(client);
    let asked = request.headers().clone();
    let preflight =
        request.method() == Method::OPTIONS && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { preflight_answer() } else { next.run(request).await };
    extend(response.headers_mut(), &app, &asked);
    response
}

/// The Fetch standard's answer to a preflight; without an allowed origin a browser goes no further.
fn preflight_answer() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    let allowed = HeaderValue::from_static("authorization, content-type, last-event-id");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
