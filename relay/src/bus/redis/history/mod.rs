//! Messages that are kept, so that clients who come back miss nothing and live ones see no gap.
//!
//! A message of a channel with a history goes to Redis by one call of `append.lua`, which numbers,
//! keeps and publishes it at once, and comes back to every relay, the sender included, by the
//! subscription; the [tracker] sees by the numbers what came twice and what is missing, and what is
//! missing is [read](reading). While Redis is away the sender delivers [early]. A failover, or a
//! Redis that forgot, makes a history fork or begin anew ([`meta`]).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use self::early::{Due, Early};
use self::ground::Ground;
use self::journal::{Append, Journal};
use self::keys::Keys;
use self::meta::Start;
use self::reading::{ReadError, Reading};
use self::rounds::Rounds;
use self::sight::Sight;
use self::source::Source;
use self::tracker::{Outcome, Refill};
use super::fault::Fault;
use super::layout::Layout;
use super::outbox::Full;
use super::partition::{Partition, PerPartition};
use super::redirect::Redirect;
use super::routes::Routes;
use crate::bus::counters::Tally;
use crate::bus::wire::{Envelope, Frame};
use crate::bus::{Channel, Inbox, Kept, Log, Message, Policy, Position};
use crate::sync::lock;

mod early;
mod ground;
mod journal;
mod keys;
mod lately;
mod meta;
#[cfg(test)]
mod model;
mod reading;
mod rounds;
mod sender;
mod sight;
mod source;
mod sweep;
mod tracker;
mod unheard;

/// Reads of histories that are under way at a time: more would keep publishes waiting.
const MAX_READS: usize = 64;
/// How long Redis may be away, as in a failover, while those who come back wait for it.
const GONE: Duration = Duration::from_secs(10);
/// Tries to read what is missing, while what comes after it waits.
const REFILL_TRIES: u32 = 6;
/// Time between two of them.
const REFILL_INTERVAL: Duration = Duration::from_millis(500);

/// The histories of this node's channels.
pub(super) struct Histories {
    policy: Policy,
    layout: Arc<Layout>,
    /// Whether it is a Cluster, whose channels are sharded.
    sharded: bool,
    routes: Arc<Routes>,
    inbox: Arc<dyn Inbox>,
    incarnation: u64,
    tally: Arc<Tally>,
    /// Also locked while the inbox takes a message: frames that come, and those that are read because
    /// they did not, must not overtake each other.
    seen: Sight,
    early: Mutex<Early>,
    journal: Journal,
    /// Why Redis refuses to append, as long as it does.
    refusal: Mutex<Option<Fault>>,
    grounds: Mutex<PerPartition<Place>>,
    reads: Semaphore,
    rounds: Rounds,
}

/// Where a partition is.
#[derive(Clone)]
enum Place {
    /// There.
    On(Arc<Ground>),
    /// Nowhere, since then.
    Away(Instant),
}

impl Place {
    fn leave(&mut self) {
        if let Self::On(_) = self {
            *self = Self::Away(Instant::now());
        }
    }
}

impl Histories {
    pub(super) fn new(
        policy: Policy,
        layout: Arc<Layout>,
        sharded: bool,
        routes: Arc<Routes>,
        inbox: Arc<dyn Inbox>,
        incarnation: u64,
        tally: Arc<Tally>,
    ) -> Arc<Self> {
        Arc::new(Self {
            policy,
            layout,
            sharded,
            routes,
            inbox,
            incarnation,
            tally,
            seen: Sight::new(),
            early: Mutex::new(Early::new(Instant::now())),
            journal: Journal::new(),
            refusal: Mutex::default(),
            grounds: Mutex::new(PerPartition::new(|_| Place::Away(Instant::now()))),
            reads: Semaphore::new(MAX_READS),
            rounds: Rounds::default(),
        })
    }

    /// The history that messages of `channel` are kept in, if they are.
    pub(super) fn log(&self, channel: &Channel) -> Option<(Log, Kept)> {
        self.policy.log(channel)
    }

