//! Where a history is read: at the primary that has its slot, or at the one that the slot is on its way to.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult};

use super::ground::Ground;
use super::keys::Keys;
use super::reading::{META_GRACE, millis};
use crate::bus::Epoch;
use crate::bus::redis::fault::Fault;

/// A server with a history.
pub(super) struct Source<'a> {
    ground: &'a Ground,
    connection: MultiplexedConnection,
    /// Whether the slot is not its own yet, so that each command follows an `ASKING`.
    asking: bool,
}

impl<'a> Source<'a> {
    /// The primary that has the slot.
    pub(super) fn here(ground: &'a Ground) -> Self {
        Self { ground, connection: ground.connection(), asking: false }
    }

    /// The one that it is on its way to, by `connection`. It may never have had a slot: the scripts are
    /// loaded first.
    pub(super) async fn there(ground: &'a Ground, connection: MultiplexedConnection) -> Result<Self, Fault> {
        let there = Self { ground, connection, asking: true };
        there.reload().await?;
        Ok(there)
    }

    /// Loads the scripts again: this primary forgot them.
    pub(super) async fn reload(&self) -> Result<(), Fault> {
        Ground::load(&mut self.connection.clone()).await
    }

    /// The call that looks at a history. One that is on its way forks when it has arrived, and not
    /// before: those who ask meanwhile are as good as nobody.
    pub(super) fn open(&self, keys: &Keys) -> Cmd {
        let generation = if self.asking { "" } else { self.ground.generation() };
        let mut call = self.ground.open();
        call.arg(&keys.meta).arg(&keys.stream).arg(generation);
        call.arg(Epoch::random().to_string()).arg(millis(keys.kept.ttl + META_GRACE));
        call
    }

    /// Sends commands in one round trip.
    pub(super) async fn ask<T: FromRedisValue>(&self, commands: &[Cmd]) -> RedisResult<T> {
        let mut pipeline = Pipeline::with_capacity(2 * commands.len());
        for command in commands {
            if self.asking {
                pipeline.cmd("ASKING").ignore();
            }
            pipeline.add_command(command.clone());
        }
        pipeline.query_async(&mut self.connection.clone()).await
    }
}
