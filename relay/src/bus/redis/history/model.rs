//! A Redis and two relays in a test, through any interleaving of what happens to them: each history
//! stays in order, nothing is delivered twice, and who is told to have recovered misses nothing.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::meta::{Former, Meta, Start};
use super::reading::Reading;
use super::rounds::Answer;
use super::tracker::{Outcome, Tracker};
use crate::bus::wire::{Envelope, Origin};
use crate::bus::{Channel, Epoch, Log, Message, Position};

/// Former lives that are remembered, as in `enter.lua`.
const LIVES: usize = 8;

/// What may happen; numbers choose a relay, or how much is lost.
#[derive(Clone, Debug)]
enum Event {
    Publish,
    /// A frame comes to a relay.
    Arrive(usize),
    /// A relay's subscription ends with all that is under way, and begins again.
    Resubscribe(usize),
    /// What a relay asked for is read.
    Refill(usize),
    /// A replica that lacks so many messages becomes the primary.
    Failover(usize),
    /// Redis forgets everything.
    Flush,
    /// A client comes back that saw all up to so many messages ago.
    Resume(usize),
}

/// The history as Redis has it.
struct Server {
    epoch: u64,
    entries: Vec<Envelope>,
    former: Vec<Former>,
    published: u64,
}

#[derive(Default)]
struct Relay {
    tracker: Tracker<Envelope>,
    frames: VecDeque<(Position, Envelope)>,
    asked: Option<Position>,
    /// All that went to the connections.
    delivered: Vec<(Option<Position>, String)>,
}

struct World {
    server: Server,
    relays: [Relay; 2],
    /// Positions that clients have, with the ids that they saw up to there.
    clients: Vec<(Position, Vec<String>)>,
}

fn log() -> Log {
    Log::of(&Channel::user("alice")).unwrap()
}

impl Server {
    fn meta(&self) -> Meta {
        let seq = self.entries.len() as u64;
        let top = Position { epoch: Epoch::new(self.epoch), seq };
        Meta { top, former: self.former.clone(), age: Duration::ZERO }
    }

    fn publish(&mut self) -> (Position, Envelope) {
        self.published += 1;
        let id = self.published.to_string();
        let message = Message { id, ..Message::new(Channel::user("alice"), "message", "{}") };
        let origin = Origin { node: "a".into(), incarnation: 1 };
        let envelope = Envelope { origin, order: self.published, message };
        self.entries.push(envelope.clone());
        (self.meta().top, envelope)
    }

    fn read(&self, since: Position) -> Reading {
        let meta = self.meta();
        let after = match meta.start(since) {
            Start::Linked(after) | Start::Broken(after) => after,
            Start::Foreign => 0,
        };
        let entries = (1..).zip(self.entries.iter().cloned()).skip(after as usize).collect();
        Reading { top: meta.top.seq, meta, after, entries }
    }

    /// What `open.lua` does for a relay that has seen `seen`.
    fn open(&mut self, seen: Option<Position>) -> Meta {
        let since = seen.and_then(|seen| {
            let index = self.former.iter().position(|life| life.end.epoch == seen.epoch)?;
            self.former[..=index].iter_mut().rev().find(|life| life.end.seq < seen.seq)
        });
        since.into_iter().for_each(|life| life.lost = true);
        self.meta()
    }

    fn ids(&self) -> Vec<String> {
        self.entries.iter().map(|envelope| envelope.message.id.clone()).collect()
    }
}

impl Relay {
    fn stands(&self) -> Option<Position> {
        self.tracker.seen().into_iter().find_map(|(_, at)| at)
    }

    fn settle(&mut self, outcome: Outcome<Envelope>) -> u64 {
        let ids = outcome.deliver.into_iter().map(|(position, envelope)| (position, envelope.message.id));
        self.delivered.extend(ids);
        self.asked = outcome.refill.or(self.asked);
        outcome.missed
    }
}

impl World {
    fn new() -> Self {
        let server = Server { epoch: 1, entries: Vec::new(), former: Vec::new(), published: 0 };
        let mut relays = <[Relay; 2]>::default();
        for relay in &mut relays {
            relay.tracker.follow(&log(), true);
            relay.tracker.begin(&log(), server.meta().top);
        }
        let clients = vec![(server.meta().top, Vec::new())];
        Self { server, relays, clients }
    }

    fn step(&mut self, event: &Event) {
        match *event {
            Event::Publish => self.publish(),
            Event::Arrive(relay) => self.arrive(relay),
            Event::Resubscribe(relay) => self.resubscribe(relay),
            Event::Refill(relay) => self.refill(relay),
            Event::Failover(lost) => self.fail_over(lost),
            Event::Flush => self.flush(),
            Event::Resume(ago) => self.resume(ago),
        }
    }

    fn publish(&mut self) {
        let frame = self.server.publish();
        self.relays.iter_mut().for_each(|relay| relay.frames.push_back(frame.clone()));
        self.clients.push((frame.0, self.server.ids()));
    }

    fn arrive(&mut self, relay: usize) {
        let relay = &mut self.relays[relay];
        if let Some((position, envelope)) = relay.frames.pop_front() {
            let outcome = relay.tracker.arrive(&log(), position, envelope, 1);
            relay.settle(outcome);
        }
    }

