//! The cap of TCP connections of this process (requirement 004-16).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts TCP connections. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    taken: Arc<AtomicU64>,
}

/// The right to one TCP connection, shared by what serves it; freed with the last clone.
#[derive(Clone, Debug)]
pub struct Permit {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    permits: Permits,
}

impl Permits {
    /// Takes one, unless `limit` are taken.
    pub fn take(&self, limit: u64) -> Option<Permit> {
        let more = |taken: u64| (taken < limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Permit { _held: Arc::new(Held { permits: self.clone() }) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.permits.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_16_connections_over_the_cap_are_refused_until_one_ends() {
        let permits = Permits::default();
        let first = permits.take(1);
        assert!(permits.take(1).is_none());
        drop(first);
        assert!(permits.take(1).is_some());
    }
}
