//! What this node delivered by itself because Redis was away: it comes back by the subscription, and
//! must not be delivered again.

use std::collections::VecDeque;

use crate::bus::redis::partition::{Partition, PerPartition};

/// Outages of a partition that are remembered: a message may come back long after, in a refill.
const MAX_OUTAGES: usize = 32;

/// Orders of own messages, by partition.
pub(super) struct Early(PerPartition<Lane>);

struct Lane {
    /// Whether Redis is away, so that what is published is delivered at once.
    away: bool,
    /// The last order that came back by the subscription: Redis has all before it.
    came: u64,
    /// First and last order of what was delivered in each outage, the newest at the end.
    outages: VecDeque<(u64, u64)>,
}

impl Early {
    /// Redis is away until it is said to be there.
    pub(super) fn new() -> Self {
        Self(PerPartition::new(|_| Lane { away: true, came: 0, outages: VecDeque::new() }))
    }

    /// Notes whether Redis is away.
    pub(super) fn set_away(&mut self, partition: Partition, away: bool) {
        self.0.get_mut(partition).away = away;
    }

    /// Whether it is.
    pub(super) fn is_away(&self, partition: Partition) -> bool {
        self.0.get(partition).away
    }

    /// Notes that an own message came back from Redis. Tells whether it was not delivered before.
    pub(super) fn comes_back(&mut self, partition: Partition, order: u64) -> bool {
        let lane = self.0.get_mut(partition);
        lane.came = lane.came.max(order);
        !self.has(partition, order)
    }

    /// Notes that an own message is delivered before it comes back. Tells whether that is to be.
    pub(super) fn deliver(&mut self, partition: Partition, order: u64) -> bool {
        if order <= self.0.get(partition).came || self.has(partition, order) {
            return false;
        }
        let outages = &mut self.0.get_mut(partition).outages;
        match outages.back_mut() {
            Some((_, last)) if last.saturating_add(1) == order => *last = order,
            _ => {
                if outages.len() >= MAX_OUTAGES {
                    outages.pop_front();
                }
                outages.push_back((order, order));
            }
        }
        true
    }

    /// Whether an own message was delivered here before it came back.
    fn has(&self, partition: Partition, order: u64) -> bool {
        self.0.get(partition).outages.iter().any(|(first, last)| (*first..=*last).contains(&order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::of("user:alice")
    }

    #[test]
    fn what_was_delivered_is_known_when_it_comes_back() {
        let mut early = Early::new();
        for order in [3, 4, 5, 9] {
            early.deliver(partition(), order);
        }
        let known: Vec<u64> = (0..12).filter(|order| early.has(partition(), *order)).collect();
        assert_eq!(known, [3, 4, 5, 9]);
    }

    #[test]
    fn nothing_is_delivered_twice() {
        let mut early = Early::new();
        assert_eq!([3, 3, 4].map(|order| early.deliver(partition(), order)), [true, false, true]);
    }

    #[test]
    fn what_came_back_is_not_delivered_again() {
        let mut early = Early::new();
        assert!(early.comes_back(partition(), 5));
        assert_eq!([4, 5, 6].map(|order| early.deliver(partition(), order)), [false, false, true]);
    }

    #[test]
    fn partitions_do_not_mix() {
        let mut early = Early::new();
        early.deliver(partition(), 3);
        assert!(!early.has(Partition::of("user:bob"), 3));
    }

    #[test]
    fn outages_that_are_remembered_are_bounded() {
        let mut early = Early::new();
        (0..1000).for_each(|outage| assert!(early.deliver(partition(), 2 * outage + 1)));
        assert_eq!(early.0.get(partition()).outages.len(), MAX_OUTAGES);
    }
}
