//! The bounded queue of one connection, and the phases of its end. Pure: it knows no socket.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::catchup::{At, CatchUp};
use super::trail::Trace;
use super::{Budget, CloseCode, Limits, Overflow, Wire};

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The socket has all of it.
    Written,
    /// It waits in the queue.
    Queued,
    /// It was dropped.
    Dropped(DropReason),
}

impl Sent {
    /// Whether it is on its way.
    pub fn is_delivered(self) -> bool {
        !matches!(self, Self::Dropped(_))
    }
}

/// Why a frame was dropped; the label of the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// The connection's own queue was full.
    QueueFull,
    /// The queues of this node, all together, were full.
    NodeBudget,
    /// The connection was ending.
    Closing,
    /// The connection ended before its queue was written.
    Disconnected,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::QueueFull, Self::NodeBudget, Self::Closing, Self::Disconnected];

    /// The label in metrics and status.
    pub fn label(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::NodeBudget => "node_budget",
            Self::Closing => "closing",
            Self::Disconnected => "disconnected",
        }
    }
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Messages are taken.
    Open,
    /// The goodbye is queued; the peer may answer it.
    Closing,
    /// Once the queue is written, our half of the socket is shut.
    Ending,
    /// It is over, whatever waits.
    Over,
}

/// The bounded queue of one connection.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// Which frame is larger than the limit of them all.
    large: Option<u32>,
    /// Whether a part of the first frame is on the wire, so that the rest must follow.
    begun: bool,
    /// Whether each message that is dropped ends the connection, whatever the policy: what follows
    /// would hide the gap from a client that can go on from what it has.
    pub(super) lossless: bool,
    /// What goes out before anything that is published.
    pub(super) catch_up: CatchUp,
    /// In which order messages of histories went out, where that is asked for.
    pub(super) traces: Vec<Trace>,
    pub(super) phase: Phase,
    /// The code of the goodbye, of either side; the first one counts.
    pub(super) code: Option<CloseCode>,
    /// Tick in which the goodbye was queued.
    pub(super) closing_since: u32,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            large: None,
            begun: false,
            lossless: false,
            catch_up: CatchUp::default(),
            traces: Vec::new(),
            phase: Phase::Open,
            code: None,
            closing_since: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues `frame`, or makes room for it, or drops it. `begun` says that bytes before it are
    /// on the wire already, so that it may be neither dropped nor delayed. The number is of frames
    /// that were dropped, this one included.
    pub(super) fn push(&mut self, frame: Bytes, begun: bool, limits: &Limits, budget: &Budget) -> Pushed {
        if begun {
            budget.force(frame.len());
            self.begun = true;
            self.enqueue(frame, limits);
            return Pushed { sent: Sent::Queued, dropped: 0, disconnect: false };
        }
        let dropped = self.make_room(frame.len(), limits, budget);
        if !self.fits(frame.len(), limits) {
            let disconnect = self.overflow(limits) == Overflow::Disconnect;
            return Pushed { sent: Sent::Dropped(DropReason::QueueFull), dropped: dropped + 1, disconnect };
        }
        if !budget.take(frame.len()) {
            let disconnect = self.lossless;
            return Pushed { sent: Sent::Dropped(DropReason::NodeBudget), dropped, disconnect };
        }
        self.enqueue(frame, limits);
        Pushed { sent: Sent::Queued, dropped, disconnect: false }
    }

    fn overflow(&self, limits: &Limits) -> Overflow {
        if self.lossless { Overflow::Disconnect } else { limits.overflow() }
    }

    /// Whether a frame of that size may wait, too. One that is larger than the limit by itself is no
    /// sign of a slow reader: one such may wait beside what is within the limit (requirement 002-05).
    fn fits(&self, size: usize, limits: &Limits) -> bool {
        let large = self.large.and_then(|at| self.queue.get(at as usize)).map_or(0, Bytes::len);
        let (others, items) = (self.bytes - large, self.queue.len() + 1);
        if limits.allow(size, 1) {
            return limits.allow(others + size, items);
        }
        self.large.is_none() && limits.allow(others, items)
    }

    /// The frame at `at` has left the queue.
    fn left(&mut self, at: u32) {
        self.large = match self.large {
            Some(large) if large == at => None,
            large => large.map(|large| large - u32::from(large > at)),
        };
    }

    /// Drops waiting frames as the policy says; tells how many.
    fn make_room(&mut self, room: usize, limits: &Limits, budget: &Budget) -> u64 {
        let keep_one = match self.overflow(limits) {
            Overflow::DropNewest | Overflow::Disconnect => return 0,
            Overflow::DropOldest => false,
            Overflow::LatestOnly => true,
        };
        let first = usize::from(self.begun);
        let mut dropped = 0;
        while self.queue.len() > first && (keep_one || !self.fits(room, limits)) {
            let Some(frame) = self.queue.remove(first) else { break };
            self.left(u32::from(self.begun));
            self.bytes -= frame.len();
            budget.give(frame.len());
            dropped += 1;
        }
        dropped
    }

    /// Queues a greeting or a goodbye whatever the limits.
    pub(super) fn push_always(&mut self, frame: Bytes, budget: &Budget) {
        if !frame.is_empty() {
            budget.force(frame.len());
            self.bytes += frame.len();
            self.queue.push_back(frame);
        }
    }

    /// Queues what the connection is to catch up with, as far as there is room.
    pub(super) fn catch_up(&mut self, wire: &dyn Wire, limits: &Limits, budget: &Budget) {
        while self.phase == Phase::Open
            && (self.is_empty()
                || self.len() < limits.batch() && limits.allow(self.bytes + 1, self.len() + 1))
        {
            let Some((frame, at)) = self.catch_up.next(wire, budget) else { return };
            self.note(at.as_ref());
            budget.force(frame.len());
            self.enqueue(frame, limits);
        }
    }

    /// Notes that the message of this position goes out.
    pub(super) fn note(&mut self, at: Option<&At>) {
        if let Some(at) = at {
            self.traces.iter_mut().for_each(|trace| trace.note(at));
        }
    }

    fn enqueue(&mut self, frame: Bytes, limits: &Limits) {
        if self.large.is_none() && !limits.allow(frame.len(), 1) {
            self.large = u32::try_from(self.queue.len()).ok();
        }
        self.bytes += frame.len();
        self.queue.push_back(frame);
    }

    /// The next buffers for one system call.
    pub(super) fn batch(&self, limits: &Limits) -> Vec<IoSlice<'_>> {
        self.queue.iter().take(limits.batch()).map(|frame| IoSlice::new(frame)).collect()
    }

    /// Takes all that waits.
    pub(super) fn take(&mut self, budget: &Budget) -> Vec<Bytes> {
        budget.give(self.bytes);
        self.bytes = 0;
        self.begun = false;
        self.large = None;
        std::mem::take(&mut self.queue).into()
    }

    /// Forgets the first `count` bytes, which are written.
    pub(super) fn advance(&mut self, mut count: usize, budget: &Budget) {
        budget.give(count);
        self.bytes -= count;
        while let Some(first) = self.queue.front_mut() {
            if count < first.len() {
                first.advance(count);
                self.begun |= count > 0;
                return;
            }
            count -= first.len();
            self.begun = false;
            self.queue.pop_front();
            self.left(0);
        }
        self.queue.shrink_to(0);
    }
}

