//! How a connection goes on where a former one was: it is held, recovers what it missed, and is
//! released.
//!
//! Held comes first: what is published from then on waits behind what the history knows of the time
//! before, so that nothing falls between the two. The queue of what waits is bounded as any other.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;

use super::catchup::{At, CaughtUp};
use super::outbox::Phase;
use super::{Connection, Hub, Membership, Opening};
use crate::bus::{Bus, Channel, Log, Position, Recovered};

/// A history, and where in it a client wants to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The history.
    pub log: Log,
    /// What the client has; none of one that is new, or tells something that is no position.
    pub since: Option<Position>,
}

/// How a recovery went, for the client to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Whether nothing is missing since the positions asked for. No, if none were.
    pub recovered: bool,
    /// Messages that follow, of the time before the connection.
    pub replayed: usize,
    /// Where the client stands in each history that it wanted, before the first message that follows.
    /// None: what follows is all that it can go on from.
    pub standing: Vec<Option<Position>>,
}

impl Hub {
    /// As [`open`](Self::open), but messages of channels wait until the connection has
    /// [resumed](Self::resume).
    pub fn open_held(self: &Arc<Self>, opening: Opening) -> Membership {
        self.take_in(opening, true)
    }

    /// The history of a channel, if it is kept, as one to go on in after `since`.
    pub fn wanted(&self, channel: &Channel, since: Option<Position>) -> Option<Wanted> {
        let keeps = self.bus().is_some_and(|bus| bus.keeps(channel));
        Log::of(channel).filter(|_| keeps).map(|log| Wanted { log, since })
    }

    /// Recovers what a [held](Connection::hold) connection missed, and releases it: it is sent what
    /// `greet` makes of the outcome, then what was missed on the channels that it is subscribed to
    /// by then, then what came meanwhile. Each message once, in the order of its history.
    ///
    /// Not cancel safe: a connection that is held stays so.
    pub async fn resume(
        &self,
        connection: &Connection,
        wanted: Vec<Wanted>,
        greet: impl FnOnce(&Resumed) -> Bytes,
    ) {
        let found = self.find(wanted).await;
        self.release(connection, found, greet);
    }

    /// The first half of a [resumption](Self::resume), for whoever decides by what is found.
    pub async fn find(&self, wanted: Vec<Wanted>) -> Found {
        match self.bus() {
            Some(bus) => Found(join_all(wanted.into_iter().map(|wanted| Part::recover(&*bus, wanted))).await),
            None => Found::default(),
        }
    }

    /// The second half of a [resumption](Self::resume). It must follow each hold, with nothing found if
    /// need be.
    pub fn release(&self, connection: &Connection, found: Found, greet: impl FnOnce(&Resumed) -> Bytes) {
        let asked = found.0.iter().any(|part| part.wanted.since.is_some());
        let resumed = connection.release(found.0, greet);
        if asked {
            self.shared().counts.resumed(resumed.recovered);
        }
    }
}

/// What a held connection missed, as far as histories know.
#[derive(Debug, Default)]
pub struct Found(Vec<Part>);

impl Found {
    /// Whether nothing is missing since the positions asked for.
    pub fn is_complete(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|part| part.found.complete)
    }

    /// Gives up what was missed: the client begins anew.
    pub fn discard(&mut self) {
        for part in &mut self.0 {
            part.found = Recovered { top: part.found.top, ..Recovered::default() };
        }
    }
}

/// What is known of one of the histories.
#[derive(Debug)]
pub(super) struct Part {
    wanted: Wanted,
    found: Recovered,
}

impl Part {
    async fn recover(bus: &dyn Bus, wanted: Wanted) -> Self {
        let found = bus.recover(&wanted.log, wanted.since).await.unwrap_or_else(|error| {
            tracing::warn!(log = wanted.log.as_str(), %error, "Nothing is known of what was missed");
            Recovered::default()
        });
        Self { wanted, found }
    }

    /// Whether the client begins here: nothing was replayed to it, nor is known to be had by it. What
    /// came while it was held came after it.
    fn is_fresh(&self) -> bool {
        !self.found.complete && self.found.messages.is_empty()
    }

    /// Up to where the client has everything once it has what is replayed.
    fn floor(&self) -> Option<At> {
        let top = self.found.top.filter(|_| !self.is_fresh());
        top.map(|position| At { log: Arc::new(self.wanted.log.clone()), position })
    }

    /// Where the client stands before what is replayed. Never behind it: a connection that breaks
    /// meanwhile is to miss nothing.
    fn standing(&self) -> Option<Position> {
        match self.found.messages.is_empty() {
            true => self.found.top,
            false => self.wanted.since.filter(|_| self.found.complete),
        }
    }
}

impl Connection {
    /// Lets messages of channels wait from now on, until the connection is
    /// [resumed](Hub::resume), which must follow.
    pub fn hold(&self) {
        self.locked().catch_up.hold();
    }

    fn release(&self, mut parts: Vec<Part>, greet: impl FnOnce(&Resumed) -> Bytes) -> Resumed {
        for part in &mut parts {
            part.found.messages.retain(|message| self.is_subscribed(&message.channel));
        }
        let mut resumed = Resumed {
            recovered: !parts.is_empty() && parts.iter().all(|part| part.found.complete),
            replayed: parts.iter().map(|part| part.found.messages.len()).sum(),
            standing: parts.iter().map(Part::standing).collect(),
        };
        let floors = parts.iter().filter_map(Part::floor).collect();
        let fresh: Vec<_> =
            parts.iter().map(|part| part.is_fresh().then(|| part.wanted.log.clone())).collect();
        let missed = parts.into_iter().flat_map(|part| part.found.messages).collect();
        let budget = &self.shared.budget;
        let caught = CaughtUp::with(missed, floors, budget);
        if caught.is_none() {
            resumed.standing.fill(None);
            (resumed.recovered, resumed.replayed) = (false, 0);
        }
        for (standing, log) in resumed.standing.iter_mut().zip(&fresh) {
            let waits = log.as_ref().and_then(|log| self.locked().catch_up.before_held(log));
            *standing = standing.and(waits).or(*standing);
        }
        // Not while the queue is locked: whoever greets may look at the connection.
        let greeting = greet(&resumed);
        let mut outbox = self.locked();
        if outbox.phase == Phase::Open {
            outbox.push_always(greeting, budget);
        }
        outbox.catch_up.release(caught.unwrap_or_default(), budget);
        drop(outbox);
        self.nudge();
        resumed
    }
}

#[cfg(test)]
#[path = "resume_tests.rs"]
mod tests;
