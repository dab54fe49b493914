//! Tells new messages from those that came before, and sees when one is missing.
//!
//! A sender numbers what it sends to a partition (the *order*) and sends in that order; after a
//! lost reply it sends again from an unconfirmed message on. Two copies of such a run may mix on
//! the way, but each copy is in order, so the first arrivals are, too. It is therefore enough to
//! keep the highest order per sender and partition: at or below it is a copy, more than one above
//! it means that something between never came (a reconnect lost it). A sender also says by itself how
//! far it is when it comes or is asked ([knock](super::knock)).

use std::collections::HashMap;

use super::partition::{Partition, PerPartition};

/// Senders that are remembered; of more, the one not heard for longest is forgotten, and with it
/// the memory of its copies. One takes about 2 KiB.
const MAX_SENDERS: usize = 1024;

/// What the order of a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Not seen before, and so many before it never came.
    New { missed: u64 },
    /// Seen before.
    Copy,
}

/// Highest orders seen, by sender and partition.
#[derive(Default)]
pub(super) struct Orders {
    senders: HashMap<u64, Sender>,
    clock: u64,
}

struct Sender {
    /// Nothing, where it neither sent nor said anything yet.
    highest: Box<PerPartition<Option<u64>>>,
    heard: u64,
}

impl Orders {
    /// Notes that message `order` of process `incarnation` came in `partition`.
    pub(super) fn note(&mut self, incarnation: u64, partition: Partition, order: u64) -> Arrival {
        self.clock += 1;
        let sender = self.sender(incarnation);
        let highest = sender.highest.get_mut(partition);
        // Where nothing is known yet, what came earlier was not meant for this process.
        let before = highest.unwrap_or(order.saturating_sub(1));
        if order <= before {
            return Arrival::Copy;
        }
        *highest = Some(order);
        Arrival::New { missed: order - before - 1 }
    }

    /// Notes that process `incarnation` says that `order` was its last message in `partition` so far.
    /// Answers how many of those never came.
    pub(super) fn meet(&mut self, incarnation: u64, partition: Partition, order: u64) -> u64 {
        let highest = self.sender(incarnation).highest.get_mut(partition);
        let missed = highest.map_or(0, |highest| order.saturating_sub(highest));
        *highest = (*highest).max(Some(order));
        missed
    }

    fn sender(&mut self, incarnation: u64) -> &mut Sender {
        if self.senders.len() >= MAX_SENDERS && !self.senders.contains_key(&incarnation) {
            self.forget_one();
        }
        let heard = self.clock;
        let sender = self
            .senders
            .entry(incarnation)
            .or_insert_with(|| Sender { highest: Box::new(PerPartition::new(|_| None)), heard });
        sender.heard = heard;
        sender
    }

    fn forget_one(&mut self) {
        let oldest = self.senders.iter().min_by_key(|(_, sender)| sender.heard).map(|(key, _)| *key);
        if let Some(key) = oldest {
            self.senders.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::of("user:alice")
    }

    fn note(orders: &mut Orders, order: u64) -> Arrival {
        orders.note(1, partition(), order)
    }

    #[test]
    fn a_run_that_comes_twice_is_taken_once() {
        let mut orders = Orders::default();
        let arrivals = [1, 2, 1, 2, 3].map(|order| note(&mut orders, order));
        let new = Arrival::New { missed: 0 };
        assert_eq!(arrivals, [new, new, Arrival::Copy, Arrival::Copy, new]);
    }

    #[test]
    fn a_gap_counts_what_never_came() {
        let mut orders = Orders::default();
        note(&mut orders, 4);
        assert_eq!(note(&mut orders, 7), Arrival::New { missed: 2 });
    }

    #[test]
    fn a_sender_that_is_heard_late_has_no_gap() {
        assert_eq!(note(&mut Orders::default(), 100), Arrival::New { missed: 0 });
    }

    #[test]
    fn senders_and_partitions_do_not_mix() {
        let mut orders = Orders::default();
        note(&mut orders, 1);
        assert_eq!(orders.note(2, partition(), 1), Arrival::New { missed: 0 });
        assert_eq!(orders.note(1, Partition::of("user:bob"), 1), Arrival::New { missed: 0 });
    }

    #[test]
    fn the_sender_not_heard_for_longest_is_forgotten_first() {
        let mut orders = Orders::default();
        (0..MAX_SENDERS as u64)
            .for_each(|sender| assert_ne!(orders.note(sender, partition(), 1), Arrival::Copy));
        orders.note(0, partition(), 2);
        orders.note(u64::MAX, partition(), 1);
        assert_eq!(orders.senders.len(), MAX_SENDERS);
        assert!(orders.senders.contains_key(&0) && !orders.senders.contains_key(&1));
    }
}
