//! What a bus counts, for metrics: cheap to add to, read as one snapshot.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a bus has counted since the start, and how full it is now.
///
/// A bus that cannot have a figure (memory has no outbox) leaves it at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that the bus confirmed.
    pub published: u64,
    /// Messages of other nodes that the inbox was given.
    pub received: u64,
    /// Messages that came twice, after a reconnect, and were not given again.
    pub duplicates: u64,
    /// Messages of other nodes that never came, seen by gaps in their order.
    pub missed: u64,
    /// Things on our channels that are no message.
    pub garbage: u64,
    /// Publishes refused because the outbox was full.
    pub outbox_full: u64,
    /// Publishes refused because the message is larger than a bus carries.
    pub too_large: u64,
    /// Connections (or tries to connect) to the bus that ended with a fault.
    pub reconnects: u64,
    /// Messages that wait to be sent or confirmed.
    pub outbox_items: u64,
    /// Bytes of these messages.
    pub outbox_bytes: u64,
    /// Messages of histories that came neither by subscription nor by a refill.
    pub gaps: u64,
    /// Times that missing messages of a history were asked for.
    pub refills: u64,
    /// Times that a history began another life: a failover, or a Redis that forgot.
    pub epochs: u64,
    /// Claims that this node lost to another, or could not make, while the bus was away.
    pub leases_lost: u64,
    /// Places that were given without the word of the cluster: the bus was away.
    pub places_unasked: u64,
    /// Partitions whose messages do not go on for a while.
    pub stalled: u64,
    /// Time from publish to delivery of the last self-probe; zero before the first.
    pub probe_lag: Duration,
}

impl Counters {
    /// The messages that were dropped, by reason.
    pub fn drops(&self) -> [(&'static str, u64); 5] {
        [
            ("bus_outbox_full", self.outbox_full),
            ("bus_too_large", self.too_large),
            ("bus_garbage", self.garbage),
            ("bus_missed", self.missed),
            ("bus_gap", self.gaps),
        ]
    }
}

/// The counters behind a snapshot. Each is independent: no order between them is promised.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) published: Count,
    pub(super) received: Count,
    pub(super) duplicates: Count,
    pub(super) missed: Count,
    pub(super) garbage: Count,
    pub(super) outbox_full: Count,
    pub(super) too_large: Count,
    pub(super) reconnects: Count,
    pub(super) gaps: Count,
    pub(super) refills: Count,
    pub(super) epochs: Count,
    pub(super) leases_lost: Count,
    pub(super) places_unasked: Count,
    stalled: AtomicU64,
    probe_lag_us: AtomicU64,
}

impl Tally {
    /// Notes how long the last probe took.
    pub(super) fn probed(&self, lag: Duration) {
        self.probe_lag_us.store(u64::try_from(lag.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Notes how many partitions' messages do not go on now.
    pub(super) fn stalled(&self, partitions: u64) {
        self.stalled.store(partitions, Relaxed);
    }

    /// All counts, with the fill of the outbox as given.
    pub(super) fn snapshot(&self, outbox_items: u64, outbox_bytes: u64) -> Counters {
        Counters {
            published: self.published.get(),
            received: self.received.get(),
            duplicates: self.duplicates.get(),
            missed: self.missed.get(),
            garbage: self.garbage.get(),
            outbox_full: self.outbox_full.get(),
            too_large: self.too_large.get(),
            reconnects: self.reconnects.get(),
            outbox_items,
            outbox_bytes,
            gaps: self.gaps.get(),
            refills: self.refills.get(),
            epochs: self.epochs.get(),
            leases_lost: self.leases_lost.get(),
            places_unasked: self.places_unasked.get(),
            stalled: self.stalled.load(Relaxed),
            probe_lag: Duration::from_micros(self.probe_lag_us.load(Relaxed)),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    pub(super) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
