//! Connection state recovery, as clients of version 4.6 and newer expect it: one that comes back, to
//! whichever node, has its id and its rooms again, and gets what it missed.
//!
//! A client is told a secret, its `pid`, and shows it when it comes back, with the
//! [offset](super::offset) of the newest event that it got. What is kept of it (its id, its user, its
//! rooms, the order in which it was sent messages) is written down while it is connected, not when it
//! leaves: a node that is killed loses none of it. What the rooms' history does not know any more, or
//! somebody else's session, is not recovered: the client then begins anew, and is told so.
//!
//! Rules: <https://socket.io/docs/v4/connection-state-recovery>.

mod entrance;
mod kept;
mod session;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) use entrance::enter;
use kept::Kept;
pub(super) use session::Session;
use writer::Queue;

use crate::bus::Bus;
use crate::sync::lock;

/// The sessions of this node that can be recovered.
pub struct Recovery {
    bus: Arc<dyn Bus>,
    /// How long a client may be away.
    ttl: Duration,
    sessions: Mutex<HashMap<Box<str>, Arc<Session>>>,
    queue: Arc<Queue>,
    /// One writes at a time, so that the last word about a session is the last one written.
    writing: tokio::sync::Mutex<()>,
}

/// A session that a client came back to.
pub(super) struct Revived {
    kept: Kept,
    /// Number of the connection that begins.
    life: u64,
}

impl Recovery {
    /// Keeps sessions on `bus`, for as long as `ttl` after their clients are gone.
    pub fn new(bus: Arc<dyn Bus>, ttl: Duration) -> Arc<Self> {
        let (sessions, queue, writing) = (Mutex::default(), Arc::default(), tokio::sync::Mutex::default());
        Arc::new(Self { bus, ttl, sessions, queue, writing })
    }

    /// Begins another life of the session of a secret. None, if nothing is known of it.
    async fn revive(&self, pid: &str) -> Option<Revived> {
        let here = lock(&self.sessions).get(pid).cloned();
        let found = self.bus.revive(pid).await;
        let found = found.inspect_err(|error| tracing::warn!(%error, "A session could not be looked up"));
        match (found.ok()?, here) {
            // What the former connection's node knows itself is never behind what it has written.
            (Some(found), Some(here)) if found.life == here.life + 1 => here.revived(),
            (Some(found), _) => {
                let kept = serde_json::from_str(&found.value?).ok()?;
                Some(Revived { kept, life: found.life })
            }
            (None, here) => here?.revived(),
        }
    }

    /// A session has begun. A former connection of it that this node still has is one that its client
    /// has given up.
    fn begin(&self, session: Arc<Session>) {
        let former = lock(&self.sessions).insert(session.pid.clone(), session.clone());
        if let Some(former) = former {
            former.supersede();
        }
        session.touch();
    }

    /// Nobody needs to know the session any more, unless another life of it has begun here.
    fn drop_session(&self, session: &Arc<Session>) {
        let mut sessions = lock(&self.sessions);
        if sessions.get(&session.pid).is_some_and(|known| Arc::ptr_eq(known, session)) {
            sessions.remove(&session.pid);
        }
    }
}
