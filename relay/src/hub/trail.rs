//! In which order messages of different histories went to one connection.
//!
//! A client that comes back tells one position: that of the newest message that it got. What went to
//! its connection before that message reached it, what went after it did not. So whoever knows the
//! order of sending knows where the client stands in its other histories, too.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Connection;
use super::catchup::At;
use crate::bus::{Class, Log, Position};

/// Runs that are remembered; what was forgotten is taken for not sent, and sent again.
const MAX_RUNS: usize = 32;

/// Where a client stands in the histories that it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing(Vec<(Class, Position)>);

impl Standing {
    /// Its position in the history of `class`.
    pub fn get(&self, class: Class) -> Option<Position> {
        self.0.iter().find(|(known, _)| *known == class).map(|(_, position)| *position)
    }

    /// Sets its position in the history of `class`.
    pub fn set(&mut self, class: Class, position: Position) {
        match self.0.iter_mut().find(|(known, _)| *known == class) {
            Some((_, known)) => *known = position,
            None => self.0.push((class, position)),
        }
    }
}

/// Messages of one epoch of one history that were sent one after another, with none of another between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    class: Class,
    first: Position,
    last: Position,
}

impl Run {
    fn goes_on_with(&self, class: Class, position: Position) -> bool {
        self.class == class && self.last.epoch == position.epoch && self.last.seq <= position.seq
    }
}

/// The order of sending, of one history of each class at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    start: Standing,
    runs: VecDeque<Run>,
}

impl Trail {
    /// The trail of a client that stands at `start`.
    pub fn new(start: Standing) -> Self {
        Self { start, runs: VecDeque::new() }
    }

    /// Notes that a message was sent. Tells whether a run began with it.
    pub fn note(&mut self, class: Class, position: Position) -> bool {
        match self.runs.back_mut() {
            Some(run) if run.goes_on_with(class, position) => {
                run.last = position;
                false
            }
            _ => {
                self.begin(Run { class, first: position, last: position });
                true
            }
        }
    }

    fn begin(&mut self, run: Run) {
        if self.runs.len() >= MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(run);
    }

    /// Where a client stands whose newest message is the one of `class` at `position`. It never stands
    /// further back than told, whatever of the trail is missing at its old or its new end.
    ///
    /// A position from before the trail, or of an epoch that it does not know, is one that the client
    /// has from an earlier connection: it got nothing by this one.
    pub fn standing(&self, newest: Option<(Class, Position)>) -> Standing {
        let Some((class, position)) = newest else { return self.start.clone() };
        let start = self.start.get(class);
        let own = |run: &Run| {
            run.class == class && run.first.epoch == position.epoch && run.first.seq <= position.seq
        };
        let before = match self.runs.iter().rposition(own) {
            Some(at) if self.ends_before(at, class, position) => self.runs.len(),
            Some(at) => at,
            None if start.is_some_and(|start| start.epoch != position.epoch || start.seq >= position.seq) => {
                return self.start.clone();
            }
            None if self.runs.iter().any(|run| run.class == class) => 0,
            None => self.runs.len(),
        };
        let mut standing = self.start.clone();
        self.runs.iter().take(before).for_each(|run| standing.set(run.class, run.last));
        standing.set(class, position);
        standing
    }

    /// Whether `position` is newer than all of its class in the trail, whose last run of it is at `at`:
    /// then everything in the trail was sent before.
    fn ends_before(&self, at: usize, class: Class, position: Position) -> bool {
        let is_last = !self.runs.iter().skip(at + 1).any(|run| run.class == class);
        is_last && self.runs.get(at).is_some_and(|run| run.last.seq < position.seq)
    }
}

/// A trail that is kept of one connection, in these histories.
#[derive(Debug)]
pub(super) struct Trace {
    logs: Vec<Log>,
    trail: Trail,
    /// Whether more than the end of a run has changed since it was looked at.
    turned: bool,
}

impl Trace {
    pub(super) fn note(&mut self, at: &At) {
        if self.logs.contains(&at.log) {
            self.turned |= self.trail.note(at.log.class(), at.position);
        }
    }
}

impl Connection {
    /// Keeps a trail of what goes out in `logs` from now on, for a client that stands at `start`. A
    /// connection may have several, as long as no two begin with the same history.
    pub fn trace(&self, logs: Vec<Log>, start: Standing) {
        self.untrace(logs.first());
        self.locked().traces.push(Trace { logs, trail: Trail::new(start), turned: false });
    }

    /// Ends the trail that begins with the history `first`.
    pub fn untrace(&self, first: Option<&Log>) {
        self.locked().traces.retain(|trace| trace.logs.first() != first);
    }

    /// The trail that begins with the history `first`, and whether it is worth to be written down: more
    /// than the end of a run has changed since this was asked last.
    pub fn trail(&self, first: &Log) -> Option<(Trail, bool)> {
        let mut outbox = self.locked();
        let trace = outbox.traces.iter_mut().find(|trace| trace.logs.first() == Some(first))?;
        Some((trace.trail.clone(), std::mem::take(&mut trace.turned)))
    }

    /// Whether the trail that begins with the history `first` is worth to be written down.
    pub fn has_turned(&self, first: &Log) -> bool {
        let outbox = self.locked();
        outbox.traces.iter().any(|trace| trace.turned && trace.logs.first() == Some(first))
    }
}

#[cfg(test)]
#[path = "trail_tests.rs"]
mod tests;
