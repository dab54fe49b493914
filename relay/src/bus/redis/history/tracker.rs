//! What this node has seen of the histories that its connections follow. Pure: it knows no Redis.
//!
//! Frames of a history come numbered. What came before is dropped; where numbers are missing, the
//! frames behind the hole wait (bounded) until what was kept is read, so that connections get
//! everything once and in order. Nothing is taken for lost before it was asked for.

use std::collections::{HashMap, VecDeque};

use crate::bus::{Epoch, Log, Position};

/// Frames of one history that may wait for what is missing before them.
const MAX_HELD: usize = 8192;
/// Bytes that frames of all histories may have while they wait.
const MAX_HELD_BYTES: usize = 16 << 20;

/// What is known of the histories that are followed; bounded by those.
pub(super) struct Tracker<T> {
    tracks: HashMap<Log, Track<T>>,
    held_bytes: usize,
}

struct Track<T> {
    /// Up to where everything was seen.
    at: Option<Position>,
    /// The subscription that it was seen by has ended.
    shaken: bool,
    /// Nothing was seen yet: `at` is where it began, and what is before it may still come.
    fresh: bool,
    /// What waits, while it is asked for what is missing.
    held: Option<VecDeque<Held<T>>>,
}

struct Held<T> {
    position: Position,
    bytes: usize,
    item: T,
    /// Whether it waited when the question was asked.
    asked: bool,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) struct Outcome<T> {
    /// These go to the connections, in this order. One of a life that is over has no position.
    pub(super) deliver: Vec<(Option<Position>, T)>,
    /// What is kept after this is to be read, for [`Tracker::refilled`] or [`Tracker::unfilled`].
    pub(super) refill: Option<Position>,
    /// Where messages are missing between those to deliver, in order.
    pub(super) holes: Vec<Hole>,
    /// Frames that were seen before.
    pub(super) copies: u64,
    /// Messages that never came and are no longer kept.
    pub(super) missed: u64,
    /// Whether the history began another life.
    pub(super) turned: bool,
}

/// Messages that never came, and are not kept any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// How many of the messages to deliver come before it.
    pub(super) before: usize,
    /// Where the connections stand after it.
    pub(super) at: Position,
}

/// What was read of a history.
#[derive(Clone, Debug)]
pub(super) struct Refill<T> {
    /// Its life now.
    pub(super) epoch: Epoch,
    /// The number after which there is nothing that was seen.
    pub(super) after: u64,
    /// Something after what was seen is lost, or nothing is known of it.
    pub(super) broken: bool,
    /// The number of its last message.
    pub(super) top: u64,
    /// What is kept of those between, in order.
    pub(super) entries: Vec<(u64, T)>,
}

impl<T> Default for Tracker<T> {
    fn default() -> Self {
        Self { tracks: HashMap::new(), held_bytes: 0 }
    }
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { deliver: Vec::new(), refill: None, holes: Vec::new(), copies: 0, missed: 0, turned: false }
    }
}

impl<T> Outcome<T> {
    /// Notes that something is missing before what is delivered next, which comes after `at`.
    fn note_hole(&mut self, at: Position) {
        let before = self.deliver.len();
        match self.holes.last_mut() {
            Some(last) if last.before == before => last.at = at,
            _ => self.holes.push(Hole { before, at }),
        }
    }
}

impl<T: PartialEq> Refill<T> {
    /// Whether a message of another life went on into this one.
    fn has(&self, Position { epoch, seq }: Position, item: &T) -> bool {
        let entry = || self.entries.binary_search_by_key(&seq, |(seq, _)| *seq).ok();
        epoch != self.epoch
            && entry().is_some_and(|entry| self.entries.get(entry).is_some_and(|(_, known)| known == item))
    }
}

impl<T: PartialEq> Tracker<T> {
    /// Begins to track a history, or ends it; what waited is for nobody then.
    pub(super) fn follow(&mut self, log: &Log, here: bool) {
        if here {
            let fresh = Track { at: None, shaken: false, fresh: true, held: None };
            self.tracks.entry(log.clone()).or_insert(fresh);
        } else if let Some(track) = self.tracks.remove(log) {
            let waited: usize = track.held.iter().flatten().map(|held| held.bytes).sum();
            self.held_bytes = self.held_bytes.saturating_sub(waited);
        }
    }

    /// Takes a frame. Those of histories that nobody follows pass.
    pub(super) fn arrive(&mut self, log: &Log, position: Position, item: T, bytes: usize) -> Outcome<T> {
        let mut outcome = Outcome::default();
        let Some(track) = self.tracks.get_mut(log) else {
            outcome.deliver.push((Some(position), item));
            return outcome;
        };
        let frame = Held { position, bytes, item, asked: false };
        if let Some(held) = &mut track.held {
            self.held_bytes += bytes;
            held.push_back(frame);
            if held.len() > MAX_HELD || self.held_bytes > MAX_HELD_BYTES {
                return self.unfilled(log);
            }
        } else if let Some(frame) = track.take(frame, &mut outcome) {
            self.held_bytes += frame.bytes;
            track.ask([frame].into(), &mut outcome);
        }
        outcome
    }

    /// The subscriptions of some histories have ended: what came by them until then is not known.
    pub(super) fn shake(&mut self, ended: impl Fn(&Log) -> bool) {
        let tracks = self.tracks.iter_mut().filter(|(log, _)| ended(log));
        tracks.for_each(|(_, track)| track.shaken = true);
    }

    /// Where a history stood when its first follower here looked: what comes after must come here.
    pub(super) fn begin(&mut self, log: &Log, top: Position) {
        if let Some(track) = self.tracks.get_mut(log)
            && track.fresh
            && track.held.is_none()
        {
            track.at.get_or_insert(top);
        }
    }

