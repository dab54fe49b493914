//! Sessions of players (requirement 004-25): at most one each, the newest. A relay that restarts
//! gets them from its [store](super::persist), or else learns them again as players come back
//! (conflict X-17).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::sync::lock;

/// Time after which a player without connections is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Players that are remembered; a further one has no session, and is served all the same.
const MAX_PLAYERS: usize = 1_000_000;

/// What is known of players beyond their connections.
#[derive(Debug)]
pub(super) struct Sessions(Mutex<HashMap<Box<str>, Player>>);

/// One player.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) session: Option<Session>,
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) failed: u64,
    seen: Instant,
}

/// A player's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: Box<str>,
    pub(super) created: Timestamp,
}

/// What a session id means for a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It is the first one that is known.
    First,
    /// The player is in it already.
    Same,
    /// It replaces another one, whose connections are to end.
    Switched {
        /// The other one.
        from: Box<str>,
    },
}

impl Sessions {
    /// No sessions, with room for so many.
    pub(super) fn with_capacity(players: usize) -> Self {
        Self(Mutex::new(HashMap::with_capacity(players)))
    }

    /// Makes `session` the player's session.
    pub(super) fn enter(&self, player: &str, session: &str) -> Entered {
        let mut players = lock(&self.0);
        if players.len() >= MAX_PLAYERS && !players.contains_key(player) {
            return Entered::First;
        }
        let known = players.entry(player.into()).or_insert_with(Player::new);
        known.seen = Instant::now();
        if known.session.as_ref().is_some_and(|known| *known.id == *session) {
            return Entered::Same;
        }
        let new = Session { id: session.into(), created: Timestamp::now() };
        known.session.replace(new).map_or(Entered::First, |old| Entered::Switched { from: old.id })
    }

    /// Gives a player, who has none here, the session of a former process. Tells whether it did.
    pub(super) fn restore(&self, player: &str, session: Session) -> bool {
        let mut players = lock(&self.0);
        if players.len() >= MAX_PLAYERS && !players.contains_key(player) {
            return false;
        }
        let known = players.entry(player.into()).or_insert_with(Player::new);
        let restored = known.session.is_none();
        known.session.get_or_insert(session);
        restored
    }

    /// As [`enter`](Self::enter), for a player of another node, who entered at `at`: who is not known
    /// here stays so, and a session that is newer here stays, too, because news may be late.
    pub(super) fn follow(&self, player: &str, session: &str, at: Timestamp) -> Option<Entered> {
        let known = lock(&self.0).get(player).cloned()?;
        let newer_here = known.session.is_some_and(|here| here.created > at);
        (!newer_here).then(|| self.enter(player, session))
    }

    /// What is known of a player.
    pub(super) fn get(&self, player: &str) -> Option<Player> {
        lock(&self.0).get(player).cloned()
    }

    /// Counts a message to a player who is known.
    pub(super) fn count(&self, player: &str, delivered: bool) {
        if let Some(known) = lock(&self.0).get_mut(player) {
            known.sent += 1;
            known.delivered += u64::from(delivered);
            known.failed += u64::from(!delivered);
        }
    }

    /// Notes that a player is here, with or without a session.
    pub(super) fn see(&self, player: &str) {
        let mut players = lock(&self.0);
        if players.len() < MAX_PLAYERS || players.contains_key(player) {
            players.entry(player.into()).or_insert_with(Player::new).seen = Instant::now();
        }
    }

    /// Forgets players who are long gone.
    pub(super) fn forget(&self, connected: impl Fn(&str) -> bool) {
        lock(&self.0).retain(|player, known| known.seen.elapsed() < FORGOTTEN || connected(player));
    }

    /// Sessions that are known.
    pub(super) fn total(&self) -> usize {
        lock(&self.0).values().filter(|player| player.session.is_some()).count()
    }
}

impl Player {
    fn new() -> Self {
        Self { session: None, sent: 0, delivered: 0, failed: 0, seen: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_25_the_first_session_is_accepted_the_same_stays_and_another_replaces_it() {
        let sessions = Sessions::with_capacity(0);
        let entered = ["a", "a", "b"].map(|session| sessions.enter("p", session));
        assert_eq!(entered, [Entered::First, Entered::Same, Entered::Switched { from: "a".into() }]);
    }

    #[test]
    fn a_player_of_another_node_is_not_remembered() {
        let sessions = Sessions::with_capacity(0);
        assert_eq!((sessions.follow("p", "a", Timestamp::now()), sessions.total()), (None, 0));
    }

    #[test]
    fn r004_25_late_news_of_an_older_session_do_not_end_a_newer_one() {
        let sessions = Sessions::with_capacity(0);
        let earlier = Timestamp::now() - Duration::from_millis(5);
        sessions.enter("p", "new");
        assert_eq!(sessions.follow("p", "old", earlier), None);
    }

    #[test]
    fn messages_are_counted_for_players_who_are_known() {
        let sessions = Sessions::with_capacity(0);
        sessions.see("p");
        for (player, delivered) in [("p", true), ("p", false), ("q", true)] {
            sessions.count(player, delivered);
        }
        let known = sessions.get("p").unwrap();
        assert_eq!((known.sent, known.delivered, known.failed), (2, 1, 1));
        assert!(sessions.get("q").is_none());
    }
}
