//! Which nodes have connections of a channel, for those who must know whether anyone is there.
//!
//! A channel that is present somewhere is a set of the processes that have connections of it.
//! Whoever is in it renews the whole set; it ends by itself [`TTL`] after the last renewal. So a
//! node that died is forgotten as soon as nobody else is there, and while somebody is, its entry
//! changes no answer. No clocks are compared and no scripts are run.
//!
//! Nobody waits for Redis here: comings and goings are noted, and one task writes them in batches.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::fault::{Fault, breaks_link};
use super::layout::Layout;
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
    state: Mutex<State>,
    changed: Notify,
}

/// Bounded by the connections of this node, and by [`MAX_CHANGES`].
#[derive(Default)]
struct State {
    here: HashSet<Box<str>>,
    /// Channels that came or went since the last write.
    changes: HashSet<Box<str>>,
}

impl Presence {
    /// Presence of the process called `owner`.
    pub(super) fn new(owner: String, layout: Arc<Layout>) -> Self {
        Self { owner, layout, state: Mutex::default(), changed: Notify::new() }
    }

    /// Notes that `channel` has connections here, or has no more.
    pub(super) fn note(&self, channel: &str, here: bool) {
        let mut state = lock(&self.state);
        if here {
            state.here.insert(channel.into());
        } else {
            state.here.remove(channel);
        }
        if state.changes.len() < MAX_CHANGES {
            state.changes.insert(channel.into());
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Whether another process has connections of `channel`.
    pub(super) async fn elsewhere(
        &self,
        channel: &str,
        mut link: MultiplexedConnection,
    ) -> Result<bool, RedisError> {
        let mut ask = redis::cmd("SMEMBERS");
        let owners: Vec<String> = ask.arg(self.layout.presence(channel)).query_async(&mut link).await?;
        Ok(owners.iter().any(|owner| *owner != self.owner))
    }

    /// Writes what changes, and renews all now and every [`RENEWAL`], until the connection breaks.
    pub(super) async fn keep(&self, mut link: MultiplexedConnection) -> Fault {
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let channels: Vec<Box<str>> = tokio::select! {
                _ = ticks.tick() => self.all(),
                () = self.changed.notified() => lock(&self.state).changes.drain().collect(),
            };
            for channels in channels.chunks(BATCH) {
                match self.write(channels).exec_async(&mut link).await {
                    Ok(()) => {}
                    Err(source) if breaks_link(&source) => {
                        return Fault::Call { doing: "tell who is here", source };
                    }
                    // Such as `OOM` or `NOPERM`: messages still cross, so the connection is kept.
                    Err(error) => tracing::warn!(%error, "Redis refuses to note who is here"),
                }
            }
        }
    }

    fn all(&self) -> Vec<Box<str>> {
        let state = lock(&self.state);
        state.here.union(&state.changes).cloned().collect()
    }

    /// The commands that make Redis know what is true of `channels` now.
    fn write(&self, channels: &[Box<str>]) -> Pipeline {
        let state = lock(&self.state);
        let mut pipeline = Pipeline::with_capacity(2 * channels.len());
        for channel in channels {
            let key = self.layout.presence(channel);
            if state.here.contains(channel) {
                pipeline.cmd("SADD").arg(&key).arg(&self.owner).ignore();
                pipeline.cmd("PEXPIRE").arg(&key).arg(TTL.as_millis() as u64).ignore();
            } else {
                pipeline.cmd("SREM").arg(&key).arg(&self.owner).ignore();
            }
        }
        pipeline
    }
}
