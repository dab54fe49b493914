//! Whose turn it is to have its pods replaced after an upgrade of the operator.
//!
//! One cluster at a time, and a pause after each: a new default that does harm does it to one. A
//! cluster that does not get well again keeps its turn, so that the others are spared. Kept in memory:
//! an operator that starts anew lets a cluster finish that is under way beside the next one's turn.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time between the end of one cluster's turn and the next one's.
const PAUSE: Duration = Duration::from_secs(30);

/// The turns of all clusters.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Turn>);

#[derive(Debug, Default)]
struct Turn {
    holder: Option<String>,
    ended: Option<Instant>,
}

impl Turns {
    /// Whether it is the turn of the cluster with this identity, which it is from then on.
    pub(super) fn take(&self, uid: &str, now: Instant) -> bool {
        let mut turn = self.lock();
        if turn.holder.as_deref() == Some(uid) {
            return true;
        }
        let rested = turn.ended.is_none_or(|ended| now.saturating_duration_since(ended) >= PAUSE);
        let free = turn.holder.is_none() && rested;
        if free {
            turn.holder = Some(uid.to_owned());
        }
        free
    }

    /// Ends the turn of a cluster, if it is its turn.
    pub(super) fn end(&self, uid: &str, now: Instant) {
        let mut turn = self.lock();
        if turn.holder.as_deref() == Some(uid) {
            *turn = Turn { holder: None, ended: Some(now) };
        }
    }

    /// A lock whose holder panicked protects plain data that is still whole.
    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_one_cluster_at_a_time_has_its_turn_and_keeps_it_until_it_ends() {
        let (turns, now) = (Turns::default(), Instant::now());
        assert_eq!([turns.take("a", now), turns.take("b", now), turns.take("a", now)], [true, false, true]);
    }

    #[test]
    fn f13_the_next_turn_begins_a_pause_after_the_last_one() {
        let (turns, now) = (Turns::default(), Instant::now());
        turns.take("a", now);
        turns.end("a", now);
        assert_eq!([turns.take("b", now), turns.take("b", now + PAUSE)], [false, true]);
    }

    #[test]
    fn only_the_holder_ends_its_turn() {
        let (turns, now) = (Turns::default(), Instant::now());
        turns.take("a", now);
        turns.end("b", now);
        assert!(!turns.take("b", now + PAUSE));
    }
}