    fn resubscribe(&mut self, relay: usize) {
        let relay = &mut self.relays[relay];
        relay.frames.clear();
        let meta = self.server.open(relay.stands());
        let outcome = relay.tracker.sweep(&log(), meta.top);
        relay.settle(outcome);
    }

    fn refill(&mut self, relay: usize) {
        let relay = &mut self.relays[relay];
        if let Some(since) = relay.asked.take() {
            let Reading { meta, after, top, entries } = self.server.read(since);
            let broken = !matches!(meta.start(since), Start::Linked(_));
            let refill = super::Refill { epoch: meta.top.epoch, after, broken, top, entries };
            let outcome = relay.tracker.refilled(&log(), refill);
            assert_eq!(relay.settle(outcome), 0, "all is kept, and nothing missed");
        }
    }

    /// All relays lose their connections, and compare what they saw within the time that those wait
    /// who come back. What they asked for in a life that is about to be forgotten was read: of it
    /// nothing is known then, so what is kept comes again.
    fn fail_over(&mut self, lost: usize) {
        let oldest = self.server.former.get(LIVES - 1).map(|life| life.end.epoch);
        for relay in 0..self.relays.len() {
            if oldest.is_some() && self.relays[relay].stands().map(|at| at.epoch) == oldest {
                self.catch_up(relay);
            }
        }
        let end = self.server.entries.len().saturating_sub(lost);
        self.server.entries.truncate(end);
        let former = Epoch::new(self.server.epoch);
        self.server.epoch += 1;
        let end = Position { epoch: former, seq: end as u64 };
        self.server.former.insert(0, Former { end, lost: false });
        self.server.former.truncate(LIVES);
        (0..self.relays.len()).for_each(|relay| self.resubscribe(relay));
    }

    /// What is under way may be of this life and the next, but of no third one.
    fn flush(&mut self) {
        let epoch = Epoch::new(self.server.epoch);
        for relay in 0..self.relays.len() {
            self.catch_up(relay);
            while self.relays[relay].frames.front().is_some_and(|(position, _)| position.epoch != epoch) {
                self.arrive(relay);
                self.catch_up(relay);
            }
        }
        self.server.entries.clear();
        self.server.epoch += 1;
        self.server.former.clear();
    }

    /// Who is told that nothing is missing has everything that is kept, in order.
    fn resume(&self, ago: usize) {
        let Some((since, seen)) = self.clients.iter().rev().nth(ago) else { return };
        let recovered = Answer::Read(self.server.read(*since)).to(Some(*since));
        let messages = recovered.messages.into_iter().map(|message| message.id);
        if recovered.complete {
            let all: Vec<String> = seen.iter().cloned().chain(messages).collect();
            assert_eq!(all, self.server.ids());
            self.assert_nothing_seen_is_gone(*since);
        }
    }

    /// No relay delivered something after `since`, in the same life, that is not kept any more.
    fn assert_nothing_seen_is_gone(&self, since: Position) {
        let kept: HashSet<String> = self.server.ids().into_iter().collect();
        for (position, id) in self.relays.iter().flat_map(|relay| &relay.delivered) {
            let is_after = position.is_some_and(|at| at.epoch == since.epoch && at.seq > since.seq);
            assert!(!is_after || kept.contains(id), "{id} after {since} is gone, and not told");
        }
    }

    /// Lets everything come to rest.
    fn rest(&mut self) {
        for relay in 0..self.relays.len() {
            while !self.relays[relay].frames.is_empty() || self.relays[relay].asked.is_some() {
                self.refill(relay);
                self.arrive(relay);
            }
            self.resubscribe(relay);
            self.catch_up(relay);
        }
    }

    fn catch_up(&mut self, relay: usize) {
        while self.relays[relay].asked.is_some() {
            self.refill(relay);
        }
    }

    fn check(&self) {
        for relay in &self.relays {
            let ids: Vec<&String> = relay.delivered.iter().map(|(_, id)| id).collect();
            let once: HashSet<&String> = ids.iter().copied().collect();
            assert_eq!(once.len(), ids.len(), "delivered twice: {ids:?}");
            let positions = relay.delivered.iter().filter_map(|(position, _)| *position);
            let positions: Vec<Position> = positions.collect();
            let is_forward = |pair: &[Position]| pair[0].epoch != pair[1].epoch || pair[0].seq < pair[1].seq;
            assert!(positions.windows(2).all(is_forward), "{positions:?}");
            assert!(self.server.ids().iter().all(|id| once.contains(id)), "{ids:?}");
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Publish),
        6 => (0..2_usize).prop_map(Event::Arrive),
        2 => (0..2_usize).prop_map(Event::Resubscribe),
        4 => (0..2_usize).prop_map(Event::Refill),
        2 => (0..4_usize).prop_map(Event::Failover),
        1 => Just(Event::Flush),
        3 => (0..12_usize).prop_map(Event::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_interleaving_keeps_order_and_recovered_means_no_gap(events in prop::collection::vec(event(), 0..80)) {
        let mut world = World::new();
        events.iter().for_each(|event| world.step(event));
        world.rest();
        world.check();
    }
}
