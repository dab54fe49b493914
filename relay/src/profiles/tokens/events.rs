//! What workers say in a conversation, over HTTP: `POST /api/v1/chat/{id}/events`, for workers
//! that have no Redis. Its body is the event as sockets get it (requirement 003-15).

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::app::App;
use crate::bus::{Message, conversation_event};
use crate::profiles::limits::{Caller, publish_to};
use crate::profiles::{ApiError, identity, json, keyed};

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = json::read(&app, &caller, body).await?;
    identity::check("conversation_id", &id)?;
    let message = event(&id, json::object("", body)?)?;
    publish_to(&app, &message.channel)?;
    let (message_id, kind) = (message.id.clone(), message.kind.clone());
    let receipt = keyed::publish(&app, message, 0).await?;
    if receipt.delivered.total() > 0 {
        app.metrics.conversations.message(&kind);
    }
    Ok(Json(json!({
        "message_id": message_id,
        "delivered": receipt.delivered.total(),
        "published": receipt.published,
    })))
}

/// The message that carries `event` to the sockets of a conversation.
///
/// # Errors
/// [`ApiError::Invalid`] if it has no name.
pub(in crate::profiles) fn event(conversation: &str, event: json::Object) -> Result<Message, ApiError> {
    let missing = || ApiError::invalid("event", "Missing required field: event");
    let message = conversation_event(conversation, event).ok_or_else(missing)?;
    identity::check("event", &message.kind)?;
    Ok(message)
}
