//! The bounded buffer between the sockets and the workers (requirement 001-11, conflict X-20).
//! Pure: it knows no tasks.

use std::collections::VecDeque;

use super::Event;
use crate::hub::Overflow;

/// Bytes that all waiting events may have: a buffer of large events is full before its count is.
const MAX_BYTES: usize = 64 << 20;
/// Bytes that one batch has at most, unless its only event has more: what a bus carries.
const BATCH_BYTES: usize = 1 << 20;

/// Events that wait.
#[derive(Debug)]
pub(super) struct Buffer {
    queue: VecDeque<Event>,
    bytes: usize,
    capacity: usize,
    overflow: Overflow,
    taken: u64,
    pub(super) figures: Figures,
}

/// What the buffer has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Events that came in.
    pub(super) added: u64,
    /// Events that were dropped, old or new.
    pub(super) dropped: u64,
    /// Most events that ever waited.
    pub(super) high_water_mark: usize,
}

/// Events taken together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) events: Vec<Event>,
    /// Position of the batch among all, from 0: they are published in this order.
    pub(super) ticket: u64,
}

impl Buffer {
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        let (queue, figures) = (VecDeque::new(), Figures::default());
        Self { queue, bytes: 0, capacity, overflow, taken: 0, figures }
    }

    /// Takes an event in, or what the policy says. Tells how many events were dropped for it.
    pub(super) fn add(&mut self, event: Event) -> u64 {
        let mut dropped = 0;
        if self.overflow == Overflow::LatestOnly && self.is_full(event.json.len()) {
            dropped += self.queue.len() as u64;
            self.queue.clear();
            self.bytes = 0;
        }
        while self.overflow == Overflow::DropOldest && self.is_full(event.json.len()) {
            let Some(oldest) = self.queue.pop_front() else { break };
            self.bytes -= oldest.json.len();
            dropped += 1;
        }
        if self.is_full(event.json.len()) {
            dropped += 1;
        } else {
            self.bytes += event.json.len();
            self.queue.push_back(event);
            self.figures.added += 1;
        }
        self.figures.dropped += dropped;
        self.figures.high_water_mark = self.figures.high_water_mark.max(self.queue.len());
        dropped
    }

    fn is_full(&self, room: usize) -> bool {
        self.queue.len() >= self.capacity || self.bytes + room > MAX_BYTES
    }

    /// The oldest events, at most `count`; `None` if there are none.
    pub(super) fn take(&mut self, count: usize) -> Option<Batch> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(event) = self.queue.front() {
            bytes += event.json.len();
            if events.len() >= count || (bytes > BATCH_BYTES && !events.is_empty()) {
                break;
            }
            self.bytes -= event.json.len();
            events.extend(self.queue.pop_front());
        }
        if events.is_empty() {
            return None;
        }
        self.taken += 1;
        Some(Batch { events, ticket: self.taken - 1 })
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How full it is, from 0 to 1.
    pub(super) fn utilization(&self) -> f64 {
        self.queue.len() as f64 / self.capacity as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, size: usize) -> Event {
        Event { id: id.into(), kind: "t".into(), json: vec![b'x'; size].into() }
    }

    fn filled(overflow: Overflow) -> Buffer {
        let mut buffer = Buffer::new(2, overflow);
        for id in ["a", "b", "c"] {
            buffer.add(event(id, 1));
        }
        buffer
    }

    fn ids(buffer: &mut Buffer) -> Vec<String> {
        buffer
            .take(10)
            .map(|batch| batch.events.into_iter().map(|event| event.id.into()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn r001_11_a_full_buffer_drops_the_oldest_and_counts() {
        let mut buffer = filled(Overflow::DropOldest);
        assert_eq!(buffer.figures, Figures { added: 3, dropped: 1, high_water_mark: 2 });
        assert_eq!(ids(&mut buffer), ["b", "c"]);
    }

    #[test]
    fn x20_a_full_buffer_may_drop_the_newest() {
        let mut buffer = filled(Overflow::DropNewest);
        assert_eq!((buffer.figures.dropped, ids(&mut buffer)), (1, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn x20_a_full_buffer_may_keep_the_latest_only() {
        let mut buffer = filled(Overflow::LatestOnly);
        assert_eq!((buffer.figures.dropped, ids(&mut buffer)), (2, vec!["c".to_owned()]));
    }

    #[test]
    fn a_buffer_of_large_events_is_full_before_its_count_is() {
        let mut buffer = Buffer::new(1000, Overflow::DropOldest);
        for id in ["a", "b", "c"] {
            buffer.add(event(id, MAX_BYTES / 2));
        }
        assert_eq!((buffer.len(), buffer.figures.dropped), (2, 1));
    }

    #[test]
    fn an_event_over_all_bounds_is_dropped() {
        let mut buffer = Buffer::new(1000, Overflow::DropOldest);
        assert_eq!((buffer.add(event("a", MAX_BYTES + 1)), buffer.len()), (1, 0));
    }

    #[test]
    fn r001_13_a_batch_has_at_most_so_many_events() {
        let mut buffer = filled(Overflow::DropOldest);
        assert_eq!(buffer.take(1).map(|batch| (batch.events.len(), batch.ticket)), Some((1, 0)));
        assert_eq!(buffer.take(1).map(|batch| batch.ticket), Some(1));
    }

    #[test]
    fn a_batch_has_no_more_bytes_than_a_bus_carries() {
        let mut buffer = Buffer::new(1000, Overflow::DropOldest);
        for id in ["a", "b"] {
            buffer.add(event(id, BATCH_BYTES - 1));
        }
        assert_eq!(buffer.take(10).map(|batch| batch.events.len()), Some(1));
    }
}
