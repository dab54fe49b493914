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
/// The least difference of two times at which a player enters.
const STEP: Duration = Duration::from_micros(1);
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
    /// When the player entered it last, on whichever node.
    entered: Timestamp,
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
        /// What the clock of connections said at the switch: who came later is no part of the other
        /// session, even where the connections are ended a moment later.
        mark: u64,
    },
}

/// What news of a session on another node mean here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing: the player is not known here.
    Stranger,
    /// They are followed.
    Followed(Entered),
    /// They are older than what is known here, which the other node has not heard.
    Stale {
        /// The newer session.
        session: Box<str>,
        /// When the player entered it.
        entered: Timestamp,
    },
}

impl Sessions {
    /// No sessions, with room for so many.
    pub(super) fn with_capacity(players: usize) -> Self {
        Self(Mutex::new(HashMap::with_capacity(players)))
    }

    /// Makes `session` the player's session, and tells when that was: later than whatever is known
    /// here of the player. `now` is the time that [all nodes agree on](crate::bus::Bus::now), and `mark`
    /// reads the clock of connections.
    pub(super) fn enter(
        &self,
        player: &str,
        session: &str,
        now: Timestamp,
        mark: impl FnOnce() -> u64,
    ) -> (Entered, Timestamp) {
        let now = microseconds(now);
        let mut players = lock(&self.0);
        if players.len() >= MAX_PLAYERS && !players.contains_key(player) {
            return (Entered::First, now);
        }
        let known = players.entry(player.into()).or_insert_with(Player::new);
        known.seen = Instant::now();
        let before = known.session.as_ref().map_or(Timestamp::MIN, |session| session.entered);
        let at = now.max(before.checked_add(STEP).unwrap_or(before));
        (known.enter(session, at, mark), at)
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
    /// here stays so, and a session that is newer here stays, too, because news may be late. Of two at
    /// the same time all nodes keep the same one.
    pub(super) fn follow(
        &self,
        player: &str,
        session: &str,
        at: Timestamp,
        mark: impl FnOnce() -> u64,
    ) -> Heard {
        let mut players = lock(&self.0);
        let Some(known) = players.get_mut(player) else { return Heard::Stranger };
        match &known.session {
            Some(Session { id, entered, .. }) if (*entered, &**id) > (at, session) => {
                Heard::Stale { session: id.clone(), entered: *entered }
            }
            _ => Heard::Followed(known.enter(session, at, mark)),
        }
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

/// Without what other nodes are not told.
fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

impl Session {
    /// A session that a player entered when it was `created`.
    pub(super) fn new(id: Box<str>, created: Timestamp) -> Self {
        Self { id, created, entered: created }
    }
}

impl Player {
    fn new() -> Self {
        Self { session: None, sent: 0, delivered: 0, failed: 0, seen: Instant::now() }
    }

    fn enter(&mut self, session: &str, at: Timestamp, mark: impl FnOnce() -> u64) -> Entered {
        if let Some(known) = self.session.as_mut().filter(|known| *known.id == *session) {
            known.entered = at;
            return Entered::Same;
        }
        let new = Session::new(session.into(), at);
        match self.session.replace(new) {
            Some(old) => Entered::Switched { from: old.id, mark: mark() },
            None => Entered::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_25_the_first_session_is_accepted_the_same_stays_and_another_replaces_it() {
        let sessions = Sessions::with_capacity(0);
        let entered = ["a", "a", "b"].map(|session| sessions.enter("p", session, Timestamp::now(), || 7).0);
        assert_eq!(entered, [Entered::First, Entered::Same, Entered::Switched { from: "a".into(), mark: 7 }]);
    }

    #[test]
    fn a_player_of_another_node_is_not_remembered() {
        let sessions = Sessions::with_capacity(0);
        let heard = sessions.follow("p", "a", Timestamp::now(), || 0);
        assert_eq!((heard, sessions.total()), (Heard::Stranger, 0));
    }

    #[test]
    fn r004_25_late_news_of_an_older_session_do_not_end_a_newer_one() {
        let sessions = Sessions::with_capacity(0);
        let earlier = Timestamp::now() - Duration::from_millis(5);
        let (_, entered) = sessions.enter("p", "new", Timestamp::now(), || 0);
        let heard = sessions.follow("p", "old", earlier, || 0);
        assert_eq!(heard, Heard::Stale { session: "new".into(), entered });
    }

    #[test]
    fn r004_25_what_follows_is_as_old_as_it_was_where_it_began() {
        let sessions = Sessions::with_capacity(0);
        sessions.see("p");
        let long_ago = Timestamp::now() - Duration::from_secs(60);
        sessions.follow("p", "old", long_ago, || 0);
        let newer = sessions.follow("p", "new", long_ago + Duration::from_secs(1), || 3);
        assert_eq!(newer, Heard::Followed(Entered::Switched { from: "old".into(), mark: 3 }));
    }

    #[test]
    fn r004_25_who_enters_here_is_newer_than_a_node_whose_clock_is_ahead() {
        let sessions = Sessions::with_capacity(0);
        sessions.see("p");
        let ahead = Timestamp::now() + Duration::from_secs(600);
        sessions.follow("p", "ahead", ahead, || 0);
        assert!(sessions.enter("p", "here", Timestamp::now(), || 0).1 > ahead);
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
