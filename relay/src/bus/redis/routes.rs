//! Which primary has which slot.

use std::sync::Arc;

use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;

use super::partition::Partition;
use super::shard::Shard;
use super::slot::Slot;

/// The way to each slot; it may change at any time.
#[derive(Default)]
pub(super) struct Routes(ArcSwap<Vec<Route>>);

/// A primary, and the last of the slots that it has from the one after the route before.
#[derive(Clone)]
pub(super) struct Route {
    /// Last slot of the range.
    pub(super) last: Slot,
    /// Who has it; nobody, if the Cluster says so.
    pub(super) shard: Option<Arc<Shard>>,
}

/// There is no connection to ask by; the state of the bus has the reason.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no connection")]
pub(super) struct NoLink;

impl Routes {
    /// Replaces all of them; they are in the order of their slots.
    pub(super) fn set(&self, routes: Vec<Route>) {
        self.0.store(Arc::new(routes));
    }

    /// The connection to the primary that has `partition`.
    pub(super) fn commands(&self, partition: Partition) -> Result<MultiplexedConnection, NoLink> {
        self.shard(partition.slot()).and_then(|shard| shard.commands()).ok_or(NoLink)
    }

    /// Whether there is no connection to the primary that has `key`.
    pub(super) fn is_away(&self, key: &str) -> bool {
        self.shard(Slot::of(key)).and_then(|shard| shard.commands()).is_none()
    }

    /// The primary that has `slot`.
    pub(super) fn shard(&self, slot: Slot) -> Option<Arc<Shard>> {
        let routes = self.0.load();
        let index = routes.partition_point(|route| route.last < slot);
        routes.get(index)?.shard.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::redis::partition::Partitions;

    #[test]
    fn each_slot_has_the_primary_of_its_range() {
        let shards = [(); 2].map(|()| Arc::new(Shard::new(Partitions::NONE)));
        let [a, b] = shards.clone().map(Some);
        let routes = Routes::default();
        let ends = [(5, a), (7, None), (16_383, b)];
        routes.set(ends.map(|(last, shard)| Route { last: Slot::new(last).unwrap(), shard }).to_vec());
        let owner = |slot| {
            let shard = routes.shard(Slot::new(slot).unwrap());
            shard.map(|shard| shards.iter().position(|known| Arc::ptr_eq(known, &shard)).unwrap())
        };
        assert_eq!([0, 5, 6, 7, 8, 16_383].map(owner), [Some(0), Some(0), None, None, Some(1), Some(1)]);
    }
}
