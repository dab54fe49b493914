//! Bodies of requests, and the fields in them.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header;
use serde_json::{Map, Value};

use super::limits::Caller;
use super::{ApiError, identity};
use crate::app::App;
use crate::transport::body::{self, Unread};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Time in which a body must be complete.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Checks the key and the origin of a publish request: a page of a stranger can post to a relay that
/// its visitor reaches, without asking first.
///
/// # Errors
/// [`ApiError`] without the key, too often, or from another origin.
pub(super) fn allow(app: &App, caller: &Caller) -> Result<(), ApiError> {
    if let Some(key) = &app.publish_key {
        key.check(&caller.headers)?;
    }
    caller.publishes(app)?;
    if app.allows_origin(&caller.headers) { Ok(()) } else { Err(ApiError::Origin) }
}

/// Reads the JSON body of a publish request that is [allowed](allow).
///
/// # Errors
/// [`ApiError`] if it is not, compressed, over the limit, or if it is not JSON.
pub(super) async fn read(app: &App, caller: &Caller, body: Body) -> Result<Value, ApiError> {
    allow(app, caller)?;
    if caller.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::Encoded);
    }
    let bytes = whole(app, body).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::invalid("", format!("the body is not JSON: {error}")))
}

/// Reads a body.
///
/// # Errors
/// [`ApiError`] over the limit, if it does not come in time, or if the node has no room for it.
pub(super) async fn whole(app: &App, body: Body) -> Result<Bytes, ApiError> {
    let limit = app.settings.live().max_message_size;
    body::collect(body, limit, BODY_TIMEOUT, &*app.hub).await.map_err(|unread| match unread {
        Unread::TooLarge => ApiError::TooLarge(limit),
        Unread::Slow => ApiError::Slow,
        Unread::NoRoom => ApiError::NoRoom,
        Unread::Broken => ApiError::Unread,
    })
}

/// The object that `value` is.
///
/// # Errors
/// [`ApiError::Invalid`] for `field` if it is none.
pub(super) fn object(field: &str, value: Value) -> Result<Object, ApiError> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(ApiError::invalid(field, format!("{} must be an object", name(field)))),
    }
}

/// Takes a field that must be there.
///
/// # Errors
/// [`ApiError::Invalid`] if it is not.
pub(super) fn required(object: &mut Object, field: &str) -> Result<Value, ApiError> {
    let missing = || ApiError::invalid(field, format!("Missing required field: {field}"));
    object.remove(field).filter(|value| !value.is_null()).ok_or_else(missing)
}

/// Takes a text that may be missing.
///
/// # Errors
/// [`ApiError::Invalid`] if it is something else.
pub(super) fn optional_text(object: &mut Object, field: &str) -> Result<Option<String>, ApiError> {
    match object.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::invalid(field, format!("{field} must be a string"))),
    }
}

/// Takes a name that may be missing, or empty, which is the same.
///
/// # Errors
/// [`ApiError::Invalid`] if it is no name.
pub(super) fn optional_name(object: &mut Object, field: &str) -> Result<Option<String>, ApiError> {
    let name = optional_text(object, field)?.filter(|name| !name.is_empty());
    name.as_deref().map_or(Ok(()), |name| identity::check(field, name))?;
    Ok(name)
}

/// Takes the name of a user or player.
///
/// # Errors
/// [`ApiError::Invalid`] if it is missing or no name.
pub(super) fn name_of(object: &mut Object, field: &str) -> Result<String, ApiError> {
    let Value::String(name) = required(object, field)? else {
        return Err(ApiError::invalid(field, format!("{field} must be a string")));
    };
    identity::check(field, &name)?;
    Ok(name)
}

fn name(field: &str) -> &str {
    if field.is_empty() { "the body" } else { field }
}
