//! `POST /sse/push/batch` (requirement 000-07): many pushes, answered one by one in their order.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::{Value, json};

use super::publish::{Outcome, log_refusal, publish};
use super::request::Push;
use crate::app::App;
use crate::profiles::limits::Caller;
use crate::profiles::{ApiError, json};

/// Pushes in one call.
const MAX_PUSHES: usize = 1000;

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let pushes = json::read(&app, &caller, body).await.and_then(array).inspect_err(log_refusal)?;
    let mut results = Vec::with_capacity(pushes.len());
    for (index, push) in pushes.into_iter().enumerate() {
        // The call as a whole was the first.
        let limit = if index == 0 { Ok(()) } else { caller.publishes(&app) };
        results.push(one(&app, index, push, limit).await);
    }
    Ok(Json(json!({ "results": results })))
}

fn array(body: Value) -> Result<Vec<Value>, ApiError> {
    match body {
        Value::Array(pushes) if pushes.len() <= MAX_PUSHES => Ok(pushes),
        Value::Array(_) => Err(ApiError::invalid("", format!("at most {MAX_PUSHES} messages in a batch"))),
        _ => Err(ApiError::invalid("", "the body must be an array")),
    }
}

/// The result of one push: a bad one does not keep the others back.
async fn one(app: &App, index: usize, push: Value, limit: Result<(), ApiError>) -> Value {
    let user_id = push.get("user_id").cloned().unwrap_or_default();
    let outcome = match limit.and_then(|()| Push::parse(push)).inspect_err(log_refusal) {
        Ok(push) => publish(app, push, index).await,
        Err(error) => Err(error),
    };
    let error = match outcome {
        Ok(Outcome::Delivered) => return json!({ "index": index, "user_id": user_id, "success": true }),
        Ok(Outcome::NotConnected) => "User not connected".to_owned(),
        Err(error) => error.to_string(),
    };
    json!({ "index": index, "user_id": user_id, "success": false, "error": error })
}
