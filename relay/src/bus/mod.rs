//! What carries messages and claims between relays.
//!
//! A [`Bus`] is handed a [`Message`] that was already delivered on this node, and gives it to the
//! [`Inbox`] of every *other* node: local deliveries never wait for it, and go on while it is
//! away. It also keeps the [leases](Bus::claim) by which one node holds a name (such as a user
//! who may have one socket only) for the whole cluster.

use std::sync::Arc;

use async_trait::async_trait;
use relay_contract::admin;

pub mod memory;
mod message;
pub mod redis;

pub use message::{Channel, Message};

/// Carries messages and claims between relays.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Gives `message` to every other node, in the order of the calls per channel.
    ///
    /// `Ok` means that it was sent, or waits in the bounded outbox of a bus that is away and will
    /// be sent in order when it is back.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus is away and the outbox is full: nothing was kept.
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError>;

    /// Claims `lease` for this node until it is released, or until this node is gone for
    /// [`LEASE_TTL_SECONDS`]. Claiming what this node holds already is granted.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked; the caller decides by what it knows itself.
    async fn claim(&self, lease: &str) -> Result<Claim, BusError>;

    /// Gives `lease` back, if this node holds it. Best effort: a lost release ends with the TTL.
    async fn release(&self, lease: &str);

    /// Tells which node holds `lease`, if any.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError>;

    /// State of the bus, as told to probes and people.
    fn status(&self) -> admin::Bus;
}

/// Where a bus puts messages of other nodes.
pub trait Inbox: Send + Sync + 'static {
    /// Takes a message of another node. Must not block: it runs on the task that reads the bus.
    fn receive(&self, message: Message);
}

/// Seconds after which a claim of a dead node is free (requirement 000-02, conflict X-03).
pub const LEASE_TTL_SECONDS: u64 = 15;

/// Answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This node holds the lease now.
    Granted,
    /// The named node holds it.
    HeldBy(String),
}

/// Why a bus did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// It cannot be reached; the text says why, without secrets.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
}
