//! The one task that writes, and what others hand it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::pending::{Batch, Pending};
use super::{SavedConnection, SavedSession, Store, StoreError};
use crate::metrics::Metrics;
use crate::sync::lock;

/// Time from one look at the store to the next.
const TURN: Duration = Duration::from_secs(30);
/// Shortest and longest rest after an error.
const REST: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// Time in which a player must be looked up: a client waits.
const LOOKUP: Duration = Duration::from_secs(2);
/// Time for each step of the worker.
const STEP: Duration = Duration::from_secs(30);
/// How often an end that waits for the last writes looks at them.
const LOOK: Duration = Duration::from_millis(10);

/// Sessions and connections on their way to a store.
pub struct Persistence {
    store: Box<dyn Store>,
    metrics: Arc<Metrics>,
    pending: Mutex<Pending>,
    /// Entries of the batch that is being written.
    under_way: AtomicUsize,
    wake: Notify,
    up: AtomicBool,
}

/// How far the worker is.
#[derive(Default)]
struct Progress {
    /// Whether the store was made ready.
    opened: bool,
    /// When it was tidied last.
    tidied: Option<Instant>,
    /// Whether the outage under way was told.
    told: bool,
}

impl Persistence {
    pub(super) fn with_store(store: Box<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            metrics,
            pending: Mutex::default(),
            under_way: AtomicUsize::new(0),
            wake: Notify::new(),
            up: AtomicBool::new(false),
        }
    }

    /// Whether the store did what it was asked for last.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Keeps the session of a player. Returns at once.
    pub fn keep(&self, session: SavedSession) {
        self.push(|pending| pending.session(session));
    }

    /// Notes a connection that began. Returns at once.
    pub fn opened(&self, connection: SavedConnection) {
        self.push(|pending| pending.connection(connection.id.clone(), Some(connection)));
    }

    /// Notes the end of a connection. Returns at once.
    pub fn closed(&self, id: Box<str>) {
        self.push(|pending| pending.connection(id, None));
    }

    fn push(&self, push: impl FnOnce(&mut Pending) -> bool) {
        if !push(&mut lock(&self.pending)) {
            self.metrics.persistence.dropped.inc();
        }
        self.wake.notify_one();
    }

    /// The session that a former process, or another one, kept of a player. A store that is known to
    /// be away is not asked, and one that does not answer in time knows none.
    pub async fn load(&self, player: &str) -> Option<SavedSession> {
        if !self.is_up() {
            return None;
        }
        let loaded = match timeout(LOOKUP, self.store.load(player)).await {
            Ok(loaded) => loaded,
            Err(_) => Err(StoreError::Late(LOOKUP)),
        };
        loaded.unwrap_or_else(|error| {
            self.metrics.persistence.errors.inc();
            tracing::warn!(player_id = player, %error, "Session persistence could not look a player up");
            None
        })
    }

    /// Writes, for ever; calls `recover` once with each session that the store has.
    pub async fn run(&self, recover: impl Fn(SavedSession) + Sync) {
        let (mut rest, mut progress) = (REST.0, Progress::default());
        loop {
            let turned = self.turn(&recover, &mut progress).await;
            self.report();
            match turned {
                Ok(()) => {
                    self.told_up(&mut progress);
                    rest = REST.0;
                    let _ = timeout(TURN, self.wake.notified()).await;
                }
                Err(error) => {
                    self.told_down(&mut progress, &error);
                    tokio::time::sleep(rest).await;
                    rest = (rest * 2).min(REST.1);
                }
            }
        }
    }

    fn told_up(&self, progress: &mut Progress) {
        progress.told = false;
        if !self.up.swap(true, Ordering::Relaxed) {
            let database = self.store.place();
            tracing::info!(database, "{} connection successful", self.store.name());
        }
    }

    fn told_down(&self, progress: &mut Progress, error: &StoreError) {
        self.metrics.persistence.errors.inc();
        self.up.store(false, Ordering::Relaxed);
        if !std::mem::replace(&mut progress.told, true) {
            let (database, name) = (self.store.place(), self.store.name());
            tracing::error!(database, error_type = "system_error", "{name} connection failed: {error}");
        }
    }

    async fn turn(
        &self,
        recover: &(impl Fn(SavedSession) + Sync),
        progress: &mut Progress,
    ) -> Result<(), StoreError> {
        if !progress.opened {
            let sessions = within(self.store.open()).await?;
            progress.opened = true;
            tracing::info!(sessions = sessions.len(), "Session persistence is ready");
            sessions.into_iter().for_each(recover);
        }
        if progress.tidied.is_none_or(|last| last.elapsed() >= TURN) {
            within(self.store.tidy()).await?;
            progress.tidied = Some(Instant::now());
        }
        while let Some(batch) = self.take() {
            let written = within(self.store.write(&batch)).await;
            if written.is_err() {
                lock(&self.pending).put_back(batch);
            }
            self.under_way.store(0, Ordering::Release);
            written?;
        }
        Ok(())
    }

    fn take(&self) -> Option<Batch> {
        let mut pending = lock(&self.pending);
        let batch = pending.take();
        self.under_way.store(batch.as_ref().map_or(0, Batch::len), Ordering::Release);
        batch
    }

    fn waiting(&self) -> usize {
        lock(&self.pending).len() + self.under_way.load(Ordering::Acquire)
    }

    fn report(&self) {
        let figures = &self.metrics.persistence;
        figures.up.set(i64::from(self.is_up()));
        figures.pending.set(i64::try_from(self.waiting()).unwrap_or(i64::MAX));
    }

    /// Waits until all is written, for `longest` at most, and tells what was not.
    pub async fn flush(&self, longest: Duration) {
        let written = async {
            while self.waiting() > 0 {
                self.wake.notify_one();
                tokio::time::sleep(LOOK).await;
            }
        };
        if timeout(longest, written).await.is_err() {
            tracing::warn!(
                lost = self.waiting(),
                "Session persistence ends with entries that were not written"
            );
        }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(STEP, step).await.unwrap_or(Err(StoreError::Late(STEP)))
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
