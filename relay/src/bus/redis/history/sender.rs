//! Appends what is in the journal to the histories: several batches are under way at a time, and
//! the script sees to it that none overtakes another.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::ground::{Ground, is_forgotten};
use super::journal::Outgoing;
use super::reading::{META_GRACE, millis};
use super::{Histories, Place};
use crate::bus::redis::fault::{Fault, breaks_link};
use crate::bus::redis::partition::{Partition, Partitions};
use crate::bus::redis::shard::Shard;
use crate::bus::{Epoch, KEY_TTL, Log};
use crate::sync::lock;

/// Batches that are under way at a time.
const MAX_FLYING: usize = 4;
/// Time between tries while Redis refuses.
const REFUSED_INTERVAL: Duration = Duration::from_millis(500);
/// Longest that what waits is sent after the shutdown was asked for.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);
/// How long it is remembered how far a process has appended: longer than it tries to.
const ORDER_TTL: Duration = Duration::from_secs(3600);

/// Time between tries of what a Cluster says is elsewhere, or on its way.
const HELD_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two looks at whether what Redis has came here.
const HEAR_INTERVAL: Duration = Duration::from_millis(5);

/// The partitions that a shard works for.
#[derive(Clone, Copy)]
struct Work {
    all: Partitions,
    /// Those of them that were elsewhere, and wait.
    held: Partitions,
    /// Until when they do.
    until: Instant,
}

/// Why a batch is not done.
enum Undone {
    /// A Cluster says that the histories of these partitions are elsewhere, or on their way.
    Elsewhere(Partitions),
    /// Something in front of it was not appended, or the scripts were gone: it goes out again.
    Again,
    /// Redis refuses, or the connection broke.
    Fault(Fault),
}

impl Histories {
    /// Appends what waits for `shard`, and what comes, until the connection breaks. While Redis
    /// refuses, it is asked again and again.
    pub(in crate::bus::redis) async fn serve(
        self: &Arc<Self>,
        shard: &Shard,
        connection: MultiplexedConnection,
    ) -> Fault {
        if self.is_empty() {
            return std::future::pending().await;
        }
        loop {
            let partitions = shard.sendable();
            let Err(fault) = self.work(shard, partitions, connection.clone()).await else { continue };
            // Another link may have got some of them meanwhile, which is not away.
            self.leave(partitions.and(shard.owned()));
            if fault.breaks_link() {
                return fault;
            }
            self.note_refusal(Some(fault));
            sleep(REFUSED_INTERVAL).await;
        }
    }

