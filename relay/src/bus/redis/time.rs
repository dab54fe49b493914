//! The time that all nodes agree on, whatever their own clocks say: that of Redis.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use redis::RedisError;
use redis::aio::MultiplexedConnection;

use super::partition::Partition;
use crate::sync::lock;

/// Microseconds since the epoch, by the server of `link`. Every name belongs to one server, so that
/// times of one name can be compared.
pub(super) async fn now(link: &mut MultiplexedConnection) -> Result<i64, RedisError> {
    let (seconds, microseconds): (i64, i64) = redis::cmd("TIME").query_async(link).await?;
    Ok(seconds.saturating_mul(1_000_000).saturating_add(microseconds))
}

/// The time by one server of all, as last heard and with what has passed since.
#[derive(Default)]
pub(super) struct Clock(Mutex<Option<(i64, Instant)>>);

impl Clock {
    /// Whose server's time is heard.
    pub(super) fn partition() -> Partition {
        Partition::of("")
    }

    /// Notes that it is so many microseconds since the epoch.
    pub(super) fn hear(&self, microseconds: i64) {
        *lock(&self.0) = Some((microseconds, Instant::now()));
    }

    /// The time now; by the clock of this node, if none was heard yet.
    pub(super) fn time(&self) -> Timestamp {
        let heard = *lock(&self.0);
        let time = heard.and_then(|(microseconds, at)| later(microseconds, at.elapsed()));
        time.unwrap_or_else(Timestamp::now)
    }
}

fn later(microseconds: i64, by: Duration) -> Option<Timestamp> {
    let passed = i64::try_from(by.as_micros()).ok()?;
    Timestamp::from_microsecond(microseconds.checked_add(passed)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_was_heard_goes_on() {
        let clock = Clock::default();
        clock.hear(1_000_000);
        let time = clock.time().as_microsecond();
        assert!((1_000_000..60_000_000).contains(&time), "{time}");
    }

    #[test]
    fn until_a_time_is_heard_it_is_that_of_this_node() {
        assert!(Clock::default().time().as_second() > 1_700_000_000);
    }
}
