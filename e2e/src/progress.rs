//! One line per finished step, with the time since the start.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Milliseconds that had passed when another program of this crate started this one.
pub const ELAPSED_VARIABLE: &str = "E2E_ELAPSED_MS";

/// Prints to standard error, so that standard output stays free for data.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    start: Instant,
}

impl Progress {
    /// Starts the clock, or goes on with that of the program that started this one.
    pub fn start() -> Self {
        let earlier = std::env::var(ELAPSED_VARIABLE).ok().and_then(|text| text.parse().ok());
        let earlier = Duration::from_millis(earlier.unwrap_or_default());
        let now = Instant::now();
        Self { start: now.checked_sub(earlier).unwrap_or(now) }
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
