//! The newest processed events of this node, for those who missed them (requirement 001-21).

use std::collections::VecDeque;

use bytes::Bytes;

use super::Event;

/// Events that are kept.
const KEPT: usize = 1000;
/// Bytes that they may have.
const MAX_BYTES: usize = 16 << 20;

/// The newest events.
#[derive(Debug, Default)]
pub(super) struct Store {
    events: VecDeque<Bytes>,
    bytes: usize,
    /// Position of the first event that is kept, from 0.
    first: u64,
}

impl Store {
    pub(super) fn add(&mut self, event: &Event) {
        self.bytes += event.json.len();
        self.events.push_back(event.json.clone());
        while self.events.len() > KEPT || self.bytes > MAX_BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.len();
            self.first += 1;
        }
    }

    /// Events from `position` on, at most `limit`, and the position to go on from.
    pub(super) fn after(&self, position: u64, limit: usize) -> (Vec<Bytes>, u64) {
        let begin = position.clamp(self.first, self.first + self.events.len() as u64);
        let skip = usize::try_from(begin - self.first).unwrap_or(usize::MAX);
        let events: Vec<_> = self.events.iter().skip(skip).take(limit).cloned().collect();
        let next = begin + events.len() as u64;
        (events, next)
    }

    /// Position of the oldest event that is kept.
    pub(super) fn first(&self) -> u64 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize, size: usize) -> Store {
        let mut store = Store::default();
        for _ in 0..count {
            store.add(&Event { id: "1".into(), kind: "t".into(), json: vec![b'x'; size].into() });
        }
        store
    }

    #[test]
    fn r001_21_events_can_be_read_page_by_page() {
        let store = filled(3, 1);
        let (page, next) = store.after(0, 2);
        assert_eq!((page.len(), store.after(next, 2).0.len()), (2, 1));
    }

    #[test]
    fn the_store_is_bounded_in_events_and_bytes() {
        assert_eq!(filled(KEPT + 5, 1).first(), 5);
        assert_eq!(filled(5, MAX_BYTES / 4).first(), 1);
    }

    #[test]
    fn a_position_beyond_the_end_gives_nothing() {
        assert_eq!(filled(3, 1).after(9, 10), (vec![], 3));
    }
}
