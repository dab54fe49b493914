//! One Redis primary, as those who need it see it: what it owns, and the connection to it.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};

use super::partition::Partitions;

/// What a [link](super::link) and those who use it share.
pub(super) struct Shard {
    owned: watch::Sender<Partitions>,
    /// The connection for commands, while there is one.
    commands: watch::Sender<Option<MultiplexedConnection>>,
    /// Told when messages wait that the link may send.
    pub(super) filled: Arc<Notify>,
}

impl Shard {
    /// A primary that owns `partitions` and is not connected yet.
    pub(super) fn new(partitions: Partitions) -> Self {
        Self {
            owned: watch::Sender::new(partitions),
            commands: watch::Sender::new(None),
            filled: Arc::default(),
        }
    }

    /// The partitions that it owns now.
    pub(super) fn owned(&self) -> Partitions {
        *self.owned.borrow()
    }

    /// Tells when it owns others.
    pub(super) fn changes(&self) -> watch::Receiver<Partitions> {
        self.owned.subscribe()
    }

    /// Sets the connection to use from now on.
    pub(super) fn connect(&self, commands: Option<MultiplexedConnection>) {
        self.commands.send_replace(commands);
    }

    /// The connection for a call of its own.
    pub(super) fn commands(&self) -> Option<MultiplexedConnection> {
        self.commands.borrow().clone()
    }
}
