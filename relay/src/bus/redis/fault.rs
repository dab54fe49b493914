//! Why a connection to Redis ended, or could not be made.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::redirect;

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
    /// The server follows another; what is published there reaches few.
    #[error("READONLY the server is a replica, not a primary")]
    Replica,
    /// The replication id of the server is not the one that it had.
    #[error("closed, for the server has another replication id than before")]
    Renamed,
    /// The server is a sentinel.
    #[error("the server is a sentinel: its URL starts with redis+sentinel://")]
    Sentinel,
    /// A sentinel watches no such primary.
    #[error("it knows no primary called {0}")]
    UnknownMaster(String),
    /// The sentinels name another primary, which is one.
    #[error("closed, for the sentinels name another primary: {0}")]
    Replaced(String),
    /// The Cluster says that nobody has some slots, or no server could be asked.
    #[error("no server has all of its slots")]
    Unserved,
    /// Something went wrong with one of many servers.
    #[error("{server}: {fault}")]
    At {
        /// Which one.
        server: String,
        /// What.
        fault: Box<Fault>,
    },
}

impl Fault {
    /// Names what was tried when `source` came.
    pub(super) fn call(doing: &'static str) -> impl Fn(RedisError) -> Self {
        move |source| Self::Call { doing, source }
    }

    /// Whether a Cluster said that the key of the call is elsewhere.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Call { source, .. } if redirect::of(source).is_some())
    }

    /// One line for people, without `secrets`.
    pub(super) fn reason(&self, secrets: &[Option<&str>]) -> String {
        let mut text = self.to_string();
        // No answer of Redis repeats a password; a proxy's might.
        for secret in secrets.iter().flatten().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "***");
        }
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS).collect()
    }
}

/// Tells whether the connection that `error` came from is of no more use: broken, or its server is
/// a primary no more. Otherwise Redis has answered, and refused this one command.
pub(super) fn breaks_link(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// The words of Redis where it said some: `Display` puts the client's own in front.
pub(super) fn plain(error: &RedisError) -> String {
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
        assert_eq!(fault("refused").reason(&[None]), "connect: refused");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        let reason = fault(&"a\nb".repeat(200)).reason(&[None]);
        assert!(!reason.contains('\n') && reason.len() == REASON_CHARS);
    }

    #[test]
    fn a_reason_never_repeats_the_password() {
        assert_eq!(fault("no s3cret here").reason(&[None, Some("s3cret")]), "connect: no *** here");
    }
}