    /// Whether nothing is kept at all.
    pub(super) fn is_empty(&self) -> bool {
        self.policy.is_empty()
    }

    /// Notes that connections of this node follow a history, or no more. Waits for nobody: the inbox may
    /// tell while it is told.
    pub(super) fn follow(&self, log: &Log, here: bool) {
        self.seen.follow(log, here);
    }

    /// Queues a message for its history. While Redis is away this node's connections get it at once.
    /// `asker` is told whether `key` was used before.
    pub(super) fn publish(
        &self,
        message: &Arc<Message>,
        frame: Frame,
        key: Option<(&str, oneshot::Sender<bool>)>,
    ) -> Result<(), Full> {
        let Some((log, kept)) = self.log(&message.channel) else { return Ok(()) };
        let keys = Keys::of(&log, kept, &self.layout);
        let partition = keys.partition;
        let (once, asker) = match key {
            Some((key, asker)) => {
                (Some(self.layout.once(partition, message.channel.as_str(), key)), Some(asker))
            }
            None => (None, None),
        };
        let append = Append { message: Arc::clone(message), keys, once };
        // Locked until it is delivered: those that wait go before it when Redis leaves meanwhile.
        let mut early = lock(&self.early);
        let order = self.journal.push(append, frame, asker)?;
        if let Some(audience) = early.audience(partition, self.inbox.mark(), Instant::now())
            && early.deliver(partition, order, audience)
        {
            self.inbox.receive_early(Message::clone(message), audience);
        }
        Ok(())
    }

    /// Waits until Redis has all that was published before.
    pub(super) async fn settled(&self) {
        self.journal.settled().await;
    }

    /// The order of the first message that waits, of each partition.
    pub(super) fn next_orders(&self) -> PerPartition<Option<u64>> {
        self.journal.next_orders()
    }

    /// Messages and bytes that wait for Redis.
    pub(super) fn fill(&self) -> (u64, u64) {
        self.journal.fill()
    }

    /// Why Redis refuses to append, one line for people.
    pub(super) fn refusal(&self) -> Option<String> {
        lock(&self.refusal).as_ref().map(|fault| fault.reason(&[]))
    }

    fn note_refusal(&self, refusal: Option<Fault>) {
        let mut known = lock(&self.refusal);
        if let (None, Some(fault)) = (&*known, &refusal) {
            tracing::warn!(reason = fault.reason(&[]), "Redis refuses to keep messages: they wait");
        }
        *known = refusal;
    }

    /// Takes a message with a position that came by a subscription.
    pub(super) fn take(self: &Arc<Self>, position: Position, mut envelope: Envelope) {
        // As it is read, if it has to be: the position is that of its life then.
        envelope.message.position = None;
        let Some(log) = Log::of(&envelope.message.channel) else { return };
        let bytes = envelope.message.payload.len();
        let mut seen = self.seen.lock();
        seen.lately.note(&log, position, Instant::now());
        let outcome = seen.tracker.arrive(&log, position, envelope, bytes);
        self.settle(&log, outcome);
    }

    /// Does what the tracker found. Called while it is locked.
    fn settle(self: &Arc<Self>, log: &Log, outcome: Outcome<Envelope>) {
        self.tally.duplicates.add(outcome.copies);
        self.tally.gaps.add(outcome.missed);
        self.tally.epochs.add(u64::from(outcome.turned));
        let mut holes = outcome.holes.into_iter().peekable();
        for (index, (position, envelope)) in outcome.deliver.into_iter().enumerate() {
            while let Some(hole) = holes.next_if(|hole| hole.before <= index) {
                self.inbox.missed(log, hole.at);
            }
            let due = self.due(log, &envelope);
            let message = Message { position, ..envelope.message };
            match due {
                Due::All => {
                    self.tally.received.add(1);
                    self.inbox.receive(message);
                }
                Due::After(mark) => self.inbox.receive_late(message, mark),
            }
        }
        holes.for_each(|hole| self.inbox.missed(log, hole.at));
        if let Some(since) = outcome.refill {
            self.tally.refills.add(1);
            tokio::spawn(Arc::clone(self).refill(log.clone(), since));
        }
    }

