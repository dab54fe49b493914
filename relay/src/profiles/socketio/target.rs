//! Whom a request is about: a conversation, a room, one socket, or everyone in a namespace.

use super::conversation;
use crate::profiles::ApiError;
use crate::profiles::json::{self, Object};
use crate::transport::socketio::Room;

/// Takes the namespace of a request; `/` by default.
///
/// # Errors
/// [`ApiError::Invalid`] if it is none.
pub(super) fn namespace(body: &mut Object) -> Result<String, ApiError> {
    let namespace = json::optional_name(body, "namespace")?.unwrap_or_else(|| "/".to_owned());
    if !namespace.starts_with('/') || namespace.contains([',', '?']) {
        return Err(ApiError::invalid("namespace", "namespace must begin with / and have neither , nor ?"));
    }
    Ok(namespace)
}

/// Takes the room of a request.
///
/// # Errors
/// [`ApiError::Invalid`] if a name in it is none.
pub(super) fn room(body: &mut Object, namespace: &str) -> Result<Room, ApiError> {
    if let Some(id) = json::optional_name(body, "conversationId")? {
        return Ok(Room::named(namespace, &conversation::room(&id)));
    }
    let socket = json::optional_name(body, "socket")?;
    let room = socket.or(json::optional_name(body, "room")?);
    Ok(room.map_or_else(|| Room::everyone(namespace), |room| Room::named(namespace, &room)))
}
