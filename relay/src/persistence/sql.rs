//! Sessions in SQLite or PostgreSQL.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyPool, ConnectOptions, Connection, Row, Transaction};

use super::pending::Batch;
use super::statements as sql;
use super::{DatabaseUrl, SavedSession, Store, StoreError};
use crate::sync::lock;

/// Connections to the database: one writes, the others look players up.
const CONNECTIONS: u32 = 4;
/// Time for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// Time after which a node that was not seen is taken for gone: several turns of its worker.
const GONE: Duration = Duration::from_secs(120);

/// Sessions in a database.
pub(super) struct SqlStore {
    url: DatabaseUrl,
    node: String,
    ttl: Duration,
    pool: AnyPool,
    /// When the database was tidied last.
    tidied: Mutex<Option<Instant>>,
}

impl SqlStore {
    /// Connects when it is first used. Must be called inside of a Tokio runtime.
    pub(super) fn new(url: &DatabaseUrl, node: &str, ttl: Duration) -> Self {
        sqlx::any::install_default_drivers();
        let options = url.options.clone().disable_statement_logging();
        let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
        let pool = pool.connect_lazy_with(options);
        Self { url: url.clone(), node: node.to_owned(), ttl, pool, tidied: Mutex::default() }
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        let Some(folder) = self.url.file.as_deref().and_then(std::path::Path::parent) else { return Ok(()) };
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::Folder { path: self.url.to_string(), source })
    }

    /// A transaction. The pool tries to connect until its time is up, and then tells no reason.
    async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.pool.begin().await {
            Err(sqlx::Error::PoolTimedOut) => {
                self.url.options.connect().await?.close().await?;
                Err(sqlx::Error::PoolTimedOut.into())
            }
            begun => Ok(begun?),
        }
    }

    /// The time before which a session is forgotten.
    fn oldest(&self) -> String {
        let oldest = Timestamp::now().checked_sub(self.ttl).unwrap_or(Timestamp::UNIX_EPOCH);
        text(oldest)
    }
}

#[async_trait]
impl Store for SqlStore {
    fn name(&self) -> &'static str {
        "Database"
    }

    fn place(&self) -> String {
        self.url.to_string()
    }

    async fn open(&self) -> Result<Vec<SavedSession>, StoreError> {
        self.make_folder()?;
        self.begin().await?.rollback().await?;
        if self.url.file.is_some() {
            // Who looks into the file keeps no writer waiting, nor the other way round.
            sqlx::query("PRAGMA journal_mode = WAL").execute(&self.pool).await?;
        }
        for statement in sql::SCHEMA {
            sqlx::query(statement).execute(&self.pool).await?;
        }
        sqlx::query(sql::CLOSE_OWN).bind(&*self.node).execute(&self.pool).await?;
        let recover = sqlx::query(sql::RECOVER_SESSIONS).bind(self.oldest());
        let rows = recover.fetch_all(&self.pool).await?;
        Ok(rows.iter().filter_map(|row| saved(row).ok()).collect())
    }

    async fn load(&self, player: &str) -> Result<Option<SavedSession>, StoreError> {
        let load = sqlx::query(sql::LOAD_SESSION).bind(player).bind(self.oldest());
        let row = load.fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(saved).transpose()?)
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let data = json!({ "node": self.node }).to_string();
        for session in &batch.sessions {
            let save = sqlx::query(sql::SAVE_SESSION).bind(&*session.player).bind(&*session.session);
            save.bind(&*data).bind(text(session.created)).execute(&mut *transaction).await?;
        }
        for row in &batch.opened {
            let open = sqlx::query(sql::OPEN_CONNECTION).bind(&*row.id).bind(&*row.player);
            let open = open.bind(row.session.as_deref()).bind(row.kind).bind(&*self.node);
            open.bind(text(row.created)).execute(&mut *transaction).await?;
        }
        for id in &batch.closed {
            sqlx::query(sql::CLOSE_CONNECTION).bind(&**id).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        let now = Timestamp::now().as_second();
        sqlx::query(sql::SEE_NODE).bind(&*self.node).bind(now).execute(&self.pool).await?;
        // After an outage of the database nobody was seen for long, which tells nothing.
        let steady = lock(&self.tidied).replace(Instant::now()).is_some_and(|last| last.elapsed() < GONE);
        if steady {
            let since = now.saturating_sub_unsigned(GONE.as_secs());
            sqlx::query(sql::FORGET_NODES).bind(since).execute(&self.pool).await?;
            sqlx::query(sql::CLOSE_ORPHANS).execute(&self.pool).await?;
            sqlx::query(sql::FORGET_SESSIONS).bind(self.oldest()).execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// A time as a text that sorts.
fn text(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn saved(row: &AnyRow) -> Result<SavedSession, sqlx::Error> {
    let created: String = row.try_get(2)?;
    let created = created.parse().map_err(|error: jiff::Error| sqlx::Error::Decode(error.into()))?;
    let (player, session) = (row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?);
    Ok(SavedSession { player: player.into(), session: session.into(), created })
}
