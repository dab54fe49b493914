//! Conversations, and the rooms that their events go to.

use uuid::Uuid;

use super::fields::Fields;
use crate::profiles::identity;

/// Name of the conversation's room. The prefix keeps clients out of rooms that are not theirs to
/// join, such as those of single sockets.
pub(super) fn room(conversation: &str) -> String {
    format!("conversation:{conversation}")
}

/// The id in field `name`; `None` if it is not there.
///
/// # Errors
/// What is wrong with it.
pub(super) fn id(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    let id = fields.text(name)?;
    if let Some(id) = &id {
        identity::check(name, id).map_err(|error| error.to_string())?;
    }
    Ok(id)
}

/// As [`id`], or a new one. Tells whether it is new.
///
/// # Errors
/// What is wrong with the one that is there.
pub(super) fn id_or_new(fields: &Fields, name: &str) -> Result<(String, bool), String> {
    Ok(id(fields, name)?.map_or_else(|| (Uuid::new_v4().to_string(), true), |id| (id, false)))
}
