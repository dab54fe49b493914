//! `POST /api/messages` (requirements 004-12 and 004-22).

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::bus::{Channel, Message};
use crate::profiles::{ApiError, json};

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = json::read(&app, &headers, body).await.and_then(parse);
    let message = body.inspect_err(|error| tracing::warn!(%error, "Validation error for message format"))?;
    let message_id = message.id.clone();
    let receipt = app.publisher.publish(message).await?;
    tracing::info!(message_id, delivered = receipt.delivered.total(), "Message delivered");
    Ok(Json(json!({
        "message_id": message_id,
        "delivered": { "websocket": receipt.delivered.websocket, "sse": receipt.delivered.sse },
        "published": receipt.published,
    })))
}

/// The message that a body asks for.
fn parse(body: Value) -> Result<Message, ApiError> {
    let mut body = json::object("", body)?;
    let player = json::name_of(&mut body, "player_id")?;
    let message = json::required(&mut body, "message")?;
    let mut message = json::object("message", message)?;
    for field in ["type", "content"] {
        let value = json::required(&mut message, field)?;
        message.insert(field.to_owned(), value);
    }
    let id = json::optional_text(&mut message, "id")?.unwrap_or_else(|| Uuid::new_v4().to_string());
    let now = jiff::Timestamp::now();
    message.insert("id".to_owned(), id.clone().into());
    message.entry("timestamp").or_insert_with(|| now.to_string().into());
    Ok(Message {
        id,
        channel: Channel::user(&player),
        seq: 0,
        timestamp: now.as_millisecond(),
        kind: "message".to_owned(),
        payload: Value::Object(message).to_string().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_22_a_message_without_type_or_content_is_refused_naming_it() {
        for (message, field) in [(json!({"content": 1}), "type"), (json!({"type": "t"}), "content")] {
            let error = parse(json!({"player_id": "a", "message": message})).unwrap_err();
            assert_eq!(error.to_string(), format!("Missing required field: {field}"));
        }
    }

    #[test]
    fn r004_24_a_given_id_is_kept() {
        let message = json!({"type": "t", "content": "c", "id": "mine"});
        assert_eq!(parse(json!({"player_id": "a", "message": message})).unwrap().id, "mine");
    }
}
