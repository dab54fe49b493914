//! Messages that wait to be sent, or for Redis to confirm that it has them.
//!
//! First in, first out, and bounded: [`MAX_ITEMS`] messages and [`MAX_BYTES`] bytes. A message
//! leaves only when it was confirmed, so that a reply lost on the way makes it go out twice rather
//! than never. Each gets its order in its partition on the way in.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::partition::{Partition, PerPartition};
use crate::bus::wire::Frame;

/// Messages that may wait: an outage of a minute at a thousand a second.
const MAX_ITEMS: usize = 65_536;
/// Bytes that may wait: an eighth of the memory of a small pod.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Messages that go out together.
const BATCH_ITEMS: usize = 512;
/// Bytes that go out together, unless one message alone has more. A claim may wait behind a batch.
const BATCH_BYTES: usize = 256 * 1024;

/// A message as it goes out.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) partition: Partition,
    pub(super) frame: Bytes,
}

/// Nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The queue itself. One task sends from it; any task adds to it.
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

struct Queue {
    items: VecDeque<Outgoing>,
    bytes: usize,
    orders: PerPartition<u64>,
    max_items: usize,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self::with_limit(MAX_ITEMS)
    }

    fn with_limit(max_items: usize) -> Self {
        let queue = Queue { items: VecDeque::new(), bytes: 0, orders: PerPartition::new(|_| 0), max_items };
        Self { queue: Mutex::new(queue), filled: Notify::new() }
    }

    /// Adds a message at the end.
    pub(super) fn push(&self, partition: Partition, frame: Frame) -> Result<(), Full> {
        {
            let mut queue = self.queue();
            let bytes = queue.bytes + frame.len();
            if queue.items.len() >= queue.max_items || bytes > MAX_BYTES {
                return Err(Full);
            }
            queue.bytes = bytes;
            let order = queue.orders.get_mut(partition);
            *order += 1;
            let frame = frame.stamp(*order);
            queue.items.push_back(Outgoing { partition, frame });
        }
        self.filled.notify_one();
        Ok(())
    }

    /// The messages to send next, once there are any. They stay until they are confirmed.
    pub(super) async fn batch(&self) -> Vec<Outgoing> {
        loop {
            let batch = self.peek();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }

    /// Like [`batch`](Self::batch), without waiting.
    pub(super) fn peek(&self) -> Vec<Outgoing> {
        let mut bytes = 0;
        let fits = |item: &&Outgoing| {
            let first = bytes == 0;
            bytes += item.frame.len();
            first || bytes <= BATCH_BYTES
        };
        self.queue().items.iter().take(BATCH_ITEMS).take_while(fits).cloned().collect()
    }

    /// Forgets the first `count` messages: Redis has them.
    pub(super) fn confirm(&self, count: usize) {
        let mut queue = self.queue();
        let count = count.min(queue.items.len());
        let bytes: usize = queue.items.drain(..count).map(|item| item.frame.len()).sum();
        queue.bytes -= bytes;
    }

    /// Messages and bytes that wait.
    pub(super) fn fill(&self) -> (u64, u64) {
        let queue = self.queue();
        (queue.items.len() as u64, queue.bytes as u64)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing under this lock can panic, so a poisoned lock guards a sound queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
