//! Sockets of all nodes: who is in a room, and orders to all of its members.
//!
//! | request | what it does |
//! | --- | --- |
//! | `GET /api/socketio/sockets?room=&namespace=&socket=&conversationId=` | tells who they are |
//! | `POST /api/socketio/join {…, "rooms": []}`, `/leave` | they join or leave rooms |
//! | `POST /api/socketio/disconnect {…, "close"?}` | they are put out of the namespace, or lose their connection |
//!
//! Each answer names the nodes that were silent until the deadline, `timeoutMs`: what it says is then
//! not the whole. Behind the publish key, as emissions are.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::call::{Call, Told, What};
use super::target;
use crate::app::App;
use crate::peers::CallError;
use crate::profiles::json::Object;
use crate::profiles::limits::Caller;
use crate::profiles::{ApiError, identity, json};

/// Time that nodes have to answer, unless the request says another.
const TIMEOUT_MS: u64 = 5000;
/// The longest that a request may ask for.
const MAX_TIMEOUT_MS: u64 = 60_000;
/// Time for the way between nodes, beyond what the clients have.
const WAY: Duration = Duration::from_secs(1);
/// Rooms that one request may name.
const MAX_ROOMS: usize = 64;

/// What all nodes answered.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) told: Told,
    pub(super) silent: Vec<String>,
}

/// Carries a call out here and on all other nodes.
///
/// # Errors
/// [`ApiError`] if the other nodes cannot be called.
pub(super) async fn call(app: &App, call: Call, timeout_ms: u64) -> Result<Whole, ApiError> {
    let body = to_raw_value(&call).map_err(|error| ApiError::invalid("", error.to_string()))?;
    let deadline = Duration::from_millis(timeout_ms) + WAY;
    let (here, others) = tokio::join!(app.sockets.carry_out(call), app.calls.ask(body, deadline));
    let mut whole = Whole { told: here, silent: Vec::new() };
    let others = others.map_err(|error| match error {
        CallError::Bus(error) => ApiError::Bus(error),
        CallError::Busy => ApiError::NoRoom,
    })?;
    whole.silent = others.silent;
    for answer in others.answers {
        match serde_json::from_str::<Told>(answer.body.get()) {
            Ok(told) => whole.told.add(told),
            Err(_) => whole.silent.push(answer.node),
        }
    }
    if !whole.silent.is_empty() {
        tracing::warn!(silent = ?whole.silent, "Some nodes did not answer");
    }
    Ok(whole)
}

impl Told {
    fn add(&mut self, other: Self) {
        self.members += other.members;
        self.sockets.extend(other.sockets);
        self.acks.extend(other.acks);
    }
}

pub(super) async fn sockets(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<Object>,
) -> Result<Json<Value>, ApiError> {
    json::allow(&app, &caller)?;
    let (call_of, timeout) = parse(asked, |_| Ok(What::Tell))?;
    let Whole { told, silent } = call(&app, call_of, timeout).await?;
    let whole = told.sockets.len() == told.members && silent.is_empty();
    Ok(Json(json!({ "sockets": told.sockets, "complete": whole, "silent_nodes": silent })))
}

pub(super) async fn join(app: State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    order(app, caller, body, |body| rooms(body).map(What::Join)).await
}

pub(super) async fn leave(app: State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    order(app, caller, body, |body| rooms(body).map(What::Leave)).await
}

pub(super) async fn disconnect(
    app: State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let close = |body: &mut Object| match body.remove("close") {
        None | Some(Value::Null) => Ok(What::Disconnect { close: false }),
        Some(Value::Bool(close)) => Ok(What::Disconnect { close }),
        Some(_) => Err(ApiError::invalid("close", "close must be true or false")),
    };
    order(app, caller, body, close).await
}

async fn order(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
    what: impl FnOnce(&mut Object) -> Result<What, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let body = json::object("", json::read(&app, &caller, body).await?)?;
    let (order, timeout) = parse(body, what)?;
    let Whole { told, silent } = call(&app, order, timeout).await?;
    tracing::info!(sockets = told.members, "Sockets of a room told what to do");
    Ok(Json(json!({ "sockets": told.members, "silent_nodes": silent })))
}

fn parse(
    mut body: Object,
    what: impl FnOnce(&mut Object) -> Result<What, ApiError>,
) -> Result<(Call, u64), ApiError> {
    let timeout = timeout(&mut body)?;
    let namespace = target::namespace(&mut body)?;
    let what = what(&mut body)?;
    Ok((Call { room: target::room(&mut body, &namespace)?, what }, timeout))
}

/// Takes the time that a request gives, in milliseconds; a query has it as text.
///
/// # Errors
/// [`ApiError::Invalid`] if it is no number in bounds.
pub(super) fn timeout(body: &mut Object) -> Result<u64, ApiError> {
    let given = match body.remove("timeoutMs") {
        None | Some(Value::Null) => return Ok(TIMEOUT_MS),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let bounds = || ApiError::invalid("timeoutMs", format!("timeoutMs must be from 1 to {MAX_TIMEOUT_MS}"));
    given.filter(|given| (1..=MAX_TIMEOUT_MS).contains(given)).ok_or_else(bounds)
}

fn rooms(body: &mut Object) -> Result<Vec<String>, ApiError> {
    let wrong = || ApiError::invalid("rooms", format!("rooms must be a list of 1 to {MAX_ROOMS} names"));
    let Some(Value::Array(rooms)) = body.remove("rooms") else { return Err(wrong()) };
    if rooms.is_empty() || rooms.len() > MAX_ROOMS {
        return Err(wrong());
    }
    let name = |room: Value| match room {
        Value::String(name) => identity::check("rooms", &name).map(|()| name),
        _ => Err(wrong()),
    };
    rooms.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(body: Value) -> Object {
        json::object("", body).unwrap()
    }

    #[test]
    fn a_timeout_is_a_number_in_bounds_or_the_text_of_one() {
        assert_eq!(timeout(&mut object(json!({}))), Ok(TIMEOUT_MS));
        assert_eq!(timeout(&mut object(json!({"timeoutMs": "20"}))), Ok(20));
        for bad in [json!(0), json!(60_001), json!("x"), json!(-1)] {
            assert!(timeout(&mut object(json!({"timeoutMs": bad}))).is_err(), "{bad}");
        }
    }

    #[test]
    fn rooms_are_a_bounded_list_of_names() {
        assert_eq!(rooms(&mut object(json!({"rooms": ["a"]}))), Ok(vec!["a".to_owned()]));
        for bad in [json!("a"), json!([]), json!([1]), json!([""]), json!(vec!["a"; MAX_ROOMS + 1])] {
            assert!(rooms(&mut object(json!({"rooms": bad}))).is_err(), "{bad}");
        }
    }
}
