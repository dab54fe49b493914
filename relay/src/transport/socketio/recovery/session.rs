//! One session that can be recovered, while it has a connection here.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::writer::Queue;
use super::{Kept, Recovery, Revived};
use crate::bus::{Log, Snapshot};
use crate::hub::{CloseCode, Connection, Farewell};
use crate::sync::lock;

/// Told to a connection whose client has come back by another one.
const ELSEWHERE: Farewell = Farewell::new(CloseCode::Normal, "Session continued elsewhere");

/// A client in one namespace.
pub(in super::super) struct Session {
    pub(super) pid: Box<str>,
    pub(super) life: u64,
    sid: Arc<str>,
    namespace: Arc<str>,
    user: Option<Arc<str>>,
    connection: Arc<Connection>,
    /// History of the rooms of its namespace.
    log: Log,
    state: Mutex<State>,
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    rooms: BTreeSet<String>,
    /// Whether it waits to be written.
    queued: bool,
    written: Option<Instant>,
}

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Its client may come back.
    Ended(Instant),
    /// Its client will not come back.
    Forgotten(Instant),
    /// Its client has come back.
    Superseded,
}

/// Who a session is of.
pub(super) struct Whose {
    pub(super) sid: Arc<str>,
    pub(super) namespace: Arc<str>,
    pub(super) user: Option<Arc<str>>,
    pub(super) connection: Arc<Connection>,
    pub(super) log: Log,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("sid", &self.sid).field("life", &self.life).finish_non_exhaustive()
    }
}

impl Session {
    /// The session of a secret, in a life of it.
    pub(super) fn new(recovery: &Recovery, pid: &str, life: u64, whose: Whose) -> Arc<Self> {
        let Whose { sid, namespace, user, connection, log } = whose;
        let (pid, state, queue) = (pid.into(), Mutex::default(), recovery.queue.clone());
        Arc::new(Self { pid, life, sid, namespace, user, connection, log, state, queue })
    }

    /// The secret that its client is told.
    pub(super) fn pid(&self) -> &str {
        &self.pid
    }

    /// The client joined a room.
    pub(in super::super) fn entered(self: &Arc<Self>, room: &str) {
        if lock(&self.state).rooms.insert(room.to_owned()) {
            self.touch();
        }
    }

    /// The client left a room.
    pub(in super::super) fn left(self: &Arc<Self>, room: &str) {
        if lock(&self.state).rooms.remove(room) {
            self.touch();
        }
    }

    /// The client is gone; it may come back, or it is forgotten.
    pub(in super::super) fn end(self: &Arc<Self>, may_come_back: bool) {
        let mut state = lock(&self.state);
        if state.phase == Phase::Open {
            let now = Instant::now();
            state.phase = if may_come_back { Phase::Ended(now) } else { Phase::Forgotten(now) };
        }
        drop(state);
        self.touch();
    }

    /// The client has come back by another connection: this one has nothing more to say.
    pub(super) fn supersede(&self) {
        lock(&self.state).phase = Phase::Superseded;
        self.connection.finish(&ELSEWHERE);
    }

    /// Has it written as soon as can be.
    pub(super) fn touch(self: &Arc<Self>) {
        if self.enqueue() {
            self.queue.wake.notify_one();
        }
    }

    /// Has it written with the next ones. Tells whether it did not wait for that yet.
    pub(super) fn enqueue(self: &Arc<Self>) -> bool {
        let mut state = lock(&self.state);
        if state.queued || state.phase == Phase::Superseded {
            return false;
        }
        state.queued = true;
        drop(state);
        self.queue.push(self.clone());
        true
    }

    /// Whether what is written of it is so old, or so wrong, that it is to be written again.
    pub(super) fn is_due(&self, age: Duration) -> bool {
        let state = lock(&self.state);
        let is_old = state.written.is_none_or(|written| written.elapsed() >= age);
        state.phase == Phase::Open && (is_old || self.connection.has_turned(&self.log))
    }

    /// What is to be written; what changes from now on is to be written again. None of a session whose
    /// client has come back, or has been away for `ttl`.
    pub(super) fn snapshot(&self, ttl: Duration) -> Option<Snapshot> {
        let phase = {
            let mut state = lock(&self.state);
            state.queued = false;
            state.phase
        };
        let (value, ttl) = match phase {
            Phase::Superseded => return None,
            Phase::Ended(at) => (self.text(), ttl.checked_sub(at.elapsed())?),
            Phase::Forgotten(at) => (None, ttl.checked_sub(at.elapsed())?),
            // Until it is renewed next, it must last for as long as a client may be away.
            Phase::Open => (self.text(), ttl.saturating_add(ttl / 2)),
        };
        Some(Snapshot { id: self.pid.to_string(), life: self.life, value, ttl })
    }

    /// It was written. Tells whether that was the last time.
    pub(super) fn wrote(&self) -> bool {
        let mut state = lock(&self.state);
        state.written = Some(Instant::now());
        state.phase != Phase::Open && !state.queued
    }

    fn text(&self) -> Option<String> {
        serde_json::to_string(&self.kept()).ok()
    }

    fn kept(&self) -> Kept {
        let (trail, _) = self.connection.trail(&self.log).unwrap_or_default();
        Kept {
            sid: self.sid.to_string(),
            namespace: self.namespace.to_string(),
            user: self.user.as_deref().map(str::to_owned),
            rooms: lock(&self.state).rooms.iter().cloned().collect(),
            trail,
        }
    }

    /// Whether its client has come back by another connection.
    pub(super) fn is_superseded(&self) -> bool {
        lock(&self.state).phase == Phase::Superseded
    }

    /// What the client comes back to by the connection after this one, if it may. That connection may be
    /// what this one is superseded by: who writes it down learns of it at any time.
    pub(super) fn revived(&self) -> Option<Revived> {
        let may = !matches!(lock(&self.state).phase, Phase::Forgotten(_));
        may.then(|| Revived { kept: self.kept(), life: self.life + 1 })
    }
}
