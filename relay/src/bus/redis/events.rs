//! One of the links hears workers outside: each of them would hear all, for what is published to a
//! plain channel of a Cluster reaches all of its nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The one seat; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Events(Arc<AtomicBool>);

/// The seat, taken until it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicBool>);

impl Events {
    /// Takes the seat if nobody has it.
    pub(super) fn take(&self) -> Option<Seat> {
        let free = self.0.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        free.then(|| Seat(Arc::clone(&self.0)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_seat_until_it_leaves() {
        let events = Events::default();
        let seat = events.take();
        assert!(seat.is_some() && events.take().is_none());
        drop(seat);
        assert!(events.take().is_some());
    }
}