    /// Whose a message is: of those that this node delivered while Redis was away, only who came since
    /// has none.
    fn due(&self, log: &Log, envelope: &Envelope) -> Due {
        if envelope.origin.incarnation != self.incarnation {
            return Due::All;
        }
        let partition = Partition::of(log.as_str());
        self.journal.heard(partition, envelope.order);
        lock(&self.early).comes_back(partition, envelope.order)
    }

    /// Reads what is missing of a history after `since`.
    async fn refill(self: Arc<Self>, log: Log, since: Position) {
        for _ in 0..REFILL_TRIES {
            match self.read(&log, since).await {
                Ok(reading) => {
                    let mut seen = self.seen.lock();
                    let outcome = seen.tracker.refilled(&log, Refill::of(reading, since));
                    return self.settle(&log, outcome);
                }
                Err(why) => tracing::debug!(log = log.as_str(), why, "what is missing cannot be read yet"),
            }
            tokio::time::sleep(REFILL_INTERVAL).await;
        }
        tracing::warn!(log = log.as_str(), "messages are missing and cannot be read");
        let mut seen = self.seen.lock();
        let outcome = seen.tracker.unfilled(&log);
        self.settle(&log, outcome);
    }

    /// Reads what came after `since`, when its turn comes. An error is one line for people.
    async fn read(&self, log: &Log, since: Position) -> Result<Reading, String> {
        let (keys, ground) = self.way(log)?;
        let _turn = self.reads.acquire().await.map_err(|error| error.to_string())?;
        let answer = reading::read(&Source::here(&ground), &keys, since).await;
        match self.elsewhere(answer, &ground).await? {
            Ok(reading) => Ok(reading),
            Err(there) => reading::read(&there, &keys, since).await.map_err(|error| error.to_string()),
        }
    }

    /// What a reading came to, or where to read instead: a history may be on its way to another primary.
    /// What is there already is asked for anew once it is known.
    async fn elsewhere<'a, T>(
        &self,
        answer: Result<T, ReadError>,
        ground: &'a Ground,
    ) -> Result<Result<T, Source<'a>>, String> {
        let error = match answer {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) => error,
        };
        let redirect = match &error {
            ReadError::Redis(error) => self.routes.redirect(error),
            _ => None,
        };
        match redirect {
            Some(Redirect::Ask(address)) => {
                let connection = self.routes.visitor(&address).await.map_err(|error| error.to_string())?;
                let there = Source::there(ground, connection).await;
                return there.map(Err).map_err(|error| error.to_string());
            }
            Some(Redirect::Look) => self.routes.look(),
            Some(Redirect::Wait) | None => {}
        }
        Err(error.to_string())
    }

    /// Where a history is, and by which connection.
    fn way(&self, log: &Log) -> Result<(Keys, Arc<Ground>), String> {
        let kept = self.policy.of(log.class()).ok_or("nothing is kept of it")?;
        let keys = Keys::of(log, kept, &self.layout);
        match lock(&self.grounds).get(keys.partition) {
            Place::On(ground) => Ok((keys, Arc::clone(ground))),
            Place::Away(_) => Err("there is no connection".to_owned()),
        }
    }

    /// Whether Redis is away for so long that nobody should wait for it.
    pub(super) fn is_gone(&self, partition: Partition) -> bool {
        matches!(lock(&self.grounds).get(partition), Place::Away(since) if since.elapsed() > GONE)
    }
}

impl Refill<Envelope> {
    /// What was read for one who has seen everything up to `since`.
    fn of(reading: Reading, since: Position) -> Self {
        let Reading { meta, after, top, entries } = reading;
        let broken = !matches!(meta.start(since), Start::Linked(_));
        Self { epoch: meta.top.epoch, after, broken, top, entries }
    }
}
