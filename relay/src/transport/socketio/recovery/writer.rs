//! The one task of a node that writes its sessions down.
//!
//! Who comes, goes, or changes rooms is written at once, with all others that do; what messages change
//! is written once a second at most; and what stays the same is renewed before it ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::{Recovery, Session};
use crate::bus::{BusError, Snapshot};
use crate::sync::lock;

/// Time between two looks at what messages changed.
const TURN: Duration = Duration::from_secs(1);
/// Sessions that are written together.
const BATCH: usize = 512;

/// Sessions that wait to be written, each once.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Arc<Session>>>,
    pub(super) wake: Notify,
}

impl Queue {
    pub(super) fn push(&self, session: Arc<Session>) {
        lock(&self.waiting).push(session);
    }
}

impl Recovery {
    /// Writes sessions down, for ever.
    pub async fn run(&self) {
        let mut ticks = interval(TURN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => self.look(),
                () = self.queue.wake.notified() => {}
            }
            match self.write().await {
                Ok(()) => told = false,
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "Sessions of Socket.IO cannot be kept for now");
                    }
                    // What waits is tried again at the next tick, not as soon as somebody comes.
                    ticks.tick().await;
                }
            }
        }
    }

    /// Writes all that waits, once, before the end of the process.
    pub async fn flush(&self) {
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "Sessions of Socket.IO were not kept");
        }
    }

    /// Queues what is due.
    fn look(&self) {
        let age = self.ttl / 4;
        for session in lock(&self.sessions).values().filter(|session| session.is_due(age)) {
            session.enqueue();
        }
    }

    async fn write(&self) -> Result<(), BusError> {
        let _turn = self.writing.lock().await;
        let waiting = std::mem::take(&mut *lock(&self.queue.waiting));
        let mut batches = waiting.chunks(BATCH);
        while let Some(batch) = batches.next() {
            if let Err(error) = self.write_batch(batch).await {
                for session in batch.iter().chain(batches.flatten()) {
                    session.enqueue();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write_batch(&self, batch: &[Arc<Session>]) -> Result<(), BusError> {
        let (mut sessions, mut snapshots): (Vec<&Arc<Session>>, Vec<Snapshot>) = Default::default();
        for session in batch {
            match session.snapshot(self.ttl) {
                Some(snapshot) => {
                    sessions.push(session);
                    snapshots.push(snapshot);
                }
                None => self.drop_session(session),
            }
        }
        let newest = self.bus.keep_snapshots(&snapshots).await?;
        for (session, is_newest) in sessions.into_iter().zip(newest) {
            if !is_newest {
                session.supersede();
                self.drop_session(session);
            } else if session.wrote() {
                self.drop_session(session);
            }
        }
        Ok(())
    }
}
