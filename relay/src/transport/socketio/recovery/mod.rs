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
            (None, here) => here.filter(|here| !here.is_superseded())?.revived(),
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::Notify;

    use super::session::Whose;
    use super::*;
    use crate::bus::testing::PartBus;
    use crate::bus::{BusError, Channel, Log, Snapshot};
    use crate::hub::testing::{fetching, hub};

    /// A bus on which a session begins its second life, and answers so after it has refused what the first
    /// one writes.
    #[derive(Default)]
    struct Second(Notify);

    #[async_trait]
    impl PartBus for Second {
        async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
            self.0.notify_one();
            Ok(vec![false; snapshots.len()])
        }

        async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
            self.0.notified().await;
            Ok(Some(Snapshot { id: id.to_owned(), life: 2, value: None, ttl: Duration::ZERO }))
        }
    }

    #[tokio::test]
    async fn r002_13_a_session_that_is_written_down_while_its_client_comes_back_goes_on() {
        let recovery = Recovery::new(Arc::<Second>::default(), Duration::from_secs(60));
        let member = fetching(&hub());
        let log = Log::of(&Channel::user("alice")).unwrap();
        let connection = member.connection().clone();
        let whose = Whose { sid: "s".into(), namespace: "/".into(), user: None, connection, log };
        recovery.begin(Session::new(&recovery, "p", 1, whose));
        let (revived, ()) = tokio::join!(recovery.revive("p"), recovery.flush());
        assert_eq!(revived.unwrap().life, 2);
    }
}
