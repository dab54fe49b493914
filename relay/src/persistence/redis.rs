//! Sessions in the Redis of the bus, each with an end of its own. Connections are not kept there:
//! presence is the bus's business.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pending::Batch;
use super::{SavedSession, Store, StoreError};
use crate::bus::Bus;

/// Sessions in Redis.
pub(super) struct RedisStore {
    bus: Arc<dyn Bus>,
    ttl: Duration,
}

/// The value of a key.
#[derive(Deserialize, Serialize)]
struct Value {
    session_id: Box<str>,
    /// As RFC 3339 has it.
    created_at: String,
}

impl RedisStore {
    pub(super) fn new(bus: Arc<dyn Bus>, ttl: Duration) -> Self {
        Self { bus, ttl }
    }
}

#[async_trait]
impl Store for RedisStore {
    fn name(&self) -> &'static str {
        "Session store"
    }

    fn place(&self) -> String {
        "redis".to_owned()
    }

    /// Nobody lists the keys of a Redis that others use, too: players are [looked up](Self::load) as
    /// they come.
    async fn open(&self) -> Result<Vec<SavedSession>, StoreError> {
        Ok(Vec::new())
    }

    async fn load(&self, player: &str) -> Result<Option<SavedSession>, StoreError> {
        let Some(text) = self.bus.session(player).await? else { return Ok(None) };
        Ok(parse(player, &text))
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        for session in &batch.sessions {
            let value =
                Value { session_id: session.session.clone(), created_at: session.created.to_string() };
            let text = serde_json::to_string(&value).unwrap_or_default();
            self.bus.keep_session(&session.player, &text, self.ttl).await?;
        }
        Ok(())
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What is no session of ours is none.
fn parse(player: &str, text: &str) -> Option<SavedSession> {
    let value: Value = serde_json::from_str(text).ok()?;
    let created: Timestamp = value.created_at.parse().ok()?;
    Some(SavedSession { player: player.into(), session: value.session_id, created })
}