    /// Works for these partitions, until the shard has others. What a Cluster says is elsewhere waits;
    /// it is not followed there: nobody listens at a primary that a slot is on its way to, and what is
    /// appended for a new one may fork the history.
    async fn work(
        self: &Arc<Self>,
        shard: &Shard,
        partitions: Partitions,
        connection: MultiplexedConnection,
    ) -> Result<(), Fault> {
        let ground = Arc::new(Ground::prepare(connection).await?);
        for partition in partitions.iter() {
            *lock(&self.grounds).get_mut(partition) = Place::On(Arc::clone(&ground));
        }
        let mut work = Work { all: partitions, held: partitions, until: Instant::now() };
        while shard.sendable() == partitions {
            if work.is_due() {
                let elsewhere = self.sweep(&ground, work.held).await?;
                // Where nothing waits, no append is about to tell that Redis takes writes again.
                if self.journal.fill() == (0, 0) {
                    self.note_refusal(None);
                }
                work = self.hold(shard, work.with(elsewhere)).await;
            }
            self.journal.rewind(partitions);
            match self.send(&ground, shard, work).await {
                Ok(()) | Err(Undone::Again) => {}
                Err(Undone::Elsewhere(more)) => {
                    work = self.hold(shard, work.with(work.held.or(more))).await;
                }
                Err(Undone::Fault(fault)) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Lets some partitions wait for a while, if there are any: this node's connections have at once
    /// what is meant for them. Those that another shard has got meanwhile are its business.
    async fn hold(&self, shard: &Shard, work: Work) -> Work {
        if !work.held.is_empty() {
            self.routes.look();
            self.hear(work.held).await;
            self.deliver(work.held.and(shard.sendable()));
        }
        work
    }

    /// Waits a moment until what Redis has of these partitions came by the subscription: it goes before
    /// what Redis refused.
    async fn hear(&self, partitions: Partitions) {
        let end = Instant::now() + HELD_INTERVAL;
        let is_heard = || {
            let early = lock(&self.early);
            partitions.iter().all(|partition| early.has_come(partition, self.journal.confirmed(partition)))
        };
        while !is_heard() && Instant::now() < end {
            sleep(HEAR_INTERVAL).await;
        }
    }

    async fn send(&self, ground: &Ground, shard: &Shard, work: Work) -> Result<(), Undone> {
        let (mut filled, mut owned) = (self.journal.filled(), shard.changes());
        let mut flying = FuturesOrdered::new();
        let free = work.all.without(work.held);
        self.arrive(free);
        while *owned.borrow_and_update() == work.all {
            let is_due = work.is_due();
            while !is_due && flying.len() < MAX_FLYING {
                let batch = self.journal.next(free);
                if batch.is_empty() {
                    break;
                }
                flying.push_back(self.send_batch(ground, batch));
            }
            tokio::select! {
                // What is under way is sent in its order before anything else is added.
                biased;
                Some(done) = flying.next(), if !flying.is_empty() => done?,
                () = async {}, if is_due && flying.is_empty() => return Ok(()),
                () = sleep_until(work.until), if !work.held.is_empty() && !is_due => {}
                _ = filled.changed(), if flying.len() < MAX_FLYING => {}
                _ = owned.changed() => {}
            }
        }
        Ok(())
    }

    async fn send_batch(&self, ground: &Ground, batch: Vec<Outgoing>) -> Result<(), Undone> {
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for item in &batch {
            pipeline.add_command(self.call(ground, item));
        }
        pipeline.ignore_errors();
        let answers: RedisResult<Vec<RedisResult<i64>>> =
            pipeline.query_async(&mut ground.connection()).await;
        let answers = answers.map_err(|source| Undone::Fault(Fault::call("append")(source)))?;
        let mut elsewhere = Partitions::NONE;
        for (item, answer) in batch.iter().zip(answers) {
            let partition = item.append.keys.partition;
            match answer {
                // It waits for one before it.
                _ if elsewhere.contains(partition) => {}
                Ok(-2) => return Err(Undone::Again),
                Ok(seq) => {
                    self.journal.confirm(item, seq == 0);
                    self.tally.published.add(1);
                }
                Err(error) if is_forgotten(&error) => {
                    Ground::load(&mut ground.connection()).await.map_err(Undone::Fault)?;
                    return Err(Undone::Again);
                }
                Err(error) if self.routes.strays(partition, &error) => elsewhere.insert(partition),
                Err(source) => return Err(Undone::Fault(Fault::Call { doing: "append", source })),
            }
        }
        if !elsewhere.is_empty() {
            return Err(Undone::Elsewhere(elsewhere));
        }
        self.note_refusal(None);
        Ok(())
    }

    /// The call of the script for one message.
    fn call(&self, ground: &Ground, item: &Outgoing) -> Cmd {
        let keys = &item.append.keys;
        let mut call = ground.append(3 + usize::from(item.append.once.is_some()));
        call.arg(&keys.meta).arg(&keys.stream).arg(self.layout.sent(keys.partition, self.incarnation));
        if let Some(once) = &item.append.once {
            call.arg(once);
        }
        call.arg(item.frame.as_ref()).arg(item.order).arg(item.confirmed).arg(ground.generation());
        call.arg(Epoch::random().to_string()).arg(keys.kept.size).arg(millis(keys.kept.ttl));
        call.arg(millis(keys.kept.ttl + META_GRACE)).arg(millis(ORDER_TTL));
        call.arg(self.layout.live(keys.partition)).arg(if self.sharded { "SPUBLISH" } else { "PUBLISH" });
        if item.append.once.is_some() {
            call.arg(format!("{:016x}-{}", self.incarnation, item.order)).arg(millis(KEY_TTL));
        }
        call
    }

    /// Redis takes messages: they come back by the subscription from now on.
    fn arrive(&self, partitions: Partitions) {
        let mut early = lock(&self.early);
        partitions.iter().for_each(|partition| early.arrives(partition));
    }

    /// Redis is away: this node's connections get at once what waits, and what comes.
    pub(in crate::bus::redis) fn leave(&self, partitions: Partitions) {
        partitions.iter().for_each(|partition| lock(&self.grounds).get_mut(partition).leave());
        let ended = |log: &Log| partitions.contains(Partition::of(log.as_str()));
        self.seen.lock().tracker.shake(ended);
        self.deliver(partitions);
    }

    /// Gives this node's connections at once what waits, and what comes, until it [arrives](Self::arrive).
    fn deliver(&self, partitions: Partitions) {
        let mut early = lock(&self.early);
        let (now, mark) = (Instant::now().into_std(), self.inbox.mark());
        for partition in partitions.iter() {
            early.leaves(partition, mark, now);
            let Some(audience) = early.audience(partition, mark, now) else { continue };
            for (order, message) in self.journal.unheard(partition) {
                if early.deliver(partition, order, audience) {
                    self.inbox.receive_early((*message).clone(), audience);
                }
            }
        }
    }

    /// Sends what is left, if it can within [`FLUSH_DEADLINE`].
    pub(in crate::bus::redis) async fn flush(
        self: &Arc<Self>,
        shard: &Shard,
        connection: MultiplexedConnection,
    ) {
        let (left, _) = self.journal.fill();
        if left == 0 {
            return;
        }
        let all = async {
            let ground = Ground::prepare(connection).await?;
            self.journal.rewind(shard.sendable());
            loop {
                let batch = self.journal.next(shard.sendable());
                if batch.is_empty() || self.send_batch(&ground, batch).await.is_err() {
                    return Ok::<(), Fault>(());
                }
            }
        };
        // Out of time is the same as a Redis that is away: what waits is lost with the process.
        let _ = timeout(FLUSH_DEADLINE, all).await;
        let (left, _) = self.journal.fill();
        if left > 0 {
            tracing::warn!(left, "messages could not be appended to their histories before the end");
        }
    }
}

impl Work {
    /// With these partitions held from now on.
    fn with(self, held: Partitions) -> Self {
        Self { held, until: Instant::now() + HELD_INTERVAL, ..self }
    }

    /// Whether those that wait are to be tried again.
    fn is_due(&self) -> bool {
        !self.held.is_empty() && self.until <= Instant::now()
    }
}

impl Fault {
    /// Whether the connection is of no more use; otherwise Redis refused something.
    fn breaks_link(&self) -> bool {
        !matches!(self, Self::Call { source, .. } if !breaks_link(source))
    }
}
