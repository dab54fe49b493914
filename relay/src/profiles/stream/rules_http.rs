//! `/api/rules` (requirement 001-24): the rules of this node, for who may publish.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::rules::Rule;
use super::viewer::Viewer;
use crate::app::App;
use crate::profiles::limits::Caller;
use crate::profiles::{ApiError, json};

/// `POST /api/rules`: `{"name", "type"?, "source"?, "when"?: {"field", "op", "value"}}`.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = json::read(&app, &caller, body).await?;
    let rule: Rule =
        serde_json::from_value(body).map_err(|error| ApiError::invalid("", error.to_string()))?;
    let active = app.events.rules().add(rule).map_err(|error| ApiError::invalid("", error.to_string()))?;
    Ok((StatusCode::CREATED, Json(json!(active))))
}

/// `GET /api/rules`
pub(super) async fn list(_: Viewer, State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "rules": app.events.rules().list() }))
}

/// `DELETE /api/rules/{id}`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    json::allow(&app, &caller)?;
    if app.events.rules().remove(&id) { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound) }
}
