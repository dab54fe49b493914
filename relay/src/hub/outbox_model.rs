//! The queue of a connection against what it is meant to be: whole frames in their order, within the
//! limits, each counted once.

use proptest::prelude::*;

use super::*;

const BYTES: usize = 100;
const ITEMS: usize = 5;

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    /// A frame of so many bytes comes.
    Push(usize),
    /// The socket takes so many bytes, if they are there.
    Write(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![(1..60_usize).prop_map(Step::Push), (1..80_usize).prop_map(Step::Write)]
}

fn policy() -> impl Strategy<Value = Overflow> {
    let all = [Overflow::DropOldest, Overflow::DropNewest, Overflow::LatestOnly, Overflow::Disconnect];
    prop::sample::select(all.to_vec())
}

/// A queue, and all that is known of it from outside.
struct Model {
    outbox: Outbox,
    limits: Limits,
    budget: Budget,
    /// Lengths of the frames that came; each is filled with its position.
    came: Vec<usize>,
    dropped: u64,
    written: Vec<u8>,
}

impl Model {
    fn new(overflow: Overflow) -> Self {
        let (limits, budget) = (Limits::new(BYTES, ITEMS, overflow), Budget::new(BYTES as u64));
        Self { outbox: Outbox::new(), limits, budget, came: Vec::new(), dropped: 0, written: Vec::new() }
    }

    fn push(&mut self, length: usize) {
        let frame = Bytes::from(vec![self.came.len() as u8; length]);
        self.came.push(length);
        self.dropped += self.outbox.push(frame, false, &self.limits, &self.budget).dropped;
    }

    fn write(&mut self, count: usize) {
        let count = count.min(self.outbox.bytes());
        let waiting = self.outbox.queue.iter().flat_map(|frame| frame.to_vec());
        self.written.extend(waiting.take(count));
        self.outbox.advance(count, &self.budget);
    }

    /// The frames that left the queue whole, in the order in which they did.
    fn arrived(&self) -> Vec<u8> {
        self.written.chunk_by(|a, b| a == b).map(|frame| frame[0]).collect()
    }
}

proptest! {
    #[test]
    fn x18_x20_whatever_comes_and_goes_the_queue_keeps_its_promises(
        overflow in policy(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut model = Model::new(overflow);
        for step in steps {
            match step {
                Step::Push(length) => model.push(length),
                Step::Write(count) => model.write(count),
            }
            prop_assert!(model.outbox.bytes() <= BYTES && model.outbox.len() <= ITEMS);
            prop_assert_eq!(model.budget.used(), model.outbox.bytes() as u64);
        }
        model.write(BYTES);
        let arrived = model.arrived();
        prop_assert!(arrived.is_sorted(), "out of order: {arrived:?}");
        let whole: usize = arrived.iter().map(|frame| model.came[usize::from(*frame)]).sum();
        prop_assert_eq!(model.written.len(), whole, "a torn frame");
        prop_assert_eq!(arrived.len() as u64 + model.dropped, model.came.len() as u64);
    }
}
