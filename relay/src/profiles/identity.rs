//! Names of users and players, which share one space: a message for a name reaches the
//! connections of that name in every profile.

use super::ApiError;

/// Bytes that a name may have.
const MAX_LENGTH: usize = 256;

/// Checks a name from outside.
///
/// # Errors
/// [`ApiError::Invalid`] for `field` if it is empty, too long, or has control characters.
pub(super) fn check(field: &str, name: &str) -> Result<(), ApiError> {
    let what = match name {
        "" => "must not be empty".to_owned(),
        _ if name.len() > MAX_LENGTH => format!("must not have more than {MAX_LENGTH} bytes"),
        _ if name.chars().any(char::is_control) => "must not have control characters".to_owned(),
        _ => return Ok(()),
    };
    Err(ApiError::invalid(field, format!("{field} {what}")))
}
