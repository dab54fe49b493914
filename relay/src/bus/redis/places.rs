//! Places that names have in the whole cluster, so many each, such as those for connections of one
//! player (requirement 004-15, conflict X-03).
//!
//! A name is a sorted set of taken places, each with the time of Redis at which it ends unless its
//! process renews it. Who asks for a place forgets ended ones, adds this one and then counts: whoever
//! finds too many leaves again. Two who come at once can both find too many where one place is left;
//! never can more than there are places stay, because whoever comes last counts all.
//!
//! Redis may have forgotten places: it came back empty, a replica without the last writes took over, or a
//! relay was cut off from it for longer than a place lasts. So a relay tells its places before it answers
//! the [knocks](super::gather) of others, and gives none on a connection of its own that is so young that
//! others may not be back: who asks waits for them, at most until the gathering ends.
//!
//! One task for each link renews the places of its partitions and writes who left, in batches: a batch
//! has one command for each name, however many places it has here.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, cmd};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::fault::{Fault, breaks_link};
use super::layout::Layout;
use super::leases::RENEWAL;
use super::partition::{Partition, Partitions, PerPartition};
use super::routes::{CallError, Routes};
use super::shard::{MOMENT, Shard};
use super::slot::Slot;
use super::time::now;
use crate::bus::LEASE_TTL_SECONDS;
use crate::sync::lock;

/// Time after which a place that nobody renews is free.
const TTL: Duration = Duration::from_secs(LEASE_TTL_SECONDS);
/// Least time between two questions for one place.
const RETRY: Duration = Duration::from_millis(50);
/// Names that are written with one round trip.
const BATCH: usize = 512;
/// Goings of one partition that may wait; a further one is free when its place ends.
const MAX_GONE: usize = 1024;

/// The places that connections of this process have.
pub(super) struct Places {
    owner: String,
    layout: Arc<Layout>,
    routes: Arc<Routes>,
    state: PerPartition<Mutex<State>>,
    /// Told of each going; each link looks for its own.
    changed: watch::Sender<()>,
}

/// Those of one partition. Bounded by the connections of this node, and by [`MAX_GONE`].
#[derive(Default)]
struct State {
    taken: HashMap<Box<str>, BTreeSet<u64>>,
    gone: Vec<(Box<str>, u64)>,
}

impl State {
    fn leave(&mut self, name: &str, id: u64) {
        if let Some(ids) = self.taken.get_mut(name) {
            ids.remove(&id);
            if ids.is_empty() {
                self.taken.remove(name);
            }
        }
        if self.gone.len() < MAX_GONE {
            self.gone.push((name.into(), id));
        }
    }
}

impl Places {
    /// Places of the process called `owner`.
    pub(super) fn new(owner: String, layout: Arc<Layout>, routes: Arc<Routes>) -> Self {
        let state = PerPartition::new(|_| Mutex::default());
        Self { owner, layout, routes, state, changed: watch::Sender::default() }
    }

