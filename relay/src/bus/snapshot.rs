//! What is kept of sessions, for whichever node their clients come back to.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::BusError;
use crate::sync::lock;

/// Snapshots that one process keeps in memory.
const MAX_SNAPSHOTS: usize = 200_000;

/// What is kept of one session. Its client may come back before its former node has noticed that it
/// left: each connection is a life of the session, and what an earlier one has to say counts no more.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// A secret of the client.
    pub id: String,
    /// Number of the life, from 1.
    pub life: u64,
    /// What is kept; none to forget the session.
    pub value: Option<String>,
    /// For how long.
    pub ttl: Duration,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("life", &self.life).finish_non_exhaustive()
    }
}

/// Snapshots of a relay that runs alone, by id.
#[derive(Default)]
pub(super) struct Snapshots(Mutex<HashMap<String, (Snapshot, Instant)>>);

impl Snapshots {
    /// Keeps a snapshot, or forgets its session. Tells whether its life is the newest.
    ///
    /// # Errors
    /// If there is no room.
    pub(super) fn keep(&self, snapshot: &Snapshot) -> Result<bool, BusError> {
        let now = Instant::now();
        let mut snapshots = lock(&self.0);
        let known = snapshots.get(&snapshot.id).filter(|(_, end)| *end > now);
        if known.is_some_and(|(known, _)| known.life > snapshot.life) {
            return Ok(false);
        }
        if snapshot.value.is_none() {
            snapshots.remove(&snapshot.id);
            return Ok(true);
        }
        if known.is_none() && snapshots.len() >= MAX_SNAPSHOTS {
            snapshots.retain(|_, (_, end)| *end > now);
            if snapshots.len() >= MAX_SNAPSHOTS {
                return Err(BusError::Unavailable("too many sessions are kept".to_owned()));
            }
        }
        snapshots.insert(snapshot.id.clone(), (snapshot.clone(), now + snapshot.ttl));
        Ok(true)
    }

    /// Begins another life of a session.
    pub(super) fn revive(&self, id: &str) -> Option<Snapshot> {
        let mut snapshots = lock(&self.0);
        let (snapshot, _) = snapshots.get_mut(id).filter(|(_, end)| *end > Instant::now())?;
        snapshot.life += 1;
        Some(snapshot.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(life: u64, value: Option<&str>) -> Snapshot {
        let ttl = Duration::from_secs(60);
        Snapshot { id: "s3cret".to_owned(), life, value: value.map(str::to_owned), ttl }
    }

    fn kept(values: &[Snapshot]) -> Snapshots {
        let snapshots = Snapshots::default();
        values.iter().for_each(|snapshot| drop(snapshots.keep(snapshot)));
        snapshots
    }

    #[test]
    fn a_session_that_is_kept_begins_another_life() {
        let revived = kept(&[snapshot(1, Some("a"))]).revive("s3cret");
        assert_eq!(revived, Some(snapshot(2, Some("a"))));
    }

    #[test]
    fn an_earlier_life_changes_nothing_any_more() {
        let snapshots = kept(&[snapshot(1, Some("a"))]);
        snapshots.revive("s3cret");
        assert_eq!(snapshots.keep(&snapshot(1, Some("late"))), Ok(false));
        assert_eq!(snapshots.keep(&snapshot(1, None)), Ok(false));
        assert_eq!(snapshots.revive("s3cret"), Some(snapshot(3, Some("a"))));
    }

    #[test]
    fn what_is_forgotten_or_has_ended_does_not_come_back() {
        let forgotten = kept(&[snapshot(1, Some("a")), snapshot(1, None)]);
        assert_eq!(forgotten.revive("s3cret"), None);
        let ended = kept(&[Snapshot { ttl: Duration::ZERO, ..snapshot(1, Some("a")) }]);
        assert_eq!(ended.revive("s3cret"), None);
    }

    #[test]
    fn nobody_sees_the_secret() {
        assert!(!format!("{:?}", snapshot(1, Some("value"))).contains("s3cret"));
    }
}
