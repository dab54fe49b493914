//! The player and the session in an address, `/sse/{player_id}?session_id=` or the same under
//! `/ws/`, with or without a slash at the end.

use axum::extract::Query;
use http::Uri;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::profiles::{ApiError, identity};

/// The path that streams are served under.
const STREAMS: &str = "/sse/";
/// The path that sockets are served under.
const SOCKETS: &str = "/ws/";

/// Whether an address is that of a player's stream.
pub(super) fn is_stream(uri: &Uri) -> bool {
    uri.path().starts_with(STREAMS) && segment(uri).is_some()
}

/// The player's id.
///
/// # Errors
/// [`ApiError::Invalid`] if it is no name.
pub(super) fn player_of(uri: &Uri) -> Result<String, ApiError> {
    let decoded = percent_decode_str(segment(uri).unwrap_or_default()).decode_utf8();
    let player = decoded.map_err(|_| ApiError::invalid("player_id", "player_id is not UTF-8"))?;
    identity::check("player_id", &player)?;
    Ok(player.into_owned())
}

/// What the places of a player's connections are called.
pub(super) fn place_of(player: &str) -> String {
    format!("player:{player}")
}

fn segment(uri: &Uri) -> Option<&str> {
    let rest = uri.path().strip_prefix(STREAMS).or_else(|| uri.path().strip_prefix(SOCKETS))?;
    let segment = rest.strip_suffix('/').unwrap_or(rest);
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
}

/// Parameters of the address.
#[derive(Deserialize)]
struct Parameters {
    session_id: Option<String>,
}

/// The session in the address, if there is one.
///
/// # Errors
/// [`ApiError::Invalid`] if it is no name.
pub(super) fn session_of(uri: &Uri) -> Result<Option<String>, ApiError> {
    let parameters = Query::<Parameters>::try_from_uri(uri);
    let Query(parameters) =
        parameters.map_err(|_| ApiError::invalid("session_id", "session_id must be there once"))?;
    let session = parameters.session_id.filter(|session| !session.is_empty());
    session.as_deref().map_or(Ok(()), check_session)?;
    Ok(session)
}

/// Checks the name of a session.
///
/// # Errors
/// [`ApiError::Invalid`] if it is none.
pub(super) fn check_session(session: &str) -> Result<(), ApiError> {
    identity::check("session_id", session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(path: &'static str) -> Option<String> {
        player_of(&Uri::from_static(path)).ok()
    }

    #[test]
    fn r004_02_the_player_is_the_last_part_of_the_path() {
        assert_eq!(player("/sse/alice/?session_id=1").as_deref(), Some("alice"));
    }

    #[test]
    fn an_encoded_name_is_decoded() {
        assert_eq!(player("/sse/a%20%C3%A9").as_deref(), Some("a é"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for path in ["/sse/", "/sse/a/b", "/sse/%ff", "/sse/%0a"] {
            assert_eq!(player(path), None, "{path}");
        }
    }
}
