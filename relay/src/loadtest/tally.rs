//! What was sent and what came, counted by all tasks of a test.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::latencies::Latencies;
use super::sequence::{Arrival, Sequence};
use crate::sync::lock;

/// What a message of a test carries.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Stamp {
    /// Its number among those to this client.
    pub(super) load_n: u64,
    /// When it was due, in microseconds after the beginning.
    pub(super) load_t: u64,
}

/// The counts. Their size depends on the number of clients alone.
#[derive(Debug)]
pub(super) struct Tally {
    begin: OnceLock<Instant>,
    sent: AtomicU64,
    refused: AtomicU64,
    arrived: AtomicU64,
    duplicated: AtomicU64,
    out_of_order: AtomicU64,
    disconnected: AtomicU64,
    latencies: Latencies,
    sequences: Vec<Mutex<Sequence>>,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Time since the beginning.
    pub elapsed: Duration,
    /// Messages that the relay took.
    pub sent: u64,
    /// Of these, those that came.
    pub arrived: u64,
    /// Median latency in microseconds.
    pub p50: u64,
    /// The latency that one in a hundred is above, in microseconds.
    pub p99: u64,
}

/// The counts of what went wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    pub(super) refused: u64,
    pub(super) duplicated: u64,
    pub(super) out_of_order: u64,
    pub(super) disconnected: u64,
}

impl Tally {
    pub(super) fn new(clients: usize) -> Self {
        Self {
            begin: OnceLock::new(),
            sent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            arrived: AtomicU64::new(0),
            duplicated: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
            disconnected: AtomicU64::new(0),
            latencies: Latencies::new(),
            sequences: (0..clients).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn begin(&self, begin: Instant) {
        let _ = self.begin.set(begin);
    }

    pub(super) fn took(&self, messages: u64) {
        self.sent.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, messages: u64) {
        self.refused.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn disconnected(&self) {
        self.disconnected.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a message that came to a client.
    pub(super) fn came(&self, client: usize, stamp: Stamp) {
        let (Some(begin), Some(sequence)) = (self.begin.get(), self.sequences.get(client)) else { return };
        let arrival = lock(sequence).take(stamp.load_n);
        if arrival == Arrival::Duplicate {
            self.duplicated.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if arrival == Arrival::OutOfOrder {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        let now = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latencies.record(now.saturating_sub(stamp.load_t));
        self.arrived.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    pub(super) fn quantile(&self, share: f64) -> u64 {
        self.latencies.quantile(share)
    }

    pub(super) fn faults(&self) -> Faults {
        Faults {
            refused: self.refused.load(Ordering::Relaxed),
            duplicated: self.duplicated.load(Ordering::Relaxed),
            out_of_order: self.out_of_order.load(Ordering::Relaxed),
            disconnected: self.disconnected.load(Ordering::Relaxed),
        }
    }

    /// The counts now.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let (p50, p99) = (self.quantile(0.5), self.quantile(0.99));
        Progress { elapsed, sent: self.sent(), arrived: self.arrived(), p50, p99 }
    }
}
