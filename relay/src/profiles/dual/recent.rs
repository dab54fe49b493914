//! Ids of messages that this node accepted lately (requirement 004-24); the bus knows those of all.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::bus::KEY_TTL;

/// Time for which an id is remembered.
const WINDOW: Duration = KEY_TTL;
/// Ids that are remembered.
const KEPT: usize = 10_000;

/// A player and an id.
type Key = (Box<str>, Box<str>);

/// The ids, by player.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: HashSet<Key>,
    order: VecDeque<(Instant, Key)>,
}

impl Recent {
    /// Notes an id. `false`: it is there already.
    pub(super) fn note(&mut self, player: &str, id: &str, now: Instant) -> bool {
        while let Some((since, _)) = self.order.front() {
            if self.order.len() < KEPT && now.saturating_duration_since(*since) < WINDOW {
                break;
            }
            if let Some((_, old)) = self.order.pop_front() {
                self.known.remove(&old);
            }
        }
        let key: Key = (player.into(), id.into());
        let new = self.known.insert(key.clone());
        if new {
            self.order.push_back((now, key));
        }
        new
    }

    /// Forgets an id, so that a message that nobody got can be sent again. Tells whether it was known.
    pub(super) fn forget(&mut self, player: &str, id: &str) -> bool {
        let key = (player.into(), id.into());
        let known = self.known.remove(&key);
        if known {
            self.order.retain(|(_, known)| *known != key);
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_24_the_same_id_for_the_same_player_is_a_duplicate() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        let noted = [("p", "1"), ("p", "1"), ("q", "1")].map(|(player, id)| recent.note(player, id, now));
        assert_eq!(noted, [true, false, true]);
    }

    #[test]
    fn an_old_id_is_forgotten() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        recent.note("p", "1", now);
        assert!(recent.note("p", "1", now + WINDOW));
    }

    #[test]
    fn ids_are_bounded() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        for id in 0..2 * KEPT {
            recent.note("p", &id.to_string(), now);
        }
        assert_eq!((recent.known.len(), recent.order.len()), (KEPT, KEPT));
    }

    #[test]
    fn a_message_that_nobody_got_can_be_sent_again() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        recent.note("p", "1", now);
        recent.forget("p", "1");
        assert!(recent.note("p", "1", now));
    }
}
