//! How many events one client may send (requirement 001-21), and how often it is told of troubles.
//! Pure: the caller tells the time.

use std::time::{Duration, Instant};

/// From one notice to the next.
const NOTICE: Duration = Duration::from_secs(1);

/// A bucket of one second's events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    tokens: f64,
    since: Instant,
    noticed: Option<Instant>,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { tokens: f64::INFINITY, since: now, noticed: None }
    }

    /// Whether one more event is within `limit` events per second; 0 is no limit.
    pub(super) fn allow(&mut self, limit: u32, now: Instant) -> bool {
        if limit == 0 {
            return true;
        }
        let limit = f64::from(limit);
        let earned = now.saturating_duration_since(self.since).as_secs_f64() * limit;
        self.since = now;
        self.tokens = (self.tokens + earned).min(limit);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }

    /// Whether the client may be told of a trouble now: once a second, so that a flood of bad
    /// events makes no flood of answers.
    pub(super) fn may_notice(&mut self, now: Instant) -> bool {
        let may = self.noticed.is_none_or(|last| now.saturating_duration_since(last) >= NOTICE);
        if may {
            self.noticed = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rate: &mut Rate, count: usize, now: Instant) -> usize {
        (0..count).filter(|_| rate.allow(10, now)).count()
    }

    #[test]
    fn r001_21_a_client_may_send_its_limit_each_second() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        assert_eq!(allowed(&mut rate, 100, begin), 10);
        assert_eq!(allowed(&mut rate, 100, begin + Duration::from_millis(500)), 5);
    }

    #[test]
    fn what_is_not_sent_is_not_saved_up() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        assert_eq!(allowed(&mut rate, 100, begin + Duration::from_secs(60)), 10);
    }

    #[test]
    fn a_client_is_told_once_a_second() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        assert_eq!([rate.may_notice(begin), rate.may_notice(begin)], [true, false]);
        assert!(rate.may_notice(begin + NOTICE));
    }
}
