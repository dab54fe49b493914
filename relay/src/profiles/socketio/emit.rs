//! `POST /api/socketio/emit`: events from outside to clients (requirements 002-10 and 002-15).
//!
//! The body has `event`, `data` or a list `args`, and one of `conversationId`, `room`, `socket`,
//! `user`; with none of these the event is for everyone in `namespace`, which is `/` by default.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::conversation;
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::hub::Receipt;
use crate::profiles::json::Object;
use crate::profiles::limits::{Caller, publish_to};
use crate::profiles::{ApiError, json};
use crate::transport::socketio::{Args, Emission, Room};

/// Names that a server keeps for itself.
const RESERVED: [&str; 5] = ["connect", "connect_error", "disconnect", "disconnecting", "newListener"];

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let message = json::read(&app, &caller, body).await.and_then(parse);
    let message = message.inspect_err(|error| tracing::warn!(%error, "Emission refused"))?;
    let (event, channel) = (message.kind.clone(), message.channel.clone());
    publish_to(&app, &channel)?;
    let receipt = app.publisher.publish(message).await?;
    log(&event, channel.as_str(), &receipt);
    Ok(Json(json!({ "delivered": receipt.delivered.total(), "published": receipt.published })))
}

/// Tokens come by the hundred: they are for those who look for them.
fn log(event: &str, channel: &str, receipt: &Receipt) {
    let delivered = receipt.delivered.total();
    match event {
        "chat:token" => tracing::debug!(event, channel, delivered, "Token streamed"),
        _ => tracing::info!(event, channel, delivered, "Event emitted"),
    }
    if delivered == 0 && !receipt.published {
        tracing::warn!(event, channel, "Event reached nobody");
    }
}

/// The message that a body asks for.
///
/// # Errors
/// [`ApiError::Invalid`] naming the first bad field.
pub(in crate::profiles) fn parse(body: Value) -> Result<Message, ApiError> {
    let mut body = json::object("", body)?;
    let event = json::name_of(&mut body, "event")?;
    if RESERVED.contains(&event.as_str()) {
        return Err(ApiError::invalid("event", format!("event must not be {event}")));
    }
    let namespace = json::optional_name(&mut body, "namespace")?.unwrap_or_else(|| "/".to_owned());
    if !namespace.starts_with('/') || namespace.contains([',', '?']) {
        return Err(ApiError::invalid("namespace", "namespace must begin with / and have neither , nor ?"));
    }
    if let Some(user) = json::optional_name(&mut body, "user")? {
        return Ok(to_user(&user, event, body.remove("data").unwrap_or_default()));
    }
    let room = room(&mut body, &namespace)?;
    Ok(Emission::message(&room, &event, &Args::of(args(&mut body)?, Vec::new())))
}

fn room(body: &mut Object, namespace: &str) -> Result<Room, ApiError> {
    if let Some(id) = json::optional_name(body, "conversationId")? {
        return Ok(Room::named(namespace, &conversation::room(&id)));
    }
    let socket = json::optional_name(body, "socket")?;
    let room = socket.or(json::optional_name(body, "room")?);
    Ok(room.map_or_else(|| Room::everyone(namespace), |room| Room::named(namespace, &room)))
}

fn args(body: &mut Object) -> Result<Vec<Box<RawValue>>, ApiError> {
    let values = match (body.remove("args"), body.remove("data")) {
        (Some(Value::Array(values)), None) => values,
        (Some(_), None) => return Err(ApiError::invalid("args", "args must be an array")),
        (Some(_), Some(_)) => return Err(ApiError::invalid("data", "data and args exclude each other")),
        (None, Some(value)) => vec![value],
        (None, None) => Vec::new(),
    };
    Ok(values.iter().filter_map(|value| to_raw_value(value).ok()).collect())
}

/// Reaches the user in every profile.
fn to_user(user: &str, event: String, data: Value) -> Message {
    Message::new(Channel::user(user), event, data.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_any_body_is_an_emission_or_refused(body in fuzz::json()) {
            if let Err(error) = parse(body) {
                prop_assert!(matches!(error, ApiError::Invalid { .. }), "{}", error);
            }
        }
    }

    #[test]
    fn names_of_the_protocol_cannot_be_emitted() {
        let error = parse(json!({"event": "disconnect"})).unwrap_err();
        assert_eq!(error.to_string(), "event must not be disconnect");
    }

    #[test]
    fn an_event_needs_a_name() {
        assert!(parse(json!({"room": "a"})).is_err());
    }

    #[test]
    fn data_and_args_exclude_each_other() {
        assert!(parse(json!({"event": "a", "data": 1, "args": [1]})).is_err());
    }
}
