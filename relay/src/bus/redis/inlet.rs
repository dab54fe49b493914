//! What arrives from Redis, on its way to the inbox.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::hearing::Hearing;
use super::history::Histories;
use super::knock::Introduction;
use super::order::{Arrival, Orders};
use super::partition::{Partition, Partitions};
use crate::bus::conversation;
use crate::bus::counters::Tally;
use crate::bus::wire::{self, Frame, Origin};
use crate::bus::{Inbox, Message};

/// Least time between two log lines about garbage: anyone who may publish can send it.
const GARBAGE_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Passes on messages of other processes, each once and in order. Never fails, never blocks.
pub(super) struct Inlet {
    inbox: Arc<dyn Inbox>,
    origin: Origin,
    /// Whether this node is the one that reads what workers leave.
    reads: Arc<AtomicBool>,
    histories: Arc<Histories>,
    tally: Arc<Tally>,
    /// Where it comes from.
    pub(super) hearing: Hearing,
    /// Also held while the inbox takes a message: the last messages of a connection that is being
    /// dropped and the first of the next must not overtake each other.
    orders: Mutex<Orders>,
    garbage_logged: Mutex<Option<Instant>>,
}

impl Inlet {
    pub(super) fn new(
        inbox: Arc<dyn Inbox>,
        origin: Origin,
        reads: Arc<AtomicBool>,
        histories: Arc<Histories>,
        tally: Arc<Tally>,
    ) -> Self {
        let (hearing, orders, garbage_logged) = (Hearing::default(), Mutex::default(), Mutex::default());
        Self { inbox, origin, reads, histories, tally, hearing, orders, garbage_logged }
    }

    /// The random number of this process.
    pub(super) fn incarnation(&self) -> u64 {
        self.origin.incarnation
    }

    /// Takes the bytes that were published to one of our partitions.
    pub(super) fn take(&self, frame: Bytes) {
        let envelope = match wire::decode(frame) {
            Ok(envelope) => envelope,
            Err(garbage) => return self.refuse(&garbage),
        };
        if let Some(position) = envelope.message.position {
            return self.histories.take(position, envelope);
        }
        if envelope.origin.incarnation == self.origin.incarnation {
            // This node delivered it before it gave it to the bus.
            return;
        }
        let partition = Partition::of(envelope.message.channel.as_str());
        // An inbox that panicked must not stop the messages after it.
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        match orders.note(envelope.origin.incarnation, partition, envelope.order) {
            Arrival::Copy => self.tally.duplicates.add(1),
            Arrival::New { missed } => {
                self.tally.missed.add(missed);
                self.tally.received.add(1);
                self.inbox.receive(envelope.message);
            }
        }
    }

    /// Takes what another process says of what it sent: what of that was not heard by now never comes in
    /// `settled`, of which nothing is on its way any more.
    pub(super) fn meet(&self, who: &Introduction, settled: Partitions) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let said = who.orders.iter().filter(|(partition, _)| settled.contains(*partition));
        let missed = said.map(|(partition, order)| orders.meet(who.incarnation, *partition, *order));
        self.tally.missed.add(missed.sum());
    }

    /// Takes what a worker outside published (requirement 003-22). Every relay gets it from Redis:
    /// where a history is kept, the one that reads what workers leave publishes it there.
    pub(super) fn take_event(&self, text: &[u8]) {
        match conversation::parse(text) {
            Some(message) if self.histories.log(&message.channel).is_some() => {
                if self.reads.load(Ordering::Relaxed) {
                    self.keep(message);
                }
            }
            Some(message) => {
                self.tally.received.add(1);
                self.inbox.receive(message);
            }
            None => self.refuse(&"a worker's event without conversation_id and event"),
        }
    }

    fn keep(&self, message: Message) {
        let Ok(frame) = Frame::encode(&self.origin, &message) else { return self.tally.too_large.add(1) };
        if self.histories.publish(&Arc::new(message), frame, None).is_err() {
            self.tally.outbox_full.add(1);
        }
    }

    /// Counts something that is no message, and logs it now and then.
    pub(super) fn refuse(&self, why: &dyn Display) {
        self.tally.garbage.add(1);
        let mut logged = self.garbage_logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= GARBAGE_LOG_INTERVAL) {
            *logged = Some(Instant::now());
            tracing::warn!(%why, "something on a channel of relays is no message");
        }
    }
}

#[cfg(test)]
#[path = "inlet_tests.rs"]
mod tests;