/// Outcome of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    pub(super) sent: Sent,
    /// Frames that the connection's limits dropped.
    pub(super) dropped: u64,
    /// Whether the policy ends the connection.
    pub(super) disconnect: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(overflow: Overflow, frames: &[&'static str]) -> (Outbox, Limits, Budget) {
        let (mut outbox, limits, budget) = (Outbox::new(), Limits::new(100, 2, overflow), Budget::new(100));
        for frame in frames {
            outbox.push(Bytes::from_static(frame.as_bytes()), false, &limits, &budget);
        }
        (outbox, limits, budget)
    }

    fn content(outbox: &Outbox) -> Vec<String> {
        outbox.queue.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
    }

    #[test]
    fn r004_20_one_system_call_writes_as_many_frames_as_are_set() {
        let (outbox, limits, _) = filled(Overflow::DropOldest, &["a", "b"]);
        limits.set_batch(1);
        assert_eq!(outbox.batch(&limits).len(), 1);
    }

    #[test]
    fn drop_oldest_keeps_the_newest_frames() {
        let (outbox, ..) = filled(Overflow::DropOldest, &["a", "b", "c"]);
        assert_eq!(content(&outbox), ["b", "c"]);
    }

    #[test]
    fn drop_newest_keeps_the_oldest_frames() {
        let (outbox, ..) = filled(Overflow::DropNewest, &["a", "b", "c"]);
        assert_eq!(content(&outbox), ["a", "b"]);
    }

    #[test]
    fn latest_only_keeps_one_frame() {
        let (outbox, ..) = filled(Overflow::LatestOnly, &["a", "b", "c"]);
        assert_eq!(content(&outbox), ["c"]);
    }

    #[test]
    fn disconnect_asks_for_the_end_when_the_queue_is_full() {
        let (mut outbox, limits, budget) = filled(Overflow::Disconnect, &["a", "b"]);
        assert!(outbox.push(Bytes::from_static(b"c"), false, &limits, &budget).disconnect);
    }

    #[test]
    fn a_frame_that_is_partly_written_is_never_dropped() {
        let (mut outbox, limits, budget) = filled(Overflow::DropOldest, &["abc", "d"]);
        outbox.advance(1, &budget);
        outbox.push(Bytes::from_static(b"e"), false, &limits, &budget);
        assert_eq!(content(&outbox), ["bc", "e"]);
    }

    #[test]
    fn written_and_dropped_bytes_return_to_the_budget() {
        let (mut outbox, _, budget) = filled(Overflow::DropOldest, &["abc", "de", "f"]);
        outbox.advance(3, &budget);
        assert_eq!(budget.used(), 0);
    }

    const LARGE: &str = "larger than all of the limit";

    /// The outcome of the last of these, where 10 bytes are the limit.
    fn pushed(overflow: Overflow, frames: &[&'static str]) -> Pushed {
        let (mut outbox, limits, budget) = (Outbox::new(), Limits::new(10, 100, overflow), Budget::new(1000));
        let mut push =
            |frame: &str| outbox.push(Bytes::copy_from_slice(frame.as_bytes()), false, &limits, &budget);
        let (last, others) = frames.split_last().unwrap();
        for frame in others {
            push(frame);
        }
        push(last)
    }

    #[test]
    fn r002_05_x18_a_frame_that_no_queue_could_hold_waits_between_short_ones() {
        for overflow in [Overflow::Disconnect, Overflow::DropNewest, Overflow::DropOldest] {
            for frames in [&["short", LARGE][..], &[LARGE, "short"], &["short", LARGE, "more"]] {
                let pushed = pushed(overflow, frames);
                assert_eq!((pushed.sent, pushed.dropped), (Sent::Queued, 0), "{overflow:?} {frames:?}");
            }
        }
    }

    #[test]
    fn x18_a_second_frame_that_no_queue_could_hold_finds_it_full() {
        assert!(pushed(Overflow::Disconnect, &[LARGE, LARGE]).disconnect);
    }

    #[test]
    fn x18_what_waits_beside_a_large_frame_is_limited_as_without_it() {
        assert!(pushed(Overflow::Disconnect, &["short", LARGE, "too long"]).disconnect);
    }

    #[test]
    fn x18_dropping_the_oldest_makes_room_for_a_second_large_frame() {
        let pushed = pushed(Overflow::DropOldest, &["short", LARGE, LARGE]);
        assert_eq!((pushed.sent, pushed.dropped), (Sent::Queued, 2));
    }

    #[test]
    fn x18_once_a_large_frame_is_written_another_one_may_wait() {
        let (mut outbox, limits, budget) =
            (Outbox::new(), Limits::new(10, 9, Overflow::Disconnect), Budget::new(99));
        for _ in 0..3 {
            for frame in ["short", LARGE] {
                let pushed = outbox.push(Bytes::from_static(frame.as_bytes()), false, &limits, &budget);
                assert_eq!(pushed.sent, Sent::Queued);
            }
            outbox.advance("short".len() + LARGE.len(), &budget);
        }
    }

    #[test]
    fn x18_the_node_counts_a_large_frame_as_any_other() {
        let (mut outbox, limits) = (Outbox::new(), Limits::new(10, 2, Overflow::Disconnect));
        let pushed = outbox.push(Bytes::from_static(LARGE.as_bytes()), false, &limits, &Budget::new(20));
        assert_eq!(pushed.sent, Sent::Dropped(DropReason::NodeBudget));
    }

    #[test]
    fn a_full_node_drops_with_its_own_reason() {
        let (mut outbox, limits) = (Outbox::new(), Limits::new(100, 2, Overflow::Disconnect));
        let pushed = outbox.push(Bytes::from_static(b"abc"), false, &limits, &Budget::new(2));
        assert_eq!(pushed.sent, Sent::Dropped(DropReason::NodeBudget));
    }
}

#[cfg(test)]
#[path = "outbox_model.rs"]
mod model;
