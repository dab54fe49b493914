//! `GET /api/auth/verify` (requirement 004-13): whether a token is good, and until when.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::json;

use crate::app::App;
use crate::auth::Shown;
use crate::profiles::ApiError;

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let origins = app.settings.live().origins.clone();
    let shown = Shown { request: &parts, auth: None, origins: &origins };
    let identity = app.gate.identify(&shown).await.inspect_err(|error| {
        tracing::warn!(%error, error_type = "authentication_error", "Authentication failed");
    })?;
    // Every token of an issuer ends.
    let end = identity.expires_at.unwrap_or(i64::MAX);
    let expires_at = jiff::Timestamp::from_second(end).unwrap_or(jiff::Timestamp::MAX);
    let body = json!({
        "valid": true,
        "player_id": identity.subject,
        "expires_at": expires_at.to_string(),
        "expires_in": end.saturating_sub(jiff::Timestamp::now().as_second()),
    });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
