//! Up to where this node saw histories that had a message lately, whether it follows them or not: after
//! a failover it can tell what the new primary lost.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::bus::{Log, Position};

/// Histories that are remembered, twice: the younger and the older ones.
const MAX_LOGS: usize = 32_768;
/// For how long, once or twice: longer than replicas are usually behind.
const PERIOD: Duration = Duration::from_secs(60);

/// The newest positions by history.
pub(super) struct Lately {
    young: HashMap<Log, Position>,
    old: HashMap<Log, Position>,
    since: Instant,
}

impl Lately {
    pub(super) fn new(now: Instant) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), since: now }
    }

    /// Notes a message.
    pub(super) fn note(&mut self, log: &Log, position: Position, now: Instant) {
        if self.young.len() >= MAX_LOGS || now.saturating_duration_since(self.since) >= PERIOD {
            self.old = std::mem::take(&mut self.young);
            self.since = now;
        }
        match self.young.get_mut(log) {
            Some(known) if known.epoch == position.epoch && known.seq >= position.seq => {}
            Some(known) => *known = position,
            None => {
                self.young.insert(log.clone(), position);
            }
        }
    }

    /// All that is remembered.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Log, Position)> {
        let old = self.old.iter().filter(|(log, _)| !self.young.contains_key(*log));
        self.young.iter().chain(old).map(|(log, position)| (log, *position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Channel, Epoch};

    fn log(user: usize) -> Log {
        Log::of(&Channel::user(&user.to_string())).unwrap()
    }

    fn at(seq: u64) -> Position {
        Position { epoch: Epoch::new(1), seq }
    }

    #[test]
    fn the_highest_position_of_a_history_is_remembered() {
        let now = Instant::now();
        let mut lately = Lately::new(now);
        [5, 7, 6].into_iter().for_each(|seq| lately.note(&log(0), at(seq), now));
        assert_eq!(lately.all().collect::<Vec<_>>(), [(&log(0), at(7))]);
    }

    #[test]
    fn a_history_is_remembered_for_a_minute_and_forgotten_after_two() {
        let start = Instant::now();
        let mut lately = Lately::new(start);
        lately.note(&log(0), at(1), start);
        let known = |lately: &Lately| lately.all().any(|(known, _)| *known == log(0));
        lately.note(&log(1), at(1), start + PERIOD);
        let remembered = known(&lately);
        lately.note(&log(1), at(2), start + PERIOD * 2);
        assert_eq!((remembered, known(&lately)), (true, false));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let now = Instant::now();
        let mut lately = Lately::new(now);
        (0..3 * MAX_LOGS).for_each(|user| lately.note(&log(user), at(1), now));
        assert!(lately.all().count() <= 2 * MAX_LOGS);
    }
}
