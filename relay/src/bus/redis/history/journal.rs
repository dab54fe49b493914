//! Messages that wait to be appended to their histories, or for Redis to confirm that they are.
//!
//! First in, first out in each partition, and bounded: [`MAX_ITEMS`] messages and [`MAX_BYTES`]
//! bytes. A message leaves only when it was confirmed. Several batches may be under way at a time;
//! after a fault all that was not confirmed goes out again, and the script knows what it has.
//!
//! What Redis confirmed and this node has not heard yet is kept for a while, too: if Redis is gone
//! before it is heard, it was published before what waits, and goes before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};

use super::keys::Keys;
use super::unheard::Unheard;
use crate::bus::Message;
use crate::bus::redis::outbox::Full;
use crate::bus::redis::partition::{Partition, Partitions, PerPartition};
use crate::bus::wire::Frame;
use crate::sync::lock;

/// Messages that may wait: an outage of a minute at a thousand a second.
const MAX_ITEMS: usize = 65_536;
/// Bytes that may wait: an eighth of the memory of a small pod.
const MAX_BYTES: usize = 32 << 20;
/// Messages that go out together.
const BATCH_ITEMS: usize = 256;
/// Bytes that go out together, unless one message alone has more.
const BATCH_BYTES: usize = 256 << 10;

/// A message to append.
#[derive(Debug)]
pub(super) struct Append {
    /// What is delivered here if Redis is away.
    pub(super) message: Arc<Message>,
    /// Where it goes.
    pub(super) keys: Keys,
    /// Key in Redis of the publisher's idempotency key, if there is one.
    pub(super) once: Option<String>,
}

/// A message as it goes out.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) append: Arc<Append>,
    pub(super) frame: Bytes,
    /// Its number among this process's appends of the partition, from 1.
    pub(super) order: u64,
    /// The highest order that was confirmed when it went out.
    pub(super) confirmed: u64,
}

/// The queue itself. One task sends from each partition; any task adds to any.
pub(super) struct Journal {
    queue: Mutex<Queue>,
    filled: watch::Sender<()>,
    /// Told when something was confirmed.
    confirmed: Notify,
}

struct Queue {
    lanes: PerPartition<Lane>,
    items: usize,
    bytes: usize,
    max_items: usize,
}

#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    /// The last order that was given.
    order: u64,
    /// How many of the items are under way.
    sent: usize,
    unheard: Unheard,
}

struct Item {
    append: Arc<Append>,
    frame: Bytes,
    /// Is told whether the key was used before.
    asker: Option<oneshot::Sender<bool>>,
}

impl Lane {
    fn confirmed(&self) -> u64 {
        self.order.saturating_sub(self.items.len() as u64)
    }
}

impl Journal {
    pub(super) fn new() -> Self {
        Self::with_limit(MAX_ITEMS)
    }

    fn with_limit(max_items: usize) -> Self {
        let queue = Queue { lanes: PerPartition::new(|_| Lane::default()), items: 0, bytes: 0, max_items };
        Self { queue: Mutex::new(queue), filled: watch::Sender::new(()), confirmed: Notify::new() }
    }

    /// Tells when something was added.
    pub(super) fn filled(&self) -> watch::Receiver<()> {
        self.filled.subscribe()
    }

    /// Adds a message at the end. Answers its order.
    pub(super) fn push(
        &self,
        append: Append,
        frame: Frame,
        asker: Option<oneshot::Sender<bool>>,
    ) -> Result<u64, Full> {
        let order = {
            let mut queue = lock(&self.queue);
            let bytes = queue.bytes + frame.len();
            if queue.items >= queue.max_items || bytes > MAX_BYTES {
                return Err(Full);
            }
            queue.bytes = bytes;
            queue.items += 1;
            let lane = queue.lanes.get_mut(append.keys.partition);
            lane.order += 1;
            let frame = frame.stamp(lane.order);
            lane.items.push_back(Item { append: Arc::new(append), frame, asker });
            lane.order
        };
        self.filled.send_replace(());
        Ok(order)
    }

