//! Live connections, and the way of a message to them.
//!
//! The hub knows sockets, queues, channels and counts. It knows no wire shape: a [`Wire`], given
//! with each connection, says what a message, a heartbeat and a goodbye look like in bytes.
//!
//! A connection is a socket and a small state. A delivery is tried on the socket by the one who
//! delivers; only when the socket is full do bytes wait in a bounded [queue](outbox), which the
//! connection's own task writes out. No lock is held across an await.

mod budget;
mod catchup;
mod clock;
mod connection;
mod counts;
mod delivery;
mod farewell;
mod follows;
mod gaps;
mod limits;
mod outbox;
mod publisher;
#[cfg(test)]
mod races;
mod registry;
mod resume;
mod slots;
mod socket;
mod sweep;
#[cfg(test)]
pub(crate) mod testing;
mod trail;
mod vitals;
mod wire;

pub use budget::Budget;
pub use clock::Clock;
pub use connection::{Connection, Turn};
pub use counts::{Counts, Kind};
pub use delivery::Delivered;
pub use farewell::{CloseCode, Farewell};
pub use limits::{ClassLimits, Limits, Overflow};
pub use outbox::{DropReason, Sent};
pub use publisher::{Publisher, Receipt};
pub use registry::{Hub, Membership, Opening};
pub use resume::{Found, Resumed, Wanted};
pub use slots::{Slot, Slots};
pub use socket::Socket;
pub use sweep::{Pace, Paces, sweep_forever};
pub use trail::{Standing, Trail};
pub use wire::{Frame, Missed, Pulse, Transport, Wire};

/// What every connection of a hub shares.
#[derive(Debug)]
pub struct Shared {
    /// Time since the hub began, in the unit that connections remember it in.
    pub clock: Clock,
    /// Bytes that may wait on this node.
    pub budget: Budget,
    /// Bytes of messages of clients that are not complete, on this node.
    pub inflow: Budget,
    /// Limits of one connection's queue.
    pub limits: ClassLimits,
    /// What was counted.
    pub counts: Counts,
}
