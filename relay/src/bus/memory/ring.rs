//! The history of one log in memory: its newest messages, until none came for long.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::{Epoch, Message, Position, Recovered};

/// Bytes that anything kept counts beside its text.
const OVERHEAD: usize = 200;

/// The newest messages of one log, and its line of positions.
#[derive(Debug)]
pub(super) struct Ring {
    epoch: Epoch,
    /// Number of the newest message; 0 before the first.
    seq: u64,
    messages: VecDeque<(Instant, Arc<Message>)>,
    bytes: usize,
}

/// What a ring keeps at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Messages.
    pub(super) size: usize,
    /// Time after the newest message, at which all are forgotten.
    pub(super) age: Duration,
    /// Bytes, of all that is kept.
    pub(super) bytes: usize,
}

impl Ring {
    /// A history that begins, in an epoch of its own.
    pub(super) fn new() -> Self {
        Self { epoch: Epoch::random(), seq: 0, messages: VecDeque::new(), bytes: OVERHEAD }
    }

    /// Bytes that it counts.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn top(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    /// Gives a message its position and keeps it.
    pub(super) fn append(&mut self, message: &Message, now: Instant, bounds: Bounds) -> Arc<Message> {
        self.seq += 1;
        let message = Arc::new(Message { position: Some(self.top()), ..message.clone() });
        self.bytes += size(&message);
        self.messages.push_back((now, message.clone()));
        self.trim(now, bounds);
        message
    }

    /// What is kept after `since`.
    pub(super) fn after(&mut self, since: Option<Position>, now: Instant, bounds: Bounds) -> Recovered {
        self.trim(now, bounds);
        let top = Some(self.top());
        let Some(since) = since.filter(|since| since.epoch == self.epoch && since.seq <= self.seq) else {
            return Recovered { complete: false, top, messages: Vec::new() };
        };
        let missed = usize::try_from(self.seq - since.seq).unwrap_or(usize::MAX);
        let skip = self.messages.len().saturating_sub(missed);
        let messages = self.messages.iter().skip(skip).map(|(_, message)| Message::clone(message)).collect();
        Recovered { complete: missed <= self.messages.len(), top, messages }
    }

    fn trim(&mut self, now: Instant, bounds: Bounds) {
        let newest = self.messages.back().map(|(came, _)| *came);
        let is_past = newest.is_some_and(|came| now.saturating_duration_since(came) >= bounds.age);
        while (is_past || self.messages.len() > bounds.size || self.bytes > bounds.bytes)
            && let Some((_, message)) = self.messages.pop_front()
        {
            self.bytes -= size(&message);
        }
    }
}

fn size(message: &Message) -> usize {
    OVERHEAD + message.payload.len() + message.id.len() + message.channel.as_str().len() + message.kind.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Channel;

    const BOUNDS: Bounds = Bounds { size: 3, age: Duration::from_secs(60), bytes: 1 << 20 };

    fn fill(ring: &mut Ring, count: usize, now: Instant) {
        let message = Message::new(Channel::user("a"), "message", "{}");
        for _ in 0..count {
            ring.append(&message, now, BOUNDS);
        }
    }

    fn seqs(recovered: &Recovered) -> Vec<u64> {
        recovered.messages.iter().filter_map(|message| message.position).map(|at| at.seq).collect()
    }

    fn at(ring: &Ring, seq: u64) -> Option<Position> {
        Some(Position { epoch: ring.epoch, seq })
    }

    #[test]
    fn what_came_after_a_position_is_complete_while_it_is_kept() {
        let (mut ring, now) = (Ring::new(), Instant::now());
        fill(&mut ring, 5, now);
        let outcomes = [5, 3, 2, 1].map(|seq| {
            let recovered = ring.after(at(&ring, seq), now, BOUNDS);
            (recovered.complete, seqs(&recovered))
        });
        let expected = [(true, vec![]), (true, vec![4, 5]), (true, vec![3, 4, 5]), (false, vec![3, 4, 5])];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_position_of_another_life_or_ahead_is_not_recovered() {
        let (mut ring, now) = (Ring::new(), Instant::now());
        fill(&mut ring, 2, now);
        for since in [at(&ring, 3), at(&Ring::new(), 1), None] {
            let recovered = ring.after(since, now, BOUNDS);
            assert_eq!((recovered.complete, seqs(&recovered), recovered.top), (false, vec![], at(&ring, 2)));
        }
    }

    #[test]
    fn what_was_not_added_to_for_long_is_not_recovered() {
        let (mut ring, now) = (Ring::new(), Instant::now());
        fill(&mut ring, 1, now);
        assert!(!ring.after(at(&ring, 0), now + BOUNDS.age, BOUNDS).complete);
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let (mut ring, now) = (Ring::new(), Instant::now());
        let bounds = Bounds { bytes: 1000, ..BOUNDS };
        let message = Message::new(Channel::user("a"), "message", vec![b' '; 600]);
        for _ in 0..3 {
            ring.append(&message, now, bounds);
            assert!(ring.bytes() <= 1000);
        }
    }
}
