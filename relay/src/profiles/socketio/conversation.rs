//! Conversations, and the rooms that their events go to.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::profiles::identity;

/// Name of the conversation's room. The prefix keeps clients out of rooms that are not theirs to
/// join, such as those of single sockets.
pub(super) fn room(conversation: &str) -> String {
    format!("conversation:{conversation}")
}

/// The id in field `field` of an object; `None` if it is not there.
///
/// # Errors
/// What is wrong with it.
pub(super) fn id(object: &Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => {
            identity::check(field, id).map_err(|error| error.to_string())?;
            Ok(Some(id.clone()))
        }
        Some(_) => Err(format!("{field} must be a string")),
    }
}

/// As [`id`], or a new one. Tells whether it is new.
///
/// # Errors
/// What is wrong with the one that is there.
pub(super) fn id_or_new(object: &Map<String, Value>, field: &str) -> Result<(String, bool), String> {
    Ok(id(object, field)?.map_or_else(|| (Uuid::new_v4().to_string(), true), |id| (id, false)))
}
