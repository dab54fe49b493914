//! What this node has seen of histories, behind a lock under which the inbox is handed messages.
//!
//! The inbox locks its own while it takes a message, and it tells of its [follows](Sight::follow) under
//! those locks. So a follow never waits for this one: it is noted, and takes effect before whatever is
//! done under the lock next. Both would wait for each other for ever otherwise, with all of the process.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use super::lately::Lately;
use super::tracker::Tracker;
use crate::bus::Log;
use crate::bus::wire::Envelope;
use crate::sync::{lock, try_lock};

/// What was seen.
pub(super) struct Seen {
    pub(super) tracker: Tracker<Envelope>,
    pub(super) lately: Lately,
}

/// The same for many, one at a time.
pub(super) struct Sight {
    seen: Mutex<Seen>,
    /// Histories that connections follow from now on, or no more, in order. Whoever adds one takes all
    /// out, unless another is at it: as many as come meanwhile may wait.
    noted: Mutex<Vec<(Log, bool)>>,
}

impl Sight {
    pub(super) fn new() -> Self {
        let seen = Seen { tracker: Tracker::default(), lately: Lately::new(Instant::now()) };
        Self { seen: Mutex::new(seen), noted: Mutex::default() }
    }

    /// Waits until nobody else looks. What was noted before has taken effect.
    pub(super) fn lock(&self) -> MutexGuard<'_, Seen> {
        let mut seen = lock(&self.seen);
        self.apply(&mut seen);
        seen
    }

    /// Notes that connections of this node follow a history, or no more. Never waits for whoever
    /// [looks](Self::lock).
    pub(super) fn follow(&self, log: &Log, here: bool) {
        lock(&self.noted).push((log.clone(), here));
        if let Some(mut seen) = try_lock(&self.seen) {
            self.apply(&mut seen);
        }
    }

    fn apply(&self, seen: &mut Seen) {
        for (log, here) in std::mem::take(&mut *lock(&self.noted)) {
            seen.tracker.follow(&log, here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Channel, Epoch, Position};

    fn log() -> Log {
        Log::of(&Channel::user("alice")).unwrap()
    }

    #[test]
    fn a_follow_does_not_wait_for_who_looks_and_counts_for_the_next() {
        let sight = Sight::new();
        let seen = sight.lock();
        sight.follow(&log(), true);
        assert!(seen.tracker.seen().is_empty());
        drop(seen);
        assert_eq!(sight.lock().tracker.seen(), [(log(), None)]);
    }

    #[test]
    fn who_went_and_came_again_begins_anew() {
        let sight = Sight::new();
        sight.follow(&log(), true);
        let top = Position { epoch: Epoch::new(1), seq: 7 };
        let mut seen = sight.lock();
        seen.tracker.begin(&log(), top);
        [false, true].into_iter().for_each(|here| sight.follow(&log(), here));
        drop(seen);
        assert_eq!(sight.lock().tracker.seen(), [(log(), None)]);
    }
}
