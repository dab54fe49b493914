//! Which process has the newest holder of a name: who comes later takes it from whoever has it.
//!
//! A name is a sorted set of processes; the one with the highest score has it. A score is the time of
//! Redis, in microseconds, at which a process took the name, or one more than the highest there was:
//! the clocks of nodes decide nothing. Nothing has to be compared and set at once, so no script is run:
//! each process writes its own score, and sees who is on top.
//!
//! Each process renews the names it has, all with one ticker, and learns then if another has one by now.
//! Who took a name while Redis was away says how long ago that was, so that the last one to come has it
//! in the end. A set ends by itself [`TTL`] after the last renewal.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, cmd};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use super::fault::{Fault, breaks_link};
use super::layout::Layout;
use super::leases::{LeaseError, RENEWAL};
use super::partition::{Partition, PerPartition};
use super::routes::{CallError, Routes};
use super::shard::Shard;
use super::slot::Slot;
use super::time::{Clock, now};
use crate::bus::{Inbox, LEASE_TTL_SECONDS};

/// Time after which a name that nobody renews is forgotten.
const TTL: Duration = Duration::from_secs(LEASE_TTL_SECONDS);
/// Names that are renewed with one round trip.
const BATCH: usize = 512;
/// Commands about each of them.
const PLACING: usize = 3;
/// Tries to get on top of others who come at the same time.
const TRIES: usize = 5;

/// What a process has of a name.
struct Taken {
    /// Tells this time from the ones before and after it.
    id: u64,
    came: Instant,
    /// Its score; none if Redis was away.
    score: Option<i64>,
}

/// Who is on top of a set, if anyone, and its score: exact up to 2^53 microseconds, which is in 2255.
type Top = Vec<(String, f64)>;

/// Commands that [write a score](Newest::place) and answer who is on top then: the second one.
type Placing = [(Slot, Cmd); PLACING];

type Names = HashMap<String, Taken>;

/// The names whose newest holder is in this process, as far as it knows.
pub(super) struct Newest {
    owner: String,
    layout: Arc<Layout>,
    routes: Arc<Routes>,
    inbox: Arc<dyn Inbox>,
    /// One lock per partition, held across the calls about its names. Bounded by the connections.
    names: PerPartition<Mutex<Names>>,
    clock: Clock,
}

impl Newest {
    pub(super) fn new(
        owner: String,
        layout: Arc<Layout>,
        routes: Arc<Routes>,
        inbox: Arc<dyn Inbox>,
    ) -> Self {
        let names = PerPartition::new(|_| Mutex::default());
        Self { owner, layout, routes, inbox, names, clock: Clock::default() }
    }

    /// Takes `name` from whoever has it. Answers the score, which is higher than all before it.
    pub(super) async fn take(&self, name: &str, id: u64) -> Result<i64, LeaseError> {
        let mut names = self.names.get(Partition::of(name)).lock().await;
        names.insert(name.to_owned(), Taken { id, came: Instant::now(), score: None });
        let mut link = self.routes.commands(Partition::of(name))?;
        let score = now(&mut link).await?;
        let score = self.climb(name, score, &mut link).await?;
        names.insert(name.to_owned(), Taken { id, came: Instant::now(), score: Some(score) });
        Ok(score)
    }

    /// Gives `name` back, unless it was taken again by this process since.
    pub(super) async fn leave(&self, name: &str, id: u64) -> Result<(), CallError> {
        let mut names = self.names.get(Partition::of(name)).lock().await;
        if names.get(name).is_none_or(|taken| taken.id != id) {
            return Ok(());
        }
        names.remove(name);
        let (slot, command) = self.removal(name);
        self.routes.call(slot, &command).await
    }

    async fn climb(
        &self,
        name: &str,
        mut score: i64,
        link: &mut MultiplexedConnection,
    ) -> Result<i64, LeaseError> {
        for _ in 0..TRIES {
            let tops = self.tops(&self.place(name, score), link).await?;
            match tops.first().and_then(|top| top.first()) {
                Some((owner, highest)) if *owner != self.owner => score = (*highest as i64).saturating_add(1),
                _ => return Ok(score),
            }
        }
        Err(LeaseError::Contended)
    }

