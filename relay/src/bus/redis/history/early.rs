//! What this node delivered by itself because Redis was away: it comes back by the subscription, and
//! must not be delivered again.
//!
//! It goes to the connections from before the outage. Those that come in it go on from a position, and
//! what waits would come to them after what is younger: they get all of it in order when it comes back.

use std::collections::VecDeque;
use std::time::Instant;

use super::GONE;
use crate::bus::redis::partition::{Partition, PerPartition};

/// Runs of messages of a partition that are remembered: a message may come back long after, in a
/// refill. Of those that are forgotten each comes twice.
const MAX_RUNS: usize = 1024;

/// Orders of own messages, by partition.
pub(super) struct Early(PerPartition<Lane>);

struct Lane {
    /// Whether Redis is away, so that what is published is delivered at once.
    away: bool,
    /// The [mark](crate::bus::Inbox::mark) of when it left, and when that was.
    left: (u64, Instant),
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
    /// Redis is away until it is said to be there; it was not there before for anybody to go on from.
    pub(super) fn new(now: Instant) -> Self {
        Self(PerPartition::new(|_| Lane {
            away: true,
            left: (u64::MAX, now),
            came: 0,
            runs: VecDeque::new(),
        }))
    }

    /// Notes that Redis is there.
    pub(super) fn arrives(&mut self, partition: Partition) {
        self.0.get_mut(partition).away = false;
    }

    /// Notes that Redis is away. An outage goes on as long as something of it has not come back.
    pub(super) fn leaves(&mut self, partition: Partition, mark: u64, now: Instant) {
        let lane = self.0.get_mut(partition);
        let is_behind = lane.runs.back().is_some_and(|run| run.last > lane.came);
        if !lane.away && !is_behind {
            lane.left = (mark, now);
        }
        lane.away = true;
    }

    /// If Redis is away, the mark before which connections get at once what is published. Once nobody
    /// waits for it any more these are all, up to `mark`.
    pub(super) fn audience(&self, partition: Partition, mark: u64, now: Instant) -> Option<u64> {
        let Lane { away, left: (first, since), .. } = self.0.get(partition);
        let is_gone = now.saturating_duration_since(*since) > GONE;
        away.then_some(if is_gone { mark } else { mark.min(*first) })
    }

    /// Notes that an own message came back from Redis. Tells whose it is.
    pub(super) fn comes_back(&mut self, partition: Partition, order: u64) -> Due {
        let lane = self.0.get_mut(partition);
        lane.came = lane.came.max(order);
        lane.run(order).map_or(Due::All, |run| Due::After(run.mark))
    }

    /// Whether nothing up to this own message is still to come by the subscription, or is delivered.
    pub(super) fn has_come(&self, partition: Partition, order: u64) -> bool {
        let lane = self.0.get(partition);
        lane.away || order <= lane.came
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
        let mut early = Early::new(Instant::now());
        for (order, mark) in [(3, 7), (4, 7), (5, 8), (9, 8)] {
            early.deliver(partition(), order, mark);
        }
        let due = [2, 3, 4, 5, 6, 9].map(|order| early.comes_back(partition(), order));
        assert_eq!(due, [Due::All, Due::After(7), Due::After(7), Due::After(8), Due::All, Due::After(8)]);
    }

    #[test]
    fn nothing_is_delivered_twice() {
        let mut early = Early::new(Instant::now());
        assert_eq!([3, 3, 4].map(|order| early.deliver(partition(), order, 0)), [true, false, true]);
    }

    #[test]
    fn what_came_back_is_not_delivered_again() {
        let mut early = Early::new(Instant::now());
        assert_eq!(early.comes_back(partition(), 5), Due::All);
        assert_eq!([4, 5, 6].map(|order| early.deliver(partition(), order, 0)), [false, false, true]);
    }

    #[test]
    fn who_comes_in_an_outage_gets_nothing_before_what_waits() {
        let now = Instant::now();
        let mut early = Early::new(now);
        early.arrives(partition());
        let before = early.audience(partition(), 5, now);
        early.leaves(partition(), 5, now);
        early.deliver(partition(), 1, 5);
        early.arrives(partition());
        early.leaves(partition(), 7, now);
        let again = early.audience(partition(), 9, now);
        early.comes_back(partition(), 1);
        early.arrives(partition());
        early.leaves(partition(), 9, now);
        assert_eq!((before, again, early.audience(partition(), 11, now)), (None, Some(5), Some(9)));
    }

    #[test]
    fn all_get_what_is_published_once_nobody_waits_any_more() {
        let now = Instant::now();
        let mut early = Early::new(now);
        let first = early.audience(partition(), 3, now);
        early.arrives(partition());
        early.leaves(partition(), 5, now);
        let later = early.audience(partition(), 9, now + GONE * 2);
        assert_eq!((first, later), (Some(3), Some(9)));
    }

    #[test]
    fn what_redis_has_is_to_come_before_anything_is_delivered_early() {
        let mut early = Early::new(Instant::now());
        let at_first = early.has_come(partition(), 1);
        early.arrives(partition());
        let before = early.has_come(partition(), 1);
        early.comes_back(partition(), 1);
        assert_eq!((at_first, before, early.has_come(partition(), 1)), (true, false, true));
    }

    #[test]
    fn partitions_do_not_mix() {
        let mut early = Early::new(Instant::now());
        early.deliver(partition(), 3, 0);
        assert_eq!(early.comes_back(Partition::of("user:bob"), 3), Due::All);
    }

    #[test]
    fn runs_that_are_remembered_are_bounded() {
        let mut early = Early::new(Instant::now());
        (0..5000).for_each(|outage| assert!(early.deliver(partition(), 2 * outage + 1, 0)));
        assert_eq!(early.0.get(partition()).runs.len(), MAX_RUNS);
    }
}
