//! Keys by which something is done once in the cluster: the first one to set a key may.

use std::time::Duration;

use redis::{Cmd, cmd};

/// Tries, if a key ends between the two commands of a try.
pub(super) const TRIES: usize = 3;

/// The command that sets `key` unless it is set, and tells whether it was.
pub(super) fn begin(key: &str, value: &str, ttl: Duration) -> Cmd {
    let mut set = cmd("SET");
    set.arg(key).arg(value).arg("NX").arg("PX").arg(milliseconds(ttl));
    set
}

/// The command that sets `key` whatever its value, or removes it.
pub(super) fn amend(key: &str, value: Option<&str>, ttl: Duration) -> Cmd {
    let Some(value) = value else {
        let mut forget = cmd("DEL");
        forget.arg(key);
        return forget;
    };
    let mut set = cmd("SET");
    set.arg(key).arg(value).arg("PX").arg(milliseconds(ttl));
    set
}

fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
