//! One line per finished step, with the time since the start.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Prints to standard error, so that standard output stays free for data.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    start: Instant,
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Says what has been reached: `[  12.3s] nodes are Ready (3)`.
    pub fn say(&self, what: impl Display) {
        eprintln!("[{:6.1}s] {what}", self.elapsed().as_secs_f64());
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
