//! `/socket.io/` (requirements 002-01 and 002-07). A request of another node's session is answered by
//! that node, whichever one a balancer took it to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::app::App;
use crate::peers::{FORWARDED, Failure, Terms};
use crate::profiles::ApiError;
use crate::transport::engineio::Fault;

/// Time beyond its ping and the answer to it, after which a poll is given up.
const MARGIN: Duration = Duration::from_secs(5);

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    if !app.allows_origin(request.headers()) {
        tracing::warn!(origin = ?request.headers().get("origin"), "Origin not allowed");
        return ApiError::Origin.into_response();
    }
    if begins(&request) && !app.drain.is_accepting() {
        // Clients try again, which another node is to answer.
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "Service restart")
            .into_response();
    }
    match owner(&app, &request) {
        Some(owner) => forward(&app, &owner, request).await,
        None => app.socketio.handle(request).await,
    }
}

/// The other node that is to answer. What was forwarded to this one goes no further.
fn owner(app: &App, request: &Request) -> Option<String> {
    let forwards = app.settings.live().socketio.forward && !request.headers().contains_key(FORWARDED);
    forwards.then(|| app.socketio.elsewhere(request.uri())).flatten()
}

async fn forward(app: &App, owner: &str, request: Request) -> Response {
    let options = app.settings.live().socketio.options.clone();
    let patience = options.ping_interval + options.ping_timeout + MARGIN;
    let terms = Terms { max_body: options.max_payload, patience };
    let answer = app.peers.forward(owner, request, terms, &app.hub).await;
    answer.unwrap_or_else(|failure| app.socketio.refuse(fault(failure)))
}

/// A client whose session cannot be reached begins anew, which it does at once when it is unknown. No other
/// refusal would keep the session: clients of either version end it at any status but 200
/// (engine.io-client, `transports/polling-xhr`), which would tell a post that it was taken.
fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Full => Fault::NoRoom,
        Failure::Body(unread) => unread.into(),
        _ => Fault::UnknownSid,
    }
}

/// Whether a request asks for a new session; those that are there go on until their turn.
fn begins(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    !query.split('&').any(|pair| pair.starts_with("sid="))
}
