//! How many workers there should be (requirement 001-12). Pure.

use std::time::Duration;

/// How often it is looked at.
pub(super) const CHECK: Duration = Duration::from_secs(5);
/// Utilisation of the buffer above which a worker is added.
const HIGH: f64 = 0.8;
/// Utilisation below which one is removed.
const LOW: f64 = 0.2;

/// Bounds of the number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Fewest.
    pub min: usize,
    /// Most.
    pub max: usize,
}

impl Workers {
    /// The number of workers after a look at the buffer, from 0 (empty) to 1 (full).
    pub(super) fn next(self, now: usize, utilization: f64) -> usize {
        let wanted = if utilization > HIGH {
            now + 1
        } else if utilization < LOW {
            now.saturating_sub(1)
        } else {
            now
        };
        wanted.clamp(self.min, self.max.max(self.min))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKERS: Workers = Workers { min: 2, max: 16 };

    #[test]
    fn r001_12_a_full_buffer_adds_a_worker_up_to_sixteen() {
        assert_eq!((WORKERS.next(2, 0.81), WORKERS.next(16, 1.0)), (3, 16));
    }

    #[test]
    fn r001_12_an_empty_buffer_removes_a_worker_down_to_two() {
        assert_eq!((WORKERS.next(3, 0.19), WORKERS.next(2, 0.0)), (2, 2));
    }

    #[test]
    fn r001_12_in_between_the_number_stays() {
        assert_eq!((WORKERS.next(5, 0.2), WORKERS.next(5, 0.8)), (5, 5));
    }
}
