//! How many relays listen, so that what waits through an outage is known to be expected by so many.
//!
//! The latest count would forget a relay that is away for a moment, so it is the highest of a while.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::time::Instant;

use super::fault::{Fault, breaks_link};
use crate::sync::lock;

/// How long at least a relay that is away is still expected, of the time in which there is a Redis.
const MEMORY: Duration = Duration::from_secs(15);

/// The highest count of the last [`MEMORY`] to twice that; zero before the first.
#[derive(Default)]
pub(super) struct Audience(Mutex<Window>);

/// The highest count since a time, and the one of the time before that.
#[derive(Default)]
struct Window {
    since: Option<Instant>,
    now: u64,
    before: u64,
}

impl Audience {
    /// Notes that so many listened at `at`. The time in which nobody counts does not pass.
    pub(super) fn note(&self, count: u64, at: Instant) {
        let mut window = lock(&self.0);
        let since = *window.since.get_or_insert(at);
        if at.saturating_duration_since(since) > MEMORY {
            *window = Window { since: Some(at), now: 0, before: window.now };
        }
        window.now = window.now.max(count);
    }

    /// How many are expected to listen.
    pub(super) fn expected(&self) -> u64 {
        let window = lock(&self.0);
        window.now.max(window.before)
    }
}

/// The channel whose subscribers are counted, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// Its name.
    pub(super) channel: &'a str,
    /// Whether it is a sharded channel of a Cluster.
    pub(super) sharded: bool,
}

/// Connections that are subscribed to `sample`; nothing if this account may not ask.
pub(super) async fn count(
    sample: Sample<'_>,
    link: &mut MultiplexedConnection,
) -> Result<Option<u64>, Fault> {
    let mut ask = redis::cmd("PUBSUB");
    ask.arg(if sample.sharded { "SHARDNUMSUB" } else { "NUMSUB" }).arg(sample.channel);
    match ask.query_async::<HashMap<String, u64>>(link).await {
        Ok(counts) => Ok(counts.get(sample.channel).copied()),
        Err(source) if breaks_link(&source) => Err(Fault::Call { doing: "count subscribers", source }),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is expected after these counts, each so many seconds after the first.
    fn expected(counts: &[(u64, u64)]) -> u64 {
        let (audience, start) = (Audience::default(), Instant::now());
        counts.iter().for_each(|&(count, at)| audience.note(count, start + Duration::from_secs(at)));
        audience.expected()
    }

    #[test]
    fn a_relay_that_is_away_for_a_moment_is_expected() {
        assert_eq!(expected(&[(3, 0), (2, 1), (2, 14)]), 3);
    }

    #[test]
    fn an_outage_forgets_nobody() {
        assert_eq!(expected(&[(3, 0), (1, 600), (1, 610)]), 3);
    }

    #[test]
    fn a_relay_that_stays_away_is_expected_no_more() {
        assert_eq!(expected(&[(3, 0), (2, 16), (2, 32)]), 2);
    }
}
