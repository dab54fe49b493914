//! Answers of a Cluster by which it says that a key is elsewhere (Redis Cluster specification,
//! "Redirection and resharding").

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::bus::config::Address;

/// What to do with a command that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// The slot has another owner, or none for now: look who has it, and try again.
    Look,
    /// The slot is on its way, and this key is there already: ask there, once.
    Ask(Address),
    /// The slot is on its way, with some of the keys of the command: try again.
    Wait,
}

/// What `error` says of where to go; nothing, if it is about something else.
pub(super) fn of(error: &RedisError) -> Option<Redirect> {
    match error.kind() {
        ErrorKind::Server(
            ServerErrorKind::Moved | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown,
        ) => Some(Redirect::Look),
        ErrorKind::Server(ServerErrorKind::TryAgain) => Some(Redirect::Wait),
        ErrorKind::Server(ServerErrorKind::Ask) => Some(
            error
                .redirect_node()
                .and_then(|(address, _)| parse(address))
                .map_or(Redirect::Wait, Redirect::Ask),
        ),
        _ => None,
    }
}

/// `host:port`; an IPv6 address has no brackets here.
fn parse(address: &str) -> Option<Address> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok()?;
    (!host.is_empty()).then(|| Address { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, detail: &str) -> RedisError {
        let text = format!("-{code} {detail}\r\n");
        redis::parse_redis_value(text.as_bytes()).unwrap().extract_error().unwrap_err()
    }

    #[test]
    fn a_moved_slot_is_looked_up() {
        assert_eq!(of(&error("MOVED", "3999 127.0.0.1:6381")), Some(Redirect::Look));
        assert_eq!(of(&error("CLUSTERDOWN", "The cluster is down")), Some(Redirect::Look));
    }

    #[test]
    fn a_slot_on_its_way_names_where_to_ask() {
        let there = |host: &str| Some(Redirect::Ask(Address { host: host.to_owned(), port: 6381 }));
        assert_eq!(of(&error("ASK", "3999 127.0.0.1:6381")), there("127.0.0.1"));
        assert_eq!(of(&error("ASK", "3999 ::1:6381")), there("::1"));
        assert_eq!(of(&error("ASK", "3999 :6381")), Some(Redirect::Wait));
        assert_eq!(of(&error("TRYAGAIN", "Multiple keys")), Some(Redirect::Wait));
    }

    #[test]
    fn other_errors_lead_nowhere() {
        assert_eq!(of(&error("OOM", "command not allowed")), None);
    }
}