    /// Takes what Redis says of the end of a history after subscriptions were made anew: if that was
    /// not seen, it never will be unless it is read.
    pub(super) fn sweep(&mut self, log: &Log, top: Position) -> Outcome<T> {
        let mut outcome = Outcome::default();
        if let Some(track) = self.tracks.get_mut(log)
            && track.held.is_none()
        {
            let at = *track.at.get_or_insert(top);
            if at.epoch != top.epoch || at.seq < top.seq {
                track.ask(VecDeque::new(), &mut outcome);
            } else {
                track.shaken = false;
            }
        }
        outcome
    }

    /// Takes what was asked for.
    pub(super) fn refilled(&mut self, log: &Log, mut refill: Refill<T>) -> Outcome<T> {
        let mut outcome = Outcome::default();
        let Some(track) = self.tracks.get_mut(log) else { return outcome };
        let Some(mut held) = track.held.take() else { return outcome };
        let waited: usize = held.iter().map(|frame| frame.bytes).sum();
        self.held_bytes = self.held_bytes.saturating_sub(waited);
        // A life whose first message came by the subscription that the one before came by: all is there.
        let first = Position { epoch: refill.epoch, seq: 1 };
        refill.broken &= track.shaken || held.front().is_none_or(|frame| frame.position != first);
        let before = held.len();
        held.retain(|frame| !track.has(frame.position) && !refill.has(frame.position, &frame.item));
        outcome.copies += (before - held.len()) as u64;
        outcome.turned = track.at.is_some_and(|at| at.epoch != refill.epoch);
        track.fill(refill, &mut outcome);
        let mut held = held.into_iter();
        while let Some(frame) = held.next() {
            if let Some(frame) = track.take(frame, &mut outcome) {
                let rest: VecDeque<_> = std::iter::once(frame).chain(held).collect();
                self.held_bytes += rest.iter().map(|frame| frame.bytes).sum::<usize>();
                track.ask(rest, &mut outcome);
                break;
            }
        }
        outcome
    }

    /// Nobody could be asked: what waited goes on without what is missing.
    pub(super) fn unfilled(&mut self, log: &Log) -> Outcome<T> {
        let mut outcome = Outcome::default();
        let Some(track) = self.tracks.get_mut(log) else { return outcome };
        for frame in track.held.take().into_iter().flatten() {
            self.held_bytes = self.held_bytes.saturating_sub(frame.bytes);
            track.force(frame, &mut outcome);
        }
        outcome
    }

    /// The histories, with up to where each was seen.
    pub(super) fn seen(&self) -> Vec<(Log, Option<Position>)> {
        self.tracks.iter().map(|(log, track)| (log.clone(), track.at)).collect()
    }
}

impl<T> Track<T> {
    /// Whether a frame of the life that was seen last was seen.
    fn has(&self, Position { epoch, seq }: Position) -> bool {
        self.at.is_some_and(|at| at.epoch == epoch && seq <= at.seq && !self.fresh)
    }

    /// Delivers a frame that is next, drops a copy, and gives back one that has to wait.
    fn take(&mut self, frame: Held<T>, outcome: &mut Outcome<T>) -> Option<Held<T>> {
        let Position { epoch, seq } = frame.position;
        match self.at {
            _ if self.has(frame.position) => outcome.copies += 1,
            Some(at) if at.epoch == epoch && seq > at.seq.saturating_add(1) => return Some(frame),
            // It was read since that its life is over: no other number is to be waited for.
            Some(at) if at.epoch != epoch && frame.asked => outcome.deliver.push((None, frame.item)),
            Some(at) if at.epoch != epoch => return Some(frame),
            _ => self.pass(frame, outcome),
        }
        None
    }

    /// Delivers a frame whatever is missing before it.
    fn force(&mut self, frame: Held<T>, outcome: &mut Outcome<T>) {
        let Position { epoch, seq } = frame.position;
        match self.at {
            _ if self.has(frame.position) => outcome.copies += 1,
            at => {
                let before = at.filter(|at| at.epoch == epoch).map_or(seq, |at| at.seq.saturating_add(1));
                let turned = at.is_some_and(|at| at.epoch != epoch);
                if turned || seq > before {
                    outcome.note_hole(Position { epoch, seq: seq.saturating_sub(1) });
                }
                outcome.missed += seq.saturating_sub(before);
                outcome.turned |= turned;
                self.pass(frame, outcome);
            }
        }
    }

    fn pass(&mut self, frame: Held<T>, outcome: &mut Outcome<T>) {
        self.at = Some(frame.position);
        self.fresh = false;
        outcome.deliver.push((Some(frame.position), frame.item));
    }

    fn fill(&mut self, refill: Refill<T>, outcome: &mut Outcome<T>) {
        let Refill { epoch, after, broken, top, entries } = refill;
        let mut last = after;
        if broken {
            outcome.note_hole(Position { epoch, seq: after });
        }
        for (seq, item) in entries {
            if seq > last.saturating_add(1) {
                outcome.note_hole(Position { epoch, seq: seq.saturating_sub(1) });
            }
            outcome.missed += seq.saturating_sub(last.saturating_add(1));
            last = last.max(seq);
            outcome.deliver.push((Some(Position { epoch, seq }), item));
        }
        if top > last {
            outcome.note_hole(Position { epoch, seq: top });
        }
        outcome.missed += top.saturating_sub(last);
        self.at = Some(Position { epoch, seq: last.max(top) });
        (self.fresh, self.shaken) = (false, false);
    }

    /// Lets `held` wait for what is missing since what was seen.
    fn ask(&mut self, mut held: VecDeque<Held<T>>, outcome: &mut Outcome<T>) {
        held.iter_mut().for_each(|frame| frame.asked = true);
        self.held = Some(held);
        outcome.refill = self.at;
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
