//! `POST /api/socketio/emit`: events from outside to clients (requirements 002-10 and 002-15).
//!
//! The body has `event`, `data` or a list `args`, and one of `conversationId`, `room`, `socket`,
//! `user`; with none of these the event is for everyone in `namespace`, which is `/` by default. With
//! `ack` the clients, of all nodes, are to acknowledge it within `timeoutMs`, and what they say is the
//! answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::call::{Call, What};
use super::cluster::{self, Whole};
use super::target;
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::hub::Receipt;
use crate::profiles::json::Object;
use crate::profiles::limits::{Caller, publish_to};
use crate::profiles::{ApiError, json, keyed};
use crate::transport::socketio::{Args, Emission};

/// Names that a server keeps for itself.
const RESERVED: [&str; 5] = ["connect", "connect_error", "disconnect", "disconnecting", "newListener"];

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = json::read(&app, &caller, body).await.and_then(|body| json::object("", body));
    let mut body = body.inspect_err(log_refusal)?;
    if wants_acks(&mut body)? {
        return ask(&app, body).await;
    }
    let message = parse(body);
    let message = message.inspect_err(log_refusal)?;
    let (event, channel) = (message.kind.clone(), message.channel.clone());
    publish_to(&app, &channel)?;
    let receipt = keyed::publish(&app, message, 0).await?;
    log(&event, channel.as_str(), &receipt);
    Ok(Json(json!({ "delivered": receipt.delivered.total(), "published": receipt.published })))
}

fn log_refusal(error: &ApiError) {
    tracing::warn!(%error, "Emission refused");
}

fn wants_acks(body: &mut Object) -> Result<bool, ApiError> {
    match body.remove("ack") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(wanted)) => Ok(wanted),
        Some(_) => Err(ApiError::invalid("ack", "ack must be true or false")),
    }
}

/// Emits an event, and answers with the first argument of each acknowledgement.
async fn ask(app: &App, mut body: Object) -> Result<Json<Value>, ApiError> {
    if body.contains_key("user") {
        return Err(ApiError::invalid("user", "ack is for sockets, rooms and conversations"));
    }
    let event = event(&mut body)?;
    let namespace = target::namespace(&mut body)?;
    let room = target::room(&mut body, &namespace)?;
    publish_to(app, &room.channel())?;
    let (timeout_ms, args) = (cluster::timeout(&mut body)?, args(&mut body)?);
    let call = Call { room, what: What::Ask { event, args, timeout_ms } };
    let Whole { told, silent } = cluster::call(app, call, timeout_ms).await?;
    let answers: Vec<_> = told.acks.iter().map(|ack| ack.first()).collect();
    Ok(Json(json!({
        "answers": answers,
        "answered": answers.len(),
        "expected": told.members,
        "silent_nodes": silent,
    })))
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
pub(in crate::profiles) fn parse(mut body: Object) -> Result<Message, ApiError> {
    let event = event(&mut body)?;
    let namespace = target::namespace(&mut body)?;
    if let Some(user) = json::optional_name(&mut body, "user")? {
        return Ok(to_user(&user, event, body.remove("data").unwrap_or_default()));
    }
    let room = target::room(&mut body, &namespace)?;
    Ok(Emission::message(&room, &event, &Args::of(args(&mut body)?, Vec::new())))
}

fn event(body: &mut Object) -> Result<String, ApiError> {
    let event = json::name_of(body, "event")?;
    if RESERVED.contains(&event.as_str()) {
        return Err(ApiError::invalid("event", format!("event must not be {event}")));
    }
    Ok(event)
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
            if let Err(error) = json::object("", body).and_then(parse) {
                prop_assert!(matches!(error, ApiError::Invalid { .. }), "{}", error);
            }
        }
    }

    fn parsed(body: Value) -> Result<Message, ApiError> {
        parse(json::object("", body)?)
    }

    #[test]
    fn names_of_the_protocol_cannot_be_emitted() {
        let error = parsed(json!({"event": "disconnect"})).unwrap_err();
        assert_eq!(error.to_string(), "event must not be disconnect");
    }

    #[test]
    fn an_event_needs_a_name() {
        assert!(parsed(json!({"room": "a"})).is_err());
    }

    #[test]
    fn data_and_args_exclude_each_other() {
        assert!(parsed(json!({"event": "a", "data": 1, "args": [1]})).is_err());
    }
}
