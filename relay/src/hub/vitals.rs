//! How a connection is doing, for people and for upkeep (requirements 004-06, 004-17 and 004-33).

use std::sync::atomic::Ordering;

use super::Connection;

/// Seconds that an answer to a probe may be missing before the connection is called unhealthy.
const LATE_SECONDS: u32 = 3;
/// Seconds that bytes may wait before the connection is called unhealthy.
const STUCK_SECONDS: u32 = 5;

impl Connection {
    /// Number of the connection, unique on this node since its start.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether it was in its channels when the [mark](super::Hub::mark) was read.
    pub fn came_before(&self, mark: u64) -> bool {
        self.came.load(Ordering::SeqCst) < mark
    }

    /// Whether it was in its channels before `other` was in its own.
    pub fn came_earlier_than(&self, other: &Self) -> bool {
        self.came_before(other.came.load(Ordering::SeqCst))
    }

    /// Seconds since it began.
    pub fn age(&self) -> u32 {
        self.since(self.opened_at)
    }

    /// Seconds since bytes were written or read last.
    pub fn idle(&self) -> u32 {
        let (wrote, heard) = (self.wrote_at.load(Ordering::Relaxed), self.heard_at.load(Ordering::Relaxed));
        self.since(wrote.max(heard))
    }

    /// Whether messages are taken, probes answered, and bytes get through.
    pub fn is_healthy(&self) -> bool {
        let late = self.unanswered.load(Ordering::Relaxed) == 1
            && self.since(self.probed_at.load(Ordering::Relaxed)) >= LATE_SECONDS;
        let stuck = self.is_waiting() && self.since(self.wrote_at.load(Ordering::Relaxed)) >= STUCK_SECONDS;
        self.is_open() && !late && !stuck
    }

    /// Whole seconds since a tick.
    fn since(&self, tick: u32) -> u32 {
        let clock = &self.shared.clock;
        let passed = clock.tick().saturating_mul(clock.now().saturating_sub(tick));
        u32::try_from(passed.as_secs()).unwrap_or(u32::MAX)
    }
}