    fn of(&self, name: &str) -> MutexGuard<'_, State> {
        lock(self.state.get(Partition::of(name)))
    }

    /// Notes that this node wants place `id` of `name` from now on, whatever comes of asking for it.
    pub(super) fn want(&self, name: &str, id: u64) {
        self.of(name).taken.entry(name.into()).or_default().insert(id);
    }

    /// Asks for what is [wanted](Self::want), until the answer is that of all relays, or nobody can be
    /// asked. `false`: all `limit` places are taken, and it is wanted no more.
    pub(super) async fn take(&self, name: &str, id: u64, limit: u32) -> Result<bool, CallError> {
        let (partition, begun) = (Partition::of(name), Instant::now());
        loop {
            // Looked at in this order, a connection that is made meanwhile counts as young.
            let link = self.routes.commands(partition);
            let settles = self.routes.settles_within(partition);
            let counted = match link {
                Ok(link) => self.count(name, id, link).await,
                Err(away) => Err(away.into()),
            };
            let patience = match &counted {
                Ok(taken) if *taken > limit => {
                    self.leave(name, id);
                    return Ok(false);
                }
                Err(CallError::Redis(error)) if breaks_link(error) => MOMENT.checked_sub(begun.elapsed()),
                Ok(_) | Err(_) => settles,
            };
            let Some(patience) = patience else { return counted.map(|_| true) };
            sleep(RETRY.min(patience)).await;
            // If it does not, the next answer is the last.
            let _ = timeout(patience, self.routes.opened(partition)).await;
        }
    }

    /// Takes a place, and counts all that are taken.
    async fn count(&self, name: &str, id: u64, mut link: MultiplexedConnection) -> Result<u32, CallError> {
        let partition = Partition::of(name);
        let (key, now) = (self.layout.places(name), now(&mut link).await?);
        let commands = [
            cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(now).to_owned(),
            cmd("ZADD").arg(&key).arg(end(now)).arg(self.member(id)).to_owned(),
            cmd("PEXPIRE").arg(&key).arg(TTL.as_millis() as u64).to_owned(),
            cmd("ZCARD").arg(&key).to_owned(),
        ];
        let commands = commands.map(|command| (partition.slot(), command));
        let taken = self.routes.batch(&commands, &mut link).await?.pop().unwrap_or_default();
        Ok(u32::from_redis_value(taken).map_err(RedisError::from)?)
    }

    /// Gives a place back. Returns at once.
    pub(super) fn leave(&self, name: &str, id: u64) {
        self.of(name).leave(name, id);
        self.changed.send_replace(());
    }

    fn member(&self, id: u64) -> String {
        format!("{}/{id}", self.owner)
    }

    /// Writes who leaves in the partitions of `shard`, and renews all of it now, after which it is `told`,
    /// and every [`RENEWAL`], until the connection breaks.
    pub(super) async fn keep(
        &self,
        shard: &Shard,
        mut link: MultiplexedConnection,
        told: &CancellationToken,
    ) -> Fault {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changed = self.changed.subscribe();
        loop {
            let written = tokio::select! {
                // The first tick comes at once.
                biased;
                _ = ticks.tick() => self.renew(shard.owned(), &mut link).await,
                _ = changed.changed() => self.write_gone(shard.owned(), &mut link).await,
            };
            match written {
                Ok(()) => {}
                Err(source) if breaks_link(&source) => return Fault::Call { doing: "renew places", source },
                // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
                Err(error) => tracing::warn!(%error, "Redis refuses to note places"),
            }
            told.cancel();
        }
    }

    async fn renew(&self, owned: Partitions, link: &mut MultiplexedConnection) -> Result<(), RedisError> {
        self.write_gone(owned, link).await?;
        let names = |partition| lock(self.state.get(partition)).taken.keys().cloned().collect::<Vec<_>>();
        let names: Vec<Box<str>> = owned.iter().flat_map(names).collect();
        for names in names.chunks(BATCH) {
            let end = end(now(link).await?);
            self.routes.batch(&self.renewals(names, end), link).await?;
        }
        // Who left meanwhile may have been renewed.
        self.write_gone(owned, link).await
    }

    fn renewals(&self, names: &[Box<str>], end: i64) -> Vec<(Slot, Cmd)> {
        let mut renewals = Vec::with_capacity(2 * names.len());
        for name in names {
            let state = self.of(name);
            let Some(ids) = state.taken.get(name) else { continue };
            let (slot, key) = (Partition::of(name).slot(), self.layout.places(name));
            let mut add = cmd("ZADD");
            add.arg(&key);
            for id in ids {
                add.arg(end).arg(self.member(*id));
            }
            renewals.push((slot, add));
            renewals.push((slot, cmd("PEXPIRE").arg(&key).arg(TTL.as_millis() as u64).to_owned()));
        }
        renewals
    }

    async fn write_gone(
        &self,
        owned: Partitions,
        link: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        let gone = |partition| std::mem::take(&mut lock(self.state.get(partition)).gone);
        let gone: Vec<(Box<str>, u64)> = owned.iter().flat_map(gone).collect();
        for gone in gone.chunks(BATCH) {
            let removal = |(name, id): &(Box<str>, u64)| {
                let remove = cmd("ZREM").arg(self.layout.places(name)).arg(self.member(*id)).to_owned();
                (Partition::of(name).slot(), remove)
            };
            let removals: Vec<_> = gone.iter().map(removal).collect();
            self.routes.batch(&removals, link).await?;
        }
        Ok(())
    }
}

/// When a place that is renewed at `now` ends.
fn end(now: i64) -> i64 {
    now.saturating_add(i64::try_from(TTL.as_micros()).unwrap_or(i64::MAX))
}
