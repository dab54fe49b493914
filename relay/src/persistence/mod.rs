//! Sessions of players that survive a restart, and who is connected, for people to look up
//! (requirements 004-26 and 004-27, conflict X-17).
//!
//! Nothing here keeps a connection waiting: writes wait in a bounded [table](pending) for one
//! [worker](worker), which tries again while the store is away. What finds the table full is
//! dropped and counted. What a relay serves by is its memory; a store only gives back what a
//! former process knew.

mod config;
mod pending;
mod redis;
mod sql;
mod statements;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub use config::{DatabaseUrl, DatabaseUrlError, Storage};
pub use worker::Persistence;

use self::pending::Batch;

/// The session of a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSession {
    /// Whose it is.
    pub player: Box<str>,
    /// Its id.
    pub session: Box<str>,
    /// When the player entered it.
    pub created: Timestamp,
}

/// A live connection of a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedConnection {
    /// Unique in the cluster.
    pub id: Box<str>,
    /// Whose it is.
    pub player: Box<str>,
    /// The session that it was opened with.
    pub session: Option<Box<str>>,
    /// `websocket` or `sse`.
    pub kind: &'static str,
    /// When it began.
    pub created: Timestamp,
}

/// Why a store did not do what it was asked for. Never holds a credential.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    /// The folder of the file cannot be made.
    #[error("the folder of {path}: {source}")]
    Folder { path: String, source: std::io::Error },
    /// The database refused, or is away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Redis is away.
    #[error(transparent)]
    Bus(#[from] crate::bus::BusError),
    /// There was no answer.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
}

/// Where sessions are kept.
#[async_trait]
trait Store: Send + Sync {
    /// What it is called in a line of the log.
    fn name(&self) -> &'static str;

    /// Where it is, without credentials.
    fn place(&self) -> String;

    /// Makes it ready to be used, and answers the sessions that a relay begins with.
    async fn open(&self) -> Result<Vec<SavedSession>, StoreError>;

    /// The session of a player.
    async fn load(&self, player: &str) -> Result<Option<SavedSession>, StoreError>;

    /// Writes all of it, or nothing that a second try could not write again.
    async fn write(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Forgets what nobody needs any more; called every half a minute.
    async fn tidy(&self) -> Result<(), StoreError>;
}

impl Persistence {
    /// What `storage` names, for the relay called `node`. `None`: sessions are kept in memory only.
    pub fn new(
        storage: Storage,
        ttl: Duration,
        node: &str,
        bus: &Arc<dyn crate::bus::Bus>,
        metrics: &Arc<crate::metrics::Metrics>,
    ) -> Option<Arc<Self>> {
        let store: Box<dyn Store> = match storage {
            Storage::Memory => return None,
            Storage::Redis => Box::new(redis::RedisStore::new(bus.clone(), ttl)),
            Storage::Database(url) => Box::new(sql::SqlStore::new(&url, node, ttl)),
        };
        Some(Arc::new(Self::with_store(store, metrics.clone())))
    }
}
