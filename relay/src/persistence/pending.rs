//! What is to be written: the newest state of each player and each connection, bounded.

use std::collections::HashMap;

use super::{SavedConnection, SavedSession};

/// Entries that may wait.
const MAX_ENTRIES: usize = 100_000;
/// Entries that are written together.
const BATCH: usize = 500;

/// What waits to be written. A later entry takes the place of an earlier one of the same key, so
/// that the order between keys does not matter.
#[derive(Debug, Default)]
pub(super) struct Pending {
    sessions: HashMap<Box<str>, SavedSession>,
    /// By id; `None` is a connection that is over.
    connections: HashMap<Box<str>, Option<SavedConnection>>,
}

/// What is written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) sessions: Vec<SavedSession>,
    pub(super) opened: Vec<SavedConnection>,
    pub(super) closed: Vec<Box<str>>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.sessions.len() + self.opened.len() + self.closed.len()
    }
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.sessions.len() + self.connections.len()
    }

    /// Takes a player's session. `false`: there is no room.
    pub(super) fn session(&mut self, session: SavedSession) -> bool {
        let room = self.len() < MAX_ENTRIES || self.sessions.contains_key(&session.player);
        if room {
            self.sessions.insert(session.player.clone(), session);
        }
        room
    }

    /// Takes a connection that began, or the end of one. `false`: there is no room.
    pub(super) fn connection(&mut self, id: Box<str>, row: Option<SavedConnection>) -> bool {
        let room = self.len() < MAX_ENTRIES || self.connections.contains_key(&id);
        if room {
            self.connections.insert(id, row);
        }
        room
    }

    /// Takes out what is to be written next; `None`: nothing waits.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        let players: Vec<_> = self.sessions.keys().take(BATCH).cloned().collect();
        batch.sessions.extend(players.iter().filter_map(|player| self.sessions.remove(player)));
        let ids: Vec<_> = self.connections.keys().take(BATCH - players.len()).cloned().collect();
        for (id, row) in ids.into_iter().filter_map(|id| self.connections.remove_entry(&id)) {
            match row {
                Some(row) => batch.opened.push(row),
                None => batch.closed.push(id),
            }
        }
        (batch.len() > 0).then_some(batch)
    }

    /// Puts back what could not be written, unless something newer waits already.
    pub(super) fn put_back(&mut self, batch: Batch) {
        for session in batch.sessions {
            self.sessions.entry(session.player.clone()).or_insert(session);
        }
        for row in batch.opened {
            self.connections.entry(row.id.clone()).or_insert(Some(row));
        }
        for id in batch.closed {
            self.connections.entry(id).or_insert(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn session(player: &str, session: &str) -> SavedSession {
        SavedSession { player: player.into(), session: session.into(), created: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn r004_26_the_newest_session_of_a_player_is_written_once() {
        let mut pending = Pending::default();
        let taken = ["a", "b"].map(|id| pending.session(session("p", id)));
        assert_eq!(taken, [true, true]);
        assert_eq!(pending.take().unwrap().sessions, [session("p", "b")]);
        assert!(pending.take().is_none());
    }

    #[test]
    fn a_failed_write_does_not_replace_what_came_meanwhile() {
        let mut pending = Pending::default();
        pending.session(session("p", "old"));
        let failed = pending.take().unwrap();
        pending.session(session("p", "new"));
        pending.put_back(failed);
        assert_eq!(pending.take().unwrap().sessions, [session("p", "new")]);
    }

    #[test]
    fn what_waits_is_bounded_and_who_waits_already_is_not_refused() {
        let mut pending = Pending::default();
        let taken = (0..MAX_ENTRIES + 5).filter(|id| pending.connection(id.to_string().into(), None)).count();
        assert_eq!((taken, pending.len()), (MAX_ENTRIES, MAX_ENTRIES));
        assert!(pending.connection("1".into(), None));
    }
}
