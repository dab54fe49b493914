//! Which partitions the connections of this process hear.
//!
//! A partition of a Cluster moves from one connection to another, and what comes by the new one can
//! overtake what is still on its way on the old one. How far a sender says that it is
//! ([knock](super::knock)) therefore counts only for partitions that no other connection hears: those
//! have brought all that they will, once Redis has taken a subscription away or they have ended.

use std::collections::HashMap;
use std::sync::Mutex;

use super::partition::Partitions;
use crate::sync::lock;

/// What is heard, by the number of the connection's probe channel.
#[derive(Default)]
pub(super) struct Hearing(Mutex<HashMap<u64, Partitions>>);

impl Hearing {
    /// Notes that connection `number` hears `partitions` from here on, and no others.
    pub(super) fn note(&self, number: u64, partitions: Partitions) {
        lock(&self.0).insert(number, partitions);
    }

    /// Notes that connection `number` brings nothing any more.
    pub(super) fn end(&self, number: u64) {
        lock(&self.0).remove(&number);
    }

    /// The partitions that connection `number` hears, and no other one does.
    pub(super) fn alone(&self, number: u64) -> Partitions {
        let all = lock(&self.0);
        let own = all.get(&number).copied().unwrap_or_default();
        let others = all.iter().filter(|(other, _)| **other != number);
        others.fold(own, |alone, (_, theirs)| alone.without(*theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::redis::partition::Partition;

    fn of(names: &[&str]) -> Partitions {
        let mut partitions = Partitions::NONE;
        names.iter().for_each(|name| partitions.insert(Partition::of(name)));
        partitions
    }

    #[test]
    fn what_another_connection_still_hears_is_not_heard_alone() {
        let hearing = Hearing::default();
        hearing.note(1, of(&["user:alice", "user:bob"]));
        hearing.note(2, of(&["user:alice"]));
        assert_eq!((hearing.alone(1), hearing.alone(2)), (of(&["user:bob"]), Partitions::NONE));
    }

    #[test]
    fn what_a_connection_heard_that_has_ended_is_heard_alone() {
        let hearing = Hearing::default();
        hearing.note(1, of(&["user:alice"]));
        hearing.note(2, of(&["user:alice"]));
        hearing.end(1);
        assert_eq!((hearing.alone(1), hearing.alone(2)), (Partitions::NONE, of(&["user:alice"])));
    }
}