    /// The messages to send next of these partitions; they are under way then.
    pub(super) fn next(&self, partitions: Partitions) -> Vec<Outgoing> {
        let mut queue = lock(&self.queue);
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for partition in partitions.iter() {
            let lane = queue.lanes.get_mut(partition);
            let confirmed = lane.confirmed();
            while let Some(item) = lane.items.get(lane.sent) {
                bytes += item.frame.len();
                if batch.len() >= BATCH_ITEMS || (bytes > BATCH_BYTES && !batch.is_empty()) {
                    return batch;
                }
                lane.sent += 1;
                let order = confirmed + lane.sent as u64;
                let (append, frame) = (Arc::clone(&item.append), item.frame.clone());
                batch.push(Outgoing { append, frame, order, confirmed });
            }
        }
        batch
    }

    /// Nothing of these partitions is under way any more: what was not confirmed goes out again.
    pub(super) fn rewind(&self, partitions: Partitions) {
        let mut queue = lock(&self.queue);
        partitions.iter().for_each(|partition| queue.lanes.get_mut(partition).sent = 0);
    }

    /// Forgets a message and those before it in its partition: Redis has them. Tells who asked
    /// whether its key was used before.
    pub(super) fn confirm(&self, sent: &Outgoing, is_duplicate: bool) {
        let mut queue = lock(&self.queue);
        let lane = queue.lanes.get_mut(sent.append.keys.partition);
        let before = lane.confirmed();
        let count = usize::try_from(sent.order.saturating_sub(before)).unwrap_or(usize::MAX);
        let count = count.min(lane.items.len());
        lane.sent = lane.sent.saturating_sub(count);
        let (mut bytes, mut asker) = (0, None);
        for order in (before + 1..).take(count) {
            let Some(item) = lane.items.pop_front() else { break };
            bytes += item.frame.len();
            asker = item.asker;
            // Nothing is told of what was there before.
            if !is_duplicate {
                lane.unheard.keep(order, item.append);
            }
        }
        queue.items -= count;
        queue.bytes -= bytes;
        drop(queue);
        self.confirmed.notify_waiters();
        if let Some(asker) = asker {
            // Whoever gave up waiting needs no answer.
            let _ = asker.send(is_duplicate);
        }
    }

    /// The last order of a partition that Redis is known to have.
    pub(super) fn confirmed(&self, partition: Partition) -> u64 {
        lock(&self.queue).lanes.get(partition).confirmed()
    }

    /// Notes that this node heard of an own message, and so of all before it.
    pub(super) fn heard(&self, partition: Partition, order: u64) {
        lock(&self.queue).lanes.get_mut(partition).unheard.hear(order);
    }

    /// The messages of a partition that this node has not heard of, with their orders: those that were
    /// confirmed, then those that wait.
    pub(super) fn unheard(&self, partition: Partition) -> Vec<(u64, Arc<Message>)> {
        let queue = lock(&self.queue);
        let lane = queue.lanes.get(partition);
        let waiting = (lane.confirmed() + 1..).zip(lane.items.iter().map(|item| &item.append));
        let message = |(order, append): (u64, &Arc<Append>)| (order, Arc::clone(&append.message));
        lane.unheard.iter().chain(waiting).map(message).collect()
    }

    /// Waits until all that is in it now was confirmed.
    pub(super) async fn settled(&self) {
        let orders = {
            let queue = lock(&self.queue);
            PerPartition::new(|partition| queue.lanes.get(partition).order)
        };
        loop {
            let confirmed = self.confirmed.notified();
            if self.is_past(&orders) {
                return;
            }
            confirmed.await;
        }
    }

    fn is_past(&self, orders: &PerPartition<u64>) -> bool {
        let queue = lock(&self.queue);
        Partitions::ALL
            .iter()
            .all(|partition| queue.lanes.get(partition).confirmed() >= *orders.get(partition))
    }

    /// The order of the first message that waits, of each partition.
    pub(super) fn next_orders(&self) -> PerPartition<Option<u64>> {
        let queue = lock(&self.queue);
        let lane = |partition| queue.lanes.get(partition);
        PerPartition::new(|partition| {
            (!lane(partition).items.is_empty()).then(|| lane(partition).confirmed() + 1)
        })
    }

    /// Messages and bytes that wait.
    pub(super) fn fill(&self) -> (u64, u64) {
        let queue = lock(&self.queue);
        (queue.items as u64, queue.bytes as u64)
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
