//! `POST /api/messages` (requirements 004-12 and 004-22 to 004-24).

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::{Value, json};
use uuid::Uuid;

use super::delivery::{Dispatch, Tried};
use super::errors::Kind;
use super::players::Seen;
use crate::app::App;
use crate::bus::{BusError, Channel, Message};
use crate::hub::{Delivered, Receipt};
use crate::metrics::Undelivered;
use crate::profiles::limits::{Caller, publish_to};
use crate::profiles::{ApiError, identity, json};

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = json::read(&app, &caller, body).await.and_then(parse);
    let accepted = body.inspect_err(|error| note_refusal(&app, error))?;
    let Accepted { player, given_id, message } = accepted;
    publish_to(&app, &message.channel)?;
    let message_id = message.id.clone();
    let seen = if given_id { app.players.begin(&*app.bus, &player, &message_id).await } else { Seen::Never };
    match seen {
        Seen::Never => {}
        Seen::Before => return Ok(duplicate(&player, &message_id)),
        Seen::UnderWay => return Err(ApiError::UnderWay),
    }
    let sent = send(&app, Dispatch::new(player.clone(), message)).await?;
    if given_id {
        app.players.accepted(&app, &player, &message_id);
    }
    Ok(Json(json!({
        "message_id": message_id,
        "delivered": { "websocket": sent.delivered.websocket, "sse": sent.delivered.sse },
        "published": sent.published,
        "retrying": sent.retrying,
    })))
}

fn duplicate(player: &str, message_id: &str) -> Json<Value> {
    tracing::warn!(player_id = player, message_id, "Duplicate message detected: {message_id}");
    Json(json!({
        "message_id": message_id,
        "duplicate": true,
        "delivered": { "websocket": 0, "sse": 0 },
        "published": false,
        "retrying": false,
    }))
}

/// Requirement 000-22, by the guide's types of errors.
fn note_refusal(app: &App, error: &ApiError) {
    let kind = match error {
        ApiError::Denied(_) | ApiError::Origin => Kind::Authentication,
        _ => Kind::Validation,
    };
    app.players.errors.note(kind, "", format!("Validation error for message format: {error}"));
}

/// What became of a message so far.
struct Sent {
    delivered: Delivered,
    /// Whether other nodes have it, too.
    published: bool,
    /// Whether it found nobody, and is tried again.
    retrying: bool,
}

/// Delivers a message here, and hands it to the other nodes (requirement 004-23).
async fn send(app: &App, dispatch: Dispatch) -> Result<Sent, BusError> {
    let player = &dispatch.player;
    if app.players.connections(player).iter().any(|connection| !connection.is_healthy()) {
        tracing::warn!(player_id = player, "Unhealthy connections for player {player}");
    }
    app.metrics.players.sent.inc();
    let tried = match dispatch.deliver(app).await {
        Ok(tried) => tried,
        Err(error) => match dispatch.insist(app, error).await {
            Ok(receipt) => Tried::Reached(receipt),
            Err(error) => {
                dispatch.failed(app, Undelivered::BusAway, &error);
                return Err(error);
            }
        },
    };
    let (Receipt { delivered, published, .. }, retrying) = match tried {
        Tried::Reached(receipt) => {
            dispatch.succeeded(app);
            (receipt, false)
        }
        // Once more would be one more in the history, which has it for a player who goes on there.
        Tried::Nobody(receipt) if app.bus.keeps(&dispatch.message.channel) => (receipt, false),
        Tried::Nobody(receipt) => (receipt, app.players.retries.take(app, dispatch)),
    };
    Ok(Sent { delivered, published, retrying })
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
        position: None,
        timestamp: now.as_millisecond(),
        kind: "message".to_owned(),
        payload: Value::Object(message).to_string().into(),
    };
    Ok(Accepted { player, given_id, message })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_any_body_is_a_message_or_refused(body in fuzz::json()) {
            if let Err(error) = parse(body) {
                prop_assert!(matches!(error, ApiError::Invalid { .. }), "{}", error);
            }
        }
    }

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
