//! Coarse monotonic time that fits in four bytes of a connection.

use std::time::Instant;

/// Seconds since the hub began.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Whole seconds since the start; wraps after 136 years.
    pub fn seconds(&self) -> u32 {
        self.start.elapsed().as_secs() as u32
    }
}
