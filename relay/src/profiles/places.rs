//! Caps of connections of one name in the whole cluster (requirement 004-15, conflict X-03).
//!
//! A node counts its own, and asks the bus for a place among all. While that is away the node's own cap
//! holds; more than the cap may then be there, and stay, on several nodes together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bus::Bus;
use crate::hub::{Slot, Slots};

/// Time for a place to come back from a node that just said goodbye to a connection.
const RETURNING: Duration = Duration::from_millis(200);

/// All places of this node.
pub struct Places {
    bus: Arc<dyn Bus>,
    slots: Slots,
    numbers: AtomicU64,
}

/// Two sides of one connection's place: here, and in the cluster.
pub(super) struct Place {
    shared: Option<Shared>,
    /// Kept for as long as the connection has a socket.
    _slot: Slot,
}

/// The side that all nodes see; dropping it gives it back.
struct Shared {
    bus: Arc<dyn Bus>,
    name: Box<str>,
    id: u64,
    limit: u32,
}

impl Places {
    /// Places that `bus` counts.
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, slots: Slots::default(), numbers: AtomicU64::new(0) }
    }

    /// Takes a place on this node among `limit`; the cluster's is still to be [asked for](Place::ask).
    /// `lingering` places here are those of connections that are ending.
    pub(super) fn here(&self, name: &str, limit: u32, lingering: usize) -> Option<Place> {
        let places = limit.saturating_add(u32::try_from(lingering).unwrap_or(u32::MAX));
        let slot = self.slots.take(name, places)?;
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let shared = Shared { bus: self.bus.clone(), name: name.into(), id, limit };
        Some(Place { shared: Some(shared), _slot: slot })
    }

    /// Takes a place here and in the cluster.
    pub(super) async fn take(&self, name: &str, limit: u32, lingering: usize) -> Option<Place> {
        let place = self.here(name, limit, lingering)?;
        place.ask().await.then_some(place)
    }
}

impl Place {
    /// Asks for the place in the cluster. `false`: there is none.
    pub(super) async fn ask(&self) -> bool {
        let Some(shared) = &self.shared else { return true };
        if shared.ask().await {
            return true;
        }
        tokio::time::sleep(RETURNING).await;
        shared.ask().await
    }

    /// Gives the cluster's place back; the one here is kept until the connection is over.
    pub(super) fn release(&mut self) {
        self.shared = None;
    }
}

impl Shared {
    async fn ask(&self) -> bool {
        let taken = self.bus.take_place(&self.name, self.id, self.limit).await;
        let granted =
            |error: &_| tracing::warn!(name = self.name, %error, "Place granted by local knowledge");
        taken.inspect_err(granted).unwrap_or(true)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.bus.leave_place(&self.name, self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::bus::BusError;
    use crate::bus::testing::PartBus;
    use crate::sync::lock;

    /// A bus with one answer to whoever asks for a place.
    struct Scripted {
        answer: Result<bool, BusError>,
        left: Mutex<u32>,
    }

    #[async_trait]
    impl PartBus for Scripted {
        async fn take_place(&self, _: &str, _: u64, _: u32) -> Result<bool, BusError> {
            self.answer.clone()
        }

        fn leave_place(&self, _: &str, _: u64) {
            *lock(&self.left) += 1;
        }
    }

    fn places(answer: Result<bool, BusError>) -> (Arc<Scripted>, Places) {
        let bus = Arc::new(Scripted { answer, left: Mutex::default() });
        (bus.clone(), Places::new(bus))
    }

    #[tokio::test]
    async fn r004_15_a_place_that_the_cluster_has_not_is_refused() {
        let (_bus, places) = places(Ok(false));
        assert!(places.take("alice", 4, 0).await.is_none());
    }

    #[tokio::test]
    async fn r004_15_while_the_bus_is_away_the_nodes_own_cap_holds() {
        let (_bus, places) = places(Err(BusError::Unavailable("away".to_owned())));
        let first = places.take("alice", 1, 0).await;
        assert_eq!((first.is_some(), places.take("alice", 1, 0).await.is_some()), (true, false));
    }

    #[tokio::test]
    async fn a_place_is_given_back_once() {
        let (bus, places) = places(Ok(true));
        let mut place = places.take("alice", 1, 0).await.unwrap();
        place.release();
        drop(place);
        assert_eq!(*lock(&bus.left), 1);
    }
}
