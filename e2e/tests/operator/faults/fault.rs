//! What can go wrong with one request, and at which.

/// What goes wrong; with a number, once, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// At this write.
    Write(usize, How),
    /// At this read, lists among them.
    Read(usize, How),
    /// At this event of a watch.
    Watch(usize, Break),
    /// From this write on, reads and watches tell of the time before it, for a while.
    Past(usize),
    /// At every request, for ever: the API server answers with this status.
    Refused(u16),
    /// At every write, for ever.
    WritesRefused(u16),
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The process is killed before the request leaves.
    KilledBefore,
    /// The process is killed after the API server has written.
    KilledAfter,
    /// The API server has written; the reply is lost.
    ReplyLost,
    /// The connection is cut before the request arrives.
    Cut,
    /// The API server answers with this status.
    Status(u16),
}

/// What goes wrong with a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection is cut, and the event with it.
    Cut,
    /// The API server says that it remembers no more: 410 Gone.
    Gone,
    /// The event is never seen.
    Missed,
}

/// All that can go wrong with a write.
const WRITES: [How; 8] = [
    How::KilledBefore,
    How::KilledAfter,
    How::ReplyLost,
    How::Cut,
    How::Status(409),
    How::Status(429),
    How::Status(500),
    How::Status(503),
];

/// What can go wrong with a read.
const READS: [How; 5] = [How::KilledBefore, How::Cut, How::Status(429), How::Status(500), How::Status(503)];

/// What can go wrong with a watch.
const WATCHES: [Break; 3] = [Break::Cut, Break::Gone, Break::Missed];

/// How many requests of each kind a run has in which nothing goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Writes, events among them.
    pub(crate) writes: usize,
    /// Reads that are no watches.
    pub(crate) reads: usize,
    /// Events of all watches.
    pub(crate) events: usize,
}

/// Every fault that such a run can meet: each write in each way, each event in each way, the past
/// from each write on, and each read in one way, the ways taking turns.
pub(crate) fn all(counts: Counts) -> Vec<Fault> {
    let writes = (1..=counts.writes).flat_map(|at| WRITES.map(|how| Fault::Write(at, how)));
    let reads = (1..=counts.reads).zip(READS.into_iter().cycle()).map(|(at, how)| Fault::Read(at, how));
    let events = (1..=counts.events).flat_map(|at| WATCHES.map(|how| Fault::Watch(at, how)));
    let past = (1..=counts.writes).map(Fault::Past);
    writes.chain(reads).chain(events).chain(past).collect()
}
