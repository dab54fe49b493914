//! Coarse monotonic time that fits in four bytes of a connection.

use std::time::{Duration, Instant};

/// Ticks since the hub began.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    tick: Duration,
}

impl Clock {
    /// A clock that starts now and ticks once a second.
    pub fn start() -> Self {
        Self::with_tick(Duration::from_secs(1))
    }

    /// A clock that starts now, for heartbeats of less than seconds. A tick is at least 1 ms.
    pub fn with_tick(tick: Duration) -> Self {
        Self { start: Instant::now(), tick: tick.max(Duration::from_millis(1)) }
    }

    /// The time from one tick to the next.
    pub fn tick(&self) -> Duration {
        self.tick
    }

    /// Whole ticks since the start; ticks of a second wrap after 136 years.
    pub fn now(&self) -> u32 {
        (self.start.elapsed().as_millis() / self.tick.as_millis()) as u32
    }

    /// Ticks that `duration` has, at least one.
    pub fn ticks(&self, duration: Duration) -> u32 {
        let ticks = duration.as_millis().div_ceil(self.tick.as_millis()).max(1);
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_between_ticks_is_rounded_up() {
        let clock = Clock::with_tick(Duration::from_millis(50));
        assert_eq!(clock.ticks(Duration::from_millis(101)), 3);
    }
}
