//! `GET` and `POST /api/v1/auth/ws-connection-token/` (requirements 003-01 and 003-17, conflict
//!

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header, request};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::NAME;
use crate::app::App;
use crate::auth::{ClientAddress, Identity, Shown, TTL, Ticket, parameter};
use crate::metrics::RateLimit;
use crate::profiles::{ApiError, identity, json};

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let ticket = ticket_for(&app, &parts, body).await.inspect_err(|error| {
        tracing::warn!(%error, "[WS_TOKEN_API] Refused a connection token");
    })?;
    let mut response = match app.gate.tickets().issue(&ticket).await {
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
/// name of its own. A backend with the publish key names the user that it asks for.
async fn ticket_for(app: &App, request: &request::Parts, body: Body) -> Result<Ticket, ApiError> {
    if !app.allows_origin(&request.headers) {
        return Err(ApiError::Origin);
    }
    let caller = caller(app, request).await?;
    let query = request.uri.query().unwrap_or_default();
    let named = caller.as_ref().map(|caller| caller.subject.clone()).or_else(|| parameter(query, "user_id"));
    limit(app, named.as_deref(), request)?;
    let wish = Wish::of(app, query, body).await?;
    let user_id = named.unwrap_or_else(|| format!("guest-{}", Uuid::new_v4()));
    identity::check("user_id", &user_id)?;
    Ok(Ticket {
        user_id,
        username: caller.as_ref().and_then(|caller| caller.username.clone()),
        connection_id: wish.connection_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
        conversation_id: wish.conversation_id,
        created_at: jiff::Timestamp::now().as_second(),
        used: false,
        expires_at: caller.and_then(|caller| caller.expires_at),
    })
}

/// `None`: the caller is believed.
async fn caller(app: &App, request: &request::Parts) -> Result<Option<Identity>, ApiError> {
    if app.publish_key.as_ref().is_some_and(|key| key.check(&request.headers).is_ok()) {
        return Ok(None);
    }
    let origins = app.settings.live().origins.clone();
    let shown = Shown { request, auth: None, origins: &origins };
    Ok(app.gate.admit_to_tokens(NAME, &shown).await?)
}

/// So many tokens per user; guests have no name yet, but an address.
fn limit(app: &App, user: Option<&str>, request: &request::Parts) -> Result<(), ApiError> {
    let quotas = app.settings.live().quotas;
    let taken = match user {
        Some(user) => app.limits.take(RateLimit::Tokens, &quotas, user),
        None => app.limits.take(RateLimit::Tokens, &quotas, ClientAddress::of(&request.extensions).ip),
    };
    Ok(taken?)
}

/// What a caller may ask for: in the body of a POST, or in the query.
#[derive(Default, Deserialize)]
struct Wish {
    /// A name of the caller's own for the connection.
    connection_id: Option<String>,
    /// The one conversation that the token is to be good for.
    conversation_id: Option<String>,
}

impl Wish {
    async fn of(app: &App, query: &str, body: Body) -> Result<Self, ApiError> {
        let bytes = json::whole(app, body).await?;
        let said = if bytes.is_empty() { Ok(Self::default()) } else { serde_json::from_slice(&bytes) };
        let said =
            said.map_err(|error| ApiError::invalid("", format!("the body is no such object: {error}")))?;
        let wish = Self {
            connection_id: said.connection_id.or_else(|| parameter(query, "connection_id")),
            conversation_id: said.conversation_id.or_else(|| parameter(query, "conversation_id")),
        };
        for (field, id) in
            [("connection_id", &wish.connection_id), ("conversation_id", &wish.conversation_id)]
        {
            id.as_ref().map_or(Ok(()), |id| identity::check(field, id))?;
        }
        Ok(wish)
    }
}
