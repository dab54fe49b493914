//! Which nodes have connections of a channel, for those who must know whether anyone is there.
//!
//! A channel that is present somewhere is a set of the processes that have connections of it.
//! Whoever is in it renews the whole set; it ends by itself [`TTL`] after the last renewal. So a
//! node that died is forgotten as soon as nobody else is there, and while somebody is, its entry
//! changes no answer. No clocks are compared and no scripts are run.
//!
//! Nobody waits for Redis here: comings and goings are noted, and one task per link writes those of
//! its partitions in batches.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::Cmd;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::fault::{Fault, breaks_link};
use super::layout::Layout;
use super::partition::{Partition, Partitions, PerPartition};
use super::routes::{CallError, Routes};
use super::shard::Shard;
use super::slot::Slot;
use crate::sync::lock;

/// Time after which what nobody renews is forgotten.
const TTL: Duration = Duration::from_secs(30);
/// Time between renewals: two may fail before a presence is forgotten.
const RENEWAL: Duration = Duration::from_secs(10);
/// Channels that are written with one round trip.
const BATCH: usize = 512;
/// Comings and goings that may wait. Beyond it a coming waits for the next renewal, and a going
/// for its end.
const MAX_CHANGES: usize = 64 * 1024;

/// The channels that are present on this node.
pub(super) struct Presence {
    owner: String,
    layout: Arc<Layout>,
    routes: Arc<Routes>,
    state: Mutex<State>,
    /// Told of each change; each link looks for its own.
    changed: watch::Sender<()>,
}

/// Bounded by the connections of this node, and by [`MAX_CHANGES`].
struct State {
    partitions: PerPartition<Channels>,
    /// Changes in all partitions.
    changes: usize,
}

#[derive(Default)]
struct Channels {
    here: HashSet<Box<str>>,
    /// Channels that came or went since the last write.
    changes: HashSet<Box<str>>,
}

impl Presence {
    /// Presence of the process called `owner`.
    pub(super) fn new(owner: String, layout: Arc<Layout>, routes: Arc<Routes>) -> Self {
        let state = State { partitions: PerPartition::new(|_| Channels::default()), changes: 0 };
        Self { owner, layout, routes, state: Mutex::new(state), changed: watch::Sender::default() }
    }

    /// Notes that `channel` has connections here, or has no more.
    pub(super) fn note(&self, channel: &str, here: bool) {
        let mut state = lock(&self.state);
        let room = state.changes < MAX_CHANGES;
        let channels = state.partitions.get_mut(Partition::of(channel));
        if here {
            channels.here.insert(channel.into());
        } else {
            channels.here.remove(channel);
        }
        if room && channels.changes.insert(channel.into()) {
            state.changes += 1;
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Whether another process has connections of `channel`.
    pub(super) async fn elsewhere(&self, channel: &str) -> Result<bool, CallError> {
        let mut ask = redis::cmd("SMEMBERS");
        ask.arg(self.layout.presence(channel));
        let owners: Vec<String> = self.routes.call(Partition::of(channel).slot(), &ask).await?;
        Ok(owners.iter().any(|owner| *owner != self.owner))
    }

    /// Writes what changes in the partitions of `shard`, and renews all of it now and every
    /// [`RENEWAL`], until the connection breaks.
    pub(super) async fn keep(&self, shard: &Shard, mut link: MultiplexedConnection) -> Fault {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changed = self.changed.subscribe();
        loop {
            let channels = tokio::select! {
                _ = ticks.tick() => self.all(shard.owned()),
                _ = changed.changed() => self.changes(shard.owned()),
            };
            for channels in channels.chunks(BATCH) {
                match self.routes.batch(&self.write(channels), &mut link).await {
                    Ok(_) => {}
                    Err(source) if breaks_link(&source) => {
                        return Fault::Call { doing: "tell who is here", source };
                    }
                    // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
                    Err(error) => tracing::warn!(%error, "Redis refuses to note who is here"),
                }
            }
        }
    }

    fn all(&self, partitions: Partitions) -> Vec<Box<str>> {
        let state = lock(&self.state);
        let channels = partitions.iter().map(|partition| state.partitions.get(partition));
        channels.flat_map(|channels| channels.here.union(&channels.changes)).cloned().collect()
    }

    fn changes(&self, partitions: Partitions) -> Vec<Box<str>> {
        let mut state = lock(&self.state);
        let mut all = Vec::new();
        for partition in partitions.iter() {
            all.extend(state.partitions.get_mut(partition).changes.drain());
        }
        state.changes = state.changes.saturating_sub(all.len());
        all
    }

    /// The commands that make Redis know what is true of `channels` now.
    fn write(&self, channels: &[Box<str>]) -> Vec<(Slot, Cmd)> {
        let state = lock(&self.state);
        let mut commands = Vec::with_capacity(2 * channels.len());
        for channel in channels {
            let (partition, key) = (Partition::of(channel), self.layout.presence(channel));
            let here = state.partitions.get(partition).here.contains(channel);
            let mut write = |name, arg: &str| {
                let mut command = redis::cmd(name);
                command.arg(&key).arg(arg);
                commands.push((partition.slot(), command));
            };
            if here {
                write("SADD", &self.owner);
                write("PEXPIRE", &TTL.as_millis().to_string());
            } else {
                write("SREM", &self.owner);
            }
        }
        commands
    }
}
