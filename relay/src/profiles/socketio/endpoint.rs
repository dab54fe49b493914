//! `/socket.io/` (requirements 002-01 and 002-07).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::app::App;
use crate::profiles::ApiError;

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    if !app.settings.live().origins.allow_request(request.headers()) {
        tracing::warn!(origin = ?request.headers().get("origin"), "Origin not allowed");
        return ApiError::Origin.into_response();
    }
    if begins(&request) && !app.drain.is_accepting() {
        // Clients try again, which another node is to answer.
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "Service restart")
            .into_response();
    }
    app.socketio.handle(request).await
}

/// Whether a request asks for a new session; those that are there go on until their turn.
fn begins(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    !query.split('&').any(|pair| pair.starts_with("sid="))
}
