//! `POST /api/messages` (requirements 004-12 and 004-22 to 004-24).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors::Kind;
use crate::app::App;
use crate::bus::{BusError, Channel, Message};
use crate::hub::{Delivered, Receipt};
use crate::profiles::{ApiError, identity, json};

/// Tries to reach the other nodes, the first one included.
const TRIES: u32 = 3;

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = json::read(&app, &headers, body).await.and_then(parse);
    let accepted = body.inspect_err(|error| note_refusal(&app, error))?;
    let Accepted { player, given_id, message } = accepted;
    let message_id = message.id.clone();
    if given_id && !app.players.is_new(&player, &message_id) {
        tracing::warn!(player_id = player, message_id, "Duplicate message detected: {message_id}");
        return Ok(Json(json!({
            "message_id": message_id,
            "duplicate": true,
            "delivered": { "websocket": 0, "sse": 0 },
            "published": false,
        })));
    }
    let receipt =
        deliver(&app, &player, message).await.inspect_err(|_| app.players.forget(&player, &message_id))?;
    Ok(Json(json!({
        "message_id": message_id,
        "delivered": { "websocket": receipt.delivered.websocket, "sse": receipt.delivered.sse },
        "published": receipt.published,
    })))
}

/// Requirement 000-22, by the guide's types of errors.
fn note_refusal(app: &App, error: &ApiError) {
    let kind = match error {
        ApiError::Denied(_) | ApiError::Origin => Kind::Authentication,
        _ => Kind::Validation,
    };
    app.players.errors.note(kind, "", format!("Validation error for message format: {error}"));
}

/// Delivers here, and hands the message to the other nodes, with patience (requirement 004-23).
async fn deliver(app: &App, player: &str, message: Message) -> Result<Receipt, BusError> {
    let begin = Instant::now();
    if app.players.connections(player).iter().any(|connection| !connection.is_healthy()) {
        tracing::warn!(player_id = player, "Unhealthy connections for player {player}");
    }
    let message_id = message.id.clone();
    let figures = &app.metrics.players;
    figures.sent.inc();
    let outcome = publish(app, message).await;
    // Whom other nodes reach is not known here: a message that they have counts as delivered.
    let delivered = outcome.as_ref().is_ok_and(|receipt| receipt.delivered.total() > 0 || receipt.published);
    app.players.sessions.count(player, delivered);
    if !delivered {
        figures.failed.inc();
        let why =
            outcome.as_ref().err().map_or_else(|| "Player not connected".to_owned(), ToString::to_string);
        let text = format!("Message delivery failed: {why}");
        match &outcome {
            Err(_) => app.players.errors.note(Kind::System, player, text),
            Ok(_) => tracing::warn!(player_id = player, message_id, "{text}"),
        }
        return outcome;
    }
    figures.delivered.inc();
    figures.delivery.observe(begin.elapsed().as_secs_f64());
    let delivery_time_ms = begin.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(player_id = player, message_id, delivery_time_ms, "Message delivered");
    outcome
}

/// Connections of this node get the message once; only the other nodes are tried again.
async fn publish(app: &App, message: Message) -> Result<Receipt, BusError> {
    let mut outcome = app.publisher.publish(message.clone()).await;
    let message = Arc::new(message);
    for attempt in 0..TRIES - 1 {
        if outcome.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
        let again = app.bus.publish(message.clone()).await;
        outcome = again.map(|()| Receipt { delivered: Delivered::default(), published: true });
    }
    outcome
}

/// A message, checked.
struct Accepted {
    player: String,
    /// Whether the caller gave the id: only then can the same message come twice.
    given_id: bool,
    message: Message,
}

/// The message that a body asks for.
fn parse(body: Value) -> Result<Accepted, ApiError> {
    let mut body = json::object("", body)?;
    let player = json::name_of(&mut body, "player_id")?;
    let message = json::required(&mut body, "message")?;
    let mut message = json::object("message", message)?;
    for field in ["type", "content"] {
        let value = json::required(&mut message, field)?;
        message.insert(field.to_owned(), value);
    }
    let id = json::optional_text(&mut message, "id")?;
    if let Some(id) = &id {
        identity::check("id", id)?;
    }
    let given_id = id.is_some();
    let id = id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let now = jiff::Timestamp::now();
    message.insert("id".to_owned(), id.clone().into());
    message.entry("timestamp").or_insert_with(|| now.to_string().into());
    let message = Message {
        id,
        channel: Channel::user(&player),
        seq: 0,
        timestamp: now.as_millisecond(),
        kind: "message".to_owned(),
        payload: Value::Object(message).to_string().into(),
    };
    Ok(Accepted { player, given_id, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_22_a_message_without_type_or_content_is_refused_naming_it() {
        for (message, field) in [(json!({"content": 1}), "type"), (json!({"type": "t"}), "content")] {
            let error = parse(json!({"player_id": "a", "message": message})).map(|_| ()).unwrap_err();
            assert_eq!(error.to_string(), format!("Missing required field: {field}"));
        }
    }

    #[test]
    fn r004_24_a_given_id_is_kept() {
        let message = json!({"type": "t", "content": "c", "id": "mine"});
        assert_eq!(parse(json!({"player_id": "a", "message": message})).unwrap().message.id, "mine");
    }
}