    /// The commands that write a score, unless there is a higher one of this process, and answer who is
    /// on top.
    fn place(&self, name: &str, score: i64) -> Placing {
        let (slot, key) = (Partition::of(name).slot(), self.layout.newest(name));
        [
            (slot, cmd("ZADD").arg(&key).arg("GT").arg(score).arg(&self.owner).to_owned()),
            (slot, cmd("ZREVRANGE").arg(&key).arg(0).arg(0).arg("WITHSCORES").to_owned()),
            (slot, cmd("PEXPIRE").arg(&key).arg(TTL.as_millis() as u64).to_owned()),
        ]
    }

    /// Sends so many [placings](Placing), and answers who is on top after each.
    async fn tops(
        &self,
        placings: &[(Slot, Cmd)],
        link: &mut MultiplexedConnection,
    ) -> Result<Vec<Top>, RedisError> {
        let answers = self.routes.batch(placings, link).await?;
        let tops = answers.into_iter().skip(1).step_by(PLACING);
        Ok(tops.map(Top::from_redis_value).collect::<Result<_, _>>()?)
    }

    fn removal(&self, name: &str) -> (Slot, Cmd) {
        let remove = cmd("ZREM").arg(self.layout.newest(name)).arg(&self.owner).to_owned();
        (Partition::of(name).slot(), remove)
    }

    /// Renews the names of `shard` now, and again every [`RENEWAL`], until the connection breaks.
    pub(super) async fn keep(&self, shard: &Shard, mut link: MultiplexedConnection) -> Fault {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.hear_time(shard, &mut link).await {
                Ok(()) => {}
                Err(source) if breaks_link(&source) => {
                    return Fault::Call { doing: "ask for the time", source };
                }
                Err(error) => tracing::warn!(%error, "Redis refuses to tell the time"),
            }
            for partition in shard.owned().iter() {
                let mut names = self.names.get(partition).lock().await;
                match self.renew(&mut names, &mut link).await {
                    Ok(()) => {}
                    Err(source) if breaks_link(&source) => {
                        return Fault::Call { doing: "tell who is newest", source };
                    }
                    // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
                    Err(error) => tracing::warn!(%error, "Redis refuses to note who is newest"),
                }
            }
        }
    }

    async fn hear_time(&self, shard: &Shard, link: &mut MultiplexedConnection) -> Result<(), RedisError> {
        if shard.owned().contains(Clock::partition()) {
            self.clock.hear(now(link).await?);
        }
        Ok(())
    }

    /// The time that all nodes agree on.
    pub(super) fn time(&self) -> jiff::Timestamp {
        self.clock.time()
    }

    async fn renew(&self, names: &mut Names, link: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let all: Vec<String> = names.keys().cloned().collect();
        for some in all.chunks(BATCH) {
            let time = now(link).await?;
            let mut placings = Vec::with_capacity(PLACING * some.len());
            for name in some {
                let Some(taken) = names.get_mut(name) else { continue };
                let age = i64::try_from(taken.came.elapsed().as_micros()).unwrap_or(i64::MAX);
                let score = *taken.score.get_or_insert(time.saturating_sub(age));
                placings.extend(self.place(name, score));
            }
            let tops = self.tops(&placings, link).await?;
            let ours = |top: &Top| top.first().is_some_and(|(owner, _)| *owner == self.owner);
            let lost: Vec<&String> =
                some.iter().zip(tops).filter(|(_, top)| !ours(top)).map(|(name, _)| name).collect();
            self.lose(&lost, names, link).await?;
        }
        Ok(())
    }

    async fn lose(
        &self,
        lost: &[&String],
        names: &mut Names,
        link: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        for name in lost {
            names.remove(*name);
            self.inbox.lost(name);
        }
        let removals: Vec<_> = lost.iter().map(|name| self.removal(name)).collect();
        self.routes.batch(&removals, link).await.map(drop)
    }
}
