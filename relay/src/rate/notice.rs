//! How often somebody is told of the same trouble: once a second, so that a flood of bad messages
//! makes no flood of answers.

use std::time::{Duration, Instant};

/// From one notice to the next.
const EACH: Duration = Duration::from_secs(1);

/// When the last notice was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notice(Option<Instant>);

impl Notice {
    /// Whether one may be given now, which it then is.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= EACH);
        if due {
            self.0 = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_once_a_second() {
        let (begin, mut notice) = (Instant::now(), Notice::default());
        assert_eq!([notice.is_due(begin), notice.is_due(begin)], [true, false]);
        assert!(notice.is_due(begin + EACH));
    }
}
