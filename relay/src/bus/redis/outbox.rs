//! Messages that wait to be sent, or for Redis to confirm that it has them.
//!
//! First in, first out in each partition, and bounded: [`MAX_ITEMS`] messages and [`MAX_BYTES`]
//! bytes. A message leaves only when it was confirmed, so that a reply lost on the way makes it go
//! out twice rather than never. Each gets its order in its partition on the way in. The messages
//! of a partition belong to no link: whichever owns the partition sends them, from the first that
//! was not confirmed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Notify;

use super::partition::{Partition, Partitions, PerPartition};
use crate::bus::wire::Frame;
use crate::sync::lock;

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
    /// Its number among this process's messages of the partition, from 1.
    pub(super) order: u64,
    pub(super) frame: Bytes,
}

/// Nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The queue itself. One task sends from each partition; any task adds to any.
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    /// Told when something was confirmed.
    confirmed: Notify,
}

struct Queue {
    lanes: PerPartition<Lane>,
    /// Partitions in which messages wait.
    waiting: Partitions,
    /// Partition that the next batch begins with: a busy one does not keep others out.
    turn: Partition,
    items: usize,
    bytes: usize,
    max_items: usize,
}

#[derive(Default)]
struct Lane {
    items: VecDeque<Outgoing>,
    order: u64,
    /// Who sends it is told here that something waits.
    filled: Arc<Notify>,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self::with_limit(MAX_ITEMS)
    }

    fn with_limit(max_items: usize) -> Self {
        let queue = Queue {
            lanes: PerPartition::new(|_| Lane::default()),
            waiting: Partitions::NONE,
            turn: Partition::of(""),
            items: 0,
            bytes: 0,
            max_items,
        };
        Self { queue: Mutex::new(queue), confirmed: Notify::new() }
    }

    /// Has `filled` told of the messages of `partitions` from now on, and of those that wait.
    pub(super) fn assign(&self, partitions: Partitions, filled: &Arc<Notify>) {
        let mut queue = lock(&self.queue);
        partitions.iter().for_each(|partition| queue.lanes.get_mut(partition).filled = Arc::clone(filled));
        filled.notify_one();
    }

    /// Adds a message at the end.
    pub(super) fn push(&self, partition: Partition, frame: Frame) -> Result<(), Full> {
        let filled = {
            let mut queue = lock(&self.queue);
            let bytes = queue.bytes + frame.len();
            if queue.items >= queue.max_items || bytes > MAX_BYTES {
                return Err(Full);
            }
            queue.bytes = bytes;
            queue.items += 1;
            queue.waiting.insert(partition);
            let lane = queue.lanes.get_mut(partition);
            lane.order += 1;
            let frame = frame.stamp(lane.order);
            lane.items.push_back(Outgoing { partition, order: lane.order, frame });
            Arc::clone(&lane.filled)
        };
        filled.notify_one();
        Ok(())
    }

    /// The messages of `open` to send next, if any. They stay until they are confirmed.
    pub(super) fn peek(&self, open: Partitions) -> Vec<Outgoing> {
        let mut queue = lock(&self.queue);
        let mut left = queue.waiting.and(open);
        let (mut batch, mut bytes): (Vec<Outgoing>, usize) = (Vec::new(), 0);
        while let Some(partition) = left.next(queue.turn) {
            left.remove(partition);
            queue.turn = partition.following();
            for item in &queue.lanes.get(partition).items {
                bytes += item.frame.len();
                if batch.len() >= BATCH_ITEMS || (bytes > BATCH_BYTES && !batch.is_empty()) {
                    return batch;
                }
                batch.push(item.clone());
            }
        }
        batch
    }

    /// Forgets what is in `sent`, and what came before in its partitions: Redis has it.
    pub(super) fn confirm(&self, sent: &[Outgoing]) {
        let mut queue = lock(&self.queue);
        for last in sent {
            let lane = queue.lanes.get_mut(last.partition);
            let count = lane.items.partition_point(|item| item.order <= last.order);
            let bytes: usize = lane.items.drain(..count).map(|item| item.frame.len()).sum();
            if lane.items.is_empty() {
                queue.waiting.remove(last.partition);
            }
            queue.items -= count;
            queue.bytes -= bytes;
        }
        drop(queue);
        self.confirmed.notify_waiters();
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
        let waits = |partition| {
            let first = queue.lanes.get(partition).items.front();
            first.is_some_and(|first| first.order <= *orders.get(partition))
        };
        !queue.waiting.iter().any(waits)
    }

    /// The order of the last message of each partition that Redis has confirmed, zero if there is none.
    pub(super) fn confirmed_orders(&self) -> PerPartition<u64> {
        let queue = lock(&self.queue);
        PerPartition::new(|partition| {
            let lane = queue.lanes.get(partition);
            lane.items.front().map_or(lane.order, |first| first.order.saturating_sub(1))
        })
    }

    /// The order of the first message that waits, of each partition.
    pub(super) fn next_orders(&self) -> PerPartition<Option<u64>> {
        let queue = lock(&self.queue);
        PerPartition::new(|partition| queue.lanes.get(partition).items.front().map(|first| first.order))
    }

    /// Messages and bytes that wait.
    pub(super) fn fill(&self) -> (u64, u64) {
        let queue = lock(&self.queue);
        (queue.items as u64, queue.bytes as u64)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
