//! The bytes that may wait for slow connections on this node, all together.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter of waiting bytes with a limit.
#[derive(Debug)]
pub struct Budget {
    used: AtomicU64,
    limit: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit }
    }

    /// Takes `bytes`, unless that would exceed the limit.
    pub fn take(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// Takes `bytes` whatever the limit: for a goodbye, which is small and comes once.
    pub fn force(&self, bytes: usize) {
        self.used.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Gives `bytes` back.
    pub fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_over_the_limit_are_refused() {
        let budget = Budget::new(10);
        assert!(budget.take(8));
        assert!(!budget.take(3));
    }

    #[test]
    fn given_bytes_can_be_taken_again() {
        let budget = Budget::new(10);
        assert!(budget.take(10));
        budget.give(4);
        assert!(budget.take(4));
    }
}
