//! What this node delivered by itself because Redis was away: it comes back by the subscription, and
//! must not be delivered again.

use std::collections::VecDeque;

use crate::bus::redis::partition::{Partition, PerPartition};

/// Runs of messages of a partition that are remembered: a message may come back long after, in a
/// refill. Of those that are forgotten each comes twice.
const MAX_RUNS: usize = 1024;

/// Orders of own messages, by partition.
pub(super) struct Early(PerPartition<Lane>);

struct Lane {
    /// Whether Redis is away, so that what is published is delivered at once.
    away: bool,
    /// The last order that came back by the subscription: Redis has all before it.
    came: u64,
    /// What was delivered in outages, in order.
    runs: VecDeque<Run>,
}

/// Orders in a row, delivered to the same connections.
struct Run {
    first: u64,
    last: u64,
    mark: u64,
}

/// Who is to have an own message that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// All connections.
    All,
    /// Those that came after this [mark](crate::bus::Inbox::mark); the others have it.
    After(u64),
}

impl Early {
    /// Redis is away until it is said to be there.
    pub(super) fn new() -> Self {
        Self(PerPartition::new(|_| Lane { away: true, came: 0, runs: VecDeque::new() }))
    }

    /// Notes whether Redis is away.
    pub(super) fn set_away(&mut self, partition: Partition, away: bool) {
        self.0.get_mut(partition).away = away;
    }

    /// Whether it is.
    pub(super) fn is_away(&self, partition: Partition) -> bool {
        self.0.get(partition).away
    }

    /// Notes that an own message came back from Redis. Tells whose it is.
    pub(super) fn comes_back(&mut self, partition: Partition, order: u64) -> Due {
        let lane = self.0.get_mut(partition);
        lane.came = lane.came.max(order);
        lane.run(order).map_or(Due::All, |run| Due::After(run.mark))
    }

    /// Notes that an own message is delivered, before it comes back, to the connections from before
    /// `mark`. Tells whether that is to be.
    pub(super) fn deliver(&mut self, partition: Partition, order: u64, mark: u64) -> bool {
        let lane = self.0.get_mut(partition);
        if order <= lane.came || lane.run(order).is_some() {
            return false;
        }
        match lane.runs.back_mut() {
            Some(run) if run.last.saturating_add(1) == order && run.mark == mark => run.last = order,
            _ => {
                if lane.runs.len() >= MAX_RUNS {
                    lane.runs.pop_front();
                }
                lane.runs.push_back(Run { first: order, last: order, mark });
            }
        }
        true
    }
}

impl Lane {
    /// The run of an own message that was delivered here before it came back.
    fn run(&self, order: u64) -> Option<&Run> {
        self.runs.iter().rev().find(|run| (run.first..=run.last).contains(&order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::of("user:alice")
    }

    #[test]
    fn what_was_delivered_is_for_those_who_came_after_it_when_it_comes_back() {
        let mut early = Early::new();
        for (order, mark) in [(3, 7), (4, 7), (5, 8), (9, 8)] {
            early.deliver(partition(), order, mark);
        }
        let due = [2, 3, 4, 5, 6, 9].map(|order| early.comes_back(partition(), order));
        assert_eq!(due, [Due::All, Due::After(7), Due::After(7), Due::After(8), Due::All, Due::After(8)]);
    }

    #[test]
    fn nothing_is_delivered_twice() {
        let mut early = Early::new();
        assert_eq!([3, 3, 4].map(|order| early.deliver(partition(), order, 0)), [true, false, true]);
    }

    #[test]
    fn what_came_back_is_not_delivered_again() {
        let mut early = Early::new();
        assert_eq!(early.comes_back(partition(), 5), Due::All);
        assert_eq!([4, 5, 6].map(|order| early.deliver(partition(), order, 0)), [false, false, true]);
    }

    #[test]
    fn partitions_do_not_mix() {
        let mut early = Early::new();
        early.deliver(partition(), 3, 0);
        assert_eq!(early.comes_back(Partition::of("user:bob"), 3), Due::All);
    }

    #[test]
    fn runs_that_are_remembered_are_bounded() {
        let mut early = Early::new();
        (0..5000).for_each(|outage| assert!(early.deliver(partition(), 2 * outage + 1, 0)));
        assert_eq!(early.0.get(partition()).runs.len(), MAX_RUNS);
    }
}
