//! The player in an address, `/sse/{player_id}` with or without a slash at the end.

use http::Uri;
use percent_encoding::percent_decode_str;

use crate::profiles::{ApiError, identity};

/// The path that streams are served under.
const PREFIX: &str = "/sse/";

/// Whether an address is that of a player's stream.
pub(super) fn is_stream(uri: &Uri) -> bool {
    segment(uri).is_some()
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

fn segment(uri: &Uri) -> Option<&str> {
    let rest = uri.path().strip_prefix(PREFIX)?;
    let segment = rest.strip_suffix('/').unwrap_or(rest);
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
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
