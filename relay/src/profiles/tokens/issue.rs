//! `GET` and `POST /api/v1/auth/ws-connection-token/` (requirements 003-01 and 003-17, conflict
//!

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header, request};
use serde_json::json;
use uuid::Uuid;

use super::NAME;
use super::ticket::{self, TTL, Ticket};
use crate::app::App;
use crate::auth::parameter;
use crate::profiles::{ApiError, access, identity};

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let ticket = ticket_for(&app, &parts).await.inspect_err(|error| {
        tracing::warn!(%error, "[WS_TOKEN_API] Refused a connection token");
    })?;
    let mut response = match ticket::issue(&app, &ticket).await {
        Ok(token) => Json(json!({
            "connection_token": token,
            "expires_in": TTL.as_secs(),
            "connection_id": ticket.connection_id,
        }))
        .into_response(),
        Err(error) => {
            tracing::error!(%error, "[WS_TOKEN_API] Connection tokens cannot be kept");
            let body = json!({ "error": error.to_string(), "code": "CACHE_UNAVAILABLE" });
            let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Who the caller is: by its token, or, where callers are believed, by `?user_id=`; a guest gets a
/// name of its own.
async fn ticket_for(app: &App, request: &request::Parts) -> Result<Ticket, ApiError> {
    if !app.settings.live().origins.allow_request(&request.headers) {
        return Err(ApiError::Origin);
    }
    let caller = access::of_request(app, NAME, request).await?;
    let query = request.uri.query().unwrap_or_default();
    let asked = parameter(query, "user_id");
    let guest = || asked.unwrap_or_else(|| format!("guest-{}", Uuid::new_v4()));
    let user_id = caller.as_ref().map_or_else(guest, |caller| caller.subject.clone());
    identity::check("user_id", &user_id)?;
    Ok(Ticket {
        user_id,
        username: caller.as_ref().and_then(|caller| caller.username.clone()),
        connection_id: Uuid::new_v4().to_string(),
        created_at: jiff::Timestamp::now().as_second(),
        used: false,
        expires_at: caller.map(|caller| caller.expires_at),
    })
}
