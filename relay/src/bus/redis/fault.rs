//! Why a connection to Redis ended, or could not be made.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

/// Characters of a reason that are shown; a server may answer with more.
const REASON_CHARS: usize = 200;

/// What went wrong, and at what.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// A call failed.
    #[error("{doing}: {}", plain(.source))]
    Call {
        /// What was tried.
        doing: &'static str,
        /// What Redis, the system or the client said.
        source: RedisError,
    },
    /// A call was not answered in time.
    #[error("{doing}: no answer within {} ms", .within.as_millis())]
    Silent {
        /// What was tried.
        doing: &'static str,
        /// How long was waited.
        within: Duration,
    },
    /// The other side closed a connection.
    #[error("the connection was closed")]
    Closed,
}

impl Fault {
    /// Names what was tried when `source` came.
    pub(super) fn call(doing: &'static str) -> impl Fn(RedisError) -> Self {
        move |source| Self::Call { doing, source }
    }

    /// One line for people, without `secret`.
    pub(super) fn reason(&self, secret: Option<&str>) -> String {
        let text = self.to_string();
        // No answer of Redis repeats a password; a proxy's might.
        let text = match secret {
            Some(secret) if !secret.is_empty() => text.replace(secret, "***"),
            _ => text,
        };
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS).collect()
    }
}

/// Tells whether the connection that `error` came from is of no more use. Otherwise Redis has
/// answered, and refused this one command.
pub(super) fn breaks_link(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error()
}

/// The words of Redis where it said some: `Display` puts the client's own in front.
fn plain(error: &RedisError) -> String {
    match (error.kind(), error.code(), error.detail()) {
        // Its own words are about how to spell `HELLO`.
        (_, Some("NOAUTH"), _) => "NOAUTH a password is required and none is set".to_owned(),
        (ErrorKind::AuthenticationFailed, _, Some(detail)) => format!("login refused: {detail}"),
        (_, Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        let error = std::io::Error::other(text.to_owned());
        Fault::Call { doing: "connect", source: error.into() }
    }

    #[test]
    fn a_reason_names_what_was_tried() {
        assert_eq!(fault("refused").reason(None), "connect: refused");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        let reason = fault(&"a\nb".repeat(200)).reason(None);
        assert!(!reason.contains('\n') && reason.len() == REASON_CHARS);
    }

    #[test]
    fn a_reason_never_repeats_the_password() {
        assert_eq!(fault("no s3cret here").reason(Some("s3cret")), "connect: no *** here");
    }
}
