//! How many requests an address may make (requirement 004-20).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Extensions, HeaderMap};

use crate::app::App;
use crate::auth::ClientAddress;
use crate::metrics::RateLimit;
use crate::profiles::ApiError;
use crate::rate::Limited;

/// What probes and scrapers ask for, as often as they like.
const FREE: [&str; 7] =
    ["/health", "/api/health", "/health/detailed", "/metrics", "/livez", "/readyz", "/startupz"];

/// Notes a request. Who has the publish key is no stranger, and has limits of its own.
///
/// # Errors
/// [`Limited`] if its address makes too many.
pub fn note(app: &App, path: &str, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Limited> {
    let quotas = app.settings.live().quotas;
    let publisher = || app.publish_key.as_ref().is_some_and(|key| key.check(headers).is_ok());
    if quotas.requests == 0 || FREE.contains(&path) || publisher() {
        return Ok(());
    }
    app.limits.take(RateLimit::Requests, &quotas, ClientAddress::of(extensions).ip)
}

/// Answers 429 to who makes too many requests.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match note(&app, request.uri().path(), request.headers(), request.extensions()) {
        Ok(()) => next.run(request).await,
        Err(limited) => ApiError::Limited(limited).into_response(),
    }
}
