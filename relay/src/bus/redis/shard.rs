//! One Redis primary, as those who need it see it: what it owns, and the connection to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::gather::GATHER_DEADLINE;
use super::partition::{Partition, Partitions};
use crate::bus::config::Address;
use crate::sync::lock;

/// Longest that a connection is away which was only interrupted, as a rule.
pub(super) const MOMENT: Duration = Duration::from_secs(2);

/// What a [link](super::link) and those who use it share.
pub(super) struct Shard {
    owned: watch::Sender<Partitions>,
    /// The connection for commands, while there is one.
    primary: watch::Sender<Option<Primary>>,
    /// When there last was none any more, or not yet.
    away: Mutex<Instant>,
    /// Where it led to last.
    address: Mutex<Option<Address>>,
    /// Partitions whose messages may be sent: others listen again.
    open: watch::Sender<Partitions>,
    /// Told when messages wait that the link may send.
    pub(super) filled: Arc<Notify>,
}

/// A connection to the primary.
#[derive(Clone)]
pub(super) struct Primary {
    /// For commands; clones share it.
    pub(super) commands: MultiplexedConnection,
    /// Where it leads.
    pub(super) address: Address,
    /// What the data of the primary is called, if this account may ask: another primary, or one
    /// that was restarted, has another.
    pub(super) replid: Option<Arc<str>>,
    /// When it was made.
    pub(super) since: Instant,
}

impl Shard {
    /// A primary that owns `partitions` and is not connected yet.
    pub(super) fn new(partitions: Partitions) -> Self {
        Self {
            owned: watch::Sender::new(partitions),
            primary: watch::Sender::new(None),
            away: Mutex::new(Instant::now()),
            address: Mutex::default(),
            open: watch::Sender::default(),
            filled: Arc::default(),
        }
    }

    /// The partitions that it owns now.
    pub(super) fn owned(&self) -> Partitions {
        *self.owned.borrow()
    }

    /// Tells each time that somebody looked who owns what.
    pub(super) fn looked(&self) -> watch::Receiver<Partitions> {
        self.owned.subscribe()
    }

    /// Sets what it owns from now on; the same again is news, too.
    pub(super) fn own(&self, partitions: Partitions) {
        self.owned.send_replace(partitions);
        self.change(|open| open.and(partitions));
    }

    /// Tells when other partitions are [sendable](Self::sendable).
    pub(super) fn changes(&self) -> watch::Receiver<Partitions> {
        self.open.subscribe()
    }

    /// Sets the connection to use from now on. Nothing is sent before it is [opened](Self::open).
    pub(super) fn connect(&self, primary: Option<Primary>) {
        self.change(|_| Partitions::NONE);
        match &primary {
            Some(primary) => *lock(&self.address) = Some(primary.address.clone()),
            None if self.primary.borrow().is_some() => *lock(&self.away) = Instant::now(),
            None => {}
        }
        self.primary.send_replace(primary);
    }

    /// How much longer it is worth to wait for an answer about `partition` that is true for the whole
    /// cluster: for a connection that broke a [moment](MOMENT) ago, or, on a young one, for the other
    /// relays. Nothing, if they are there, or nobody knows when.
    pub(super) fn settles_within(&self, partition: Partition) -> Option<Duration> {
        match self.primary() {
            Some(_) if self.sendable().contains(partition) => None,
            Some(primary) => GATHER_DEADLINE.checked_sub(primary.since.elapsed()),
            None => MOMENT.checked_sub(lock(&self.away).elapsed()),
        }
    }

    /// The connection, for a call of its own.
    pub(super) fn primary(&self) -> Option<Primary> {
        self.primary.borrow().clone()
    }

    /// Where the connection leads to, or did when there last was one.
    pub(super) fn address(&self) -> Option<Address> {
        lock(&self.address).clone()
    }

    /// The partitions whose messages may be sent now: this link hears them, and so do others.
    pub(super) fn sendable(&self) -> Partitions {
        *self.open.borrow()
    }

    /// Lets the messages of `partitions` be sent, as far as it owns them.
    pub(super) fn open(&self, partitions: Partitions) {
        let owned = self.owned();
        self.change(|open| open.or(partitions).and(owned));
        self.filled.notify_one();
    }

    /// Keeps the messages of `partitions` back.
    pub(super) fn close(&self, partitions: Partitions) {
        self.change(|open| open.without(partitions));
    }

    fn change(&self, change: impl FnOnce(Partitions) -> Partitions) {
        self.open.send_if_modified(|open| {
            let now = change(*open);
            std::mem::replace(open, now) != now
        });
    }
}
