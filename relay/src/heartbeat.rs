//! Whether the runtime turns: liveness, and nothing else (design section 5).

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::sync::lock;

/// Time without a beat after which the process is stuck.
const STUCK: Duration = Duration::from_secs(15);

/// When the runtime was seen turning last.
#[derive(Debug)]
pub struct Heartbeat {
    last: Mutex<Instant>,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { last: Mutex::new(Instant::now()) }
    }
}

impl Heartbeat {
    /// The runtime turns.
    pub fn beat(&self) {
        *lock(&self.last) = Instant::now();
    }

    /// Whether it did lately.
    pub fn is_alive(&self) -> bool {
        lock(&self.last).elapsed() < STUCK
    }
}
