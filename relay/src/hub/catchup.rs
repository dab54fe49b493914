//! A connection that catches up: what it missed goes first, and what comes meanwhile waits. Pure: it
//! knows no socket.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::{Budget, DropReason, Limits, Wire};
use crate::bus::{Log, Message, Position};

/// Where a message stands, and in which history.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) log: Arc<Log>,
    pub(super) position: Position,
}

impl At {
    fn of(message: &Message) -> Option<Self> {
        let log = Log::of(&message.channel).map(Arc::new)?;
        message.position.map(|position| Self { log, position })
    }

    /// Whether who has everything up to here has `other`, too. Of another epoch nobody knows.
    fn covers(&self, other: &Self) -> bool {
        let (own, position) = (self.position, other.position);
        own.epoch == position.epoch && position.seq <= own.seq && self.log == other.log
    }
}

/// What became of a message that is delivered as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may go out.
    Pass,
    /// The connection has it.
    Known,
    /// It waits behind what was missed.
    Held,
    /// There is no room for it to wait.
    Full(DropReason),
}

/// What one connection missed, and what it has. Takes a few words while nothing is missed.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    hold: Option<Box<Hold>>,
    /// Of each history that was recovered: what the connection has.
    floors: Vec<At>,
}

#[derive(Debug, Default)]
struct Hold {
    /// Recoveries that are under way: until they end, nothing goes out.
    recoveries: u32,
    missed: VecDeque<Message>,
    live: VecDeque<(Option<At>, Bytes)>,
    live_bytes: usize,
}

/// What a recovery brought.
#[derive(Debug, Default)]
pub(super) struct CaughtUp {
    missed: Vec<Message>,
    floors: Vec<At>,
}

impl CaughtUp {
    /// Messages that were missed, and where that ends in each history. `None`: the node has no room
    /// for them.
    pub(super) fn with(missed: Vec<Message>, floors: Vec<At>, budget: &Budget) -> Option<Self> {
        budget.take(missed.iter().map(size).sum()).then_some(Self { missed, floors })
    }

    fn give_back(self, budget: &Budget) {
        budget.give(self.missed.iter().map(size).sum());
    }
}

impl CatchUp {
    /// A recovery begins: what comes from now on waits.
    pub(super) fn hold(&mut self) {
        self.hold.get_or_insert_default().recoveries += 1;
    }

    /// A recovery ends: what was missed goes out, and then what waited and is not known by then.
    pub(super) fn release(&mut self, caught: CaughtUp, budget: &Budget) {
        let Some(hold) = &mut self.hold else { return caught.give_back(budget) };
        hold.recoveries = hold.recoveries.saturating_sub(1);
        let CaughtUp { missed, floors } = caught;
        // Those of an epoch before that of the floor are not below it.
        let replayed: HashSet<Position> = missed.iter().filter_map(|message| message.position).collect();
        let is_replayed =
            |at: &At| replayed.contains(&at.position) && floors.iter().any(|floor| floor.log == at.log);
        budget.give(hold.forget(is_replayed));
        hold.missed.extend(missed);
        self.floors.retain(|known| !floors.iter().any(|floor| floor.log == known.log));
        self.floors.extend(floors);
        self.settle();
    }

    /// Where `log` stood before the first of its messages that waits.
    pub(super) fn before_held(&self, log: &Log) -> Option<Position> {
        let held = self.hold.iter().flat_map(|hold| &hold.live).filter_map(|(at, _)| at.as_ref());
        let first = held.into_iter().find(|at| *at.log == *log)?.position;
        Some(Position { seq: first.seq.saturating_sub(1), ..first })
    }

    /// Decides about a message that is delivered as it comes; what is to wait is kept.
    pub(super) fn admit(
        &mut self,
        at: Option<&At>,
        frame: &Bytes,
        limits: &Limits,
        budget: &Budget,
    ) -> Admission {
        if at.is_some_and(|at| self.has(at)) {
            return Admission::Known;
        }
        let Some(hold) = &mut self.hold else { return Admission::Pass };
        let fits = hold.live.is_empty() || limits.allow(hold.live_bytes + frame.len(), hold.live.len() + 1);
        if !fits {
            return Admission::Full(DropReason::QueueFull);
        }
        if !budget.take(frame.len()) {
            return Admission::Full(DropReason::NodeBudget);
        }
        hold.live_bytes += frame.len();
        hold.live.push_back((at.cloned(), frame.clone()));
        Admission::Held
    }

    /// The next bytes that go out, if any may, and where they stand. Their room in the budget is given
    /// back.
    pub(super) fn next(&mut self, wire: &dyn Wire, budget: &Budget) -> Option<(Bytes, Option<At>)> {
        let hold = self.hold.as_mut().filter(|hold| hold.recoveries == 0)?;
        if let Some(message) = hold.missed.pop_front() {
            budget.give(size(&message));
            self.settle();
            return Some((wire.encode(&message).bytes, At::of(&message)));
        }
        let mut next = None;
        while let Some((at, frame)) = hold.live.pop_front() {
            hold.live_bytes -= frame.len();
            budget.give(frame.len());
            if !at.as_ref().is_some_and(|at| self.floors.iter().any(|floor| floor.covers(at))) {
                next = Some((frame, at));
                break;
            }
        }
        self.settle();
        next
    }

    /// Gives up all that waits, and tells how many messages that came as they were published.
    pub(super) fn abandon(&mut self, budget: &Budget) -> u64 {
        let Some(hold) = self.hold.take() else { return 0 };
        budget.give(hold.live_bytes + hold.missed.iter().map(size).sum::<usize>());
        hold.live.len() as u64
    }

    /// Whether the connection has what is at `at`, or was told of it.
    pub(super) fn has(&self, at: &At) -> bool {
        self.floors.iter().any(|floor| floor.covers(at))
    }

    /// Where nothing waits any more, messages go out as they come.
    fn settle(&mut self) {
        let done = |hold: &Hold| hold.recoveries == 0 && hold.missed.is_empty() && hold.live.is_empty();
        if self.hold.as_deref().is_some_and(done) {
            self.hold = None;
        }
    }
}

impl Hold {
    /// Drops what waits and is `known`; tells how many bytes.
    fn forget(&mut self, known: impl Fn(&At) -> bool) -> usize {
        let before = self.live_bytes;
        let live_bytes = &mut self.live_bytes;
        self.live.retain(|(at, frame)| {
            let keep = !at.as_ref().is_some_and(&known);
            *live_bytes -= if keep { 0 } else { frame.len() };
            keep
        });
        before - self.live_bytes
    }
}

/// Bytes that a message counts as until it is encoded.
fn size(message: &Message) -> usize {
    message.payload.len() + message.id.len() + message.channel.as_str().len()
}

#[cfg(test)]
#[path = "catchup_tests.rs"]
mod tests;
