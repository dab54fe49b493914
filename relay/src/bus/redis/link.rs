//! The life of the link to one Redis primary: connect, work, lose it, and again, without end.
//!
//! While it works it [sends](super::sender) the outbox, [hears itself](super::probe) every second
//! and [renews](super::renewal) leases. Anything that fails or is silent for too long ends it. A
//! subscription that still hears on the next connection is kept: a Redis that only paused loses
//! nothing. What waited in the outbox goes out once the other relays
//! [listen again](super::audience).

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::dial::{Commands, Endpoint, Subscriber};
use super::fault::Fault;
use super::history::Histories;
use super::inlet::Inlet;
use super::layout::Layout;
use super::leases::Leases;
use super::newest::Newest;
use super::outbox::Outbox;
use super::places::Places;
use super::pool::Pool;
use super::presence::Presence;
use super::shard::Shard;
use super::state::State;
use super::{probe, renewal};
use crate::bus::counters::Tally;

/// What the link works on; the bus has the other ends.
pub(super) struct Link {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) shard: Arc<Shard>,
    pub(super) layout: Arc<Layout>,
    pub(super) inlet: Arc<Inlet>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) leases: Arc<Leases>,
    pub(super) presence: Arc<Presence>,
    pub(super) newest: Arc<Newest>,
    pub(super) places: Arc<Places>,
    pub(super) pool: Arc<Pool>,
    pub(super) histories: Arc<Histories>,
    pub(super) state: Arc<State>,
    pub(super) tally: Arc<Tally>,
}

/// What lasts from one connection to the next.
#[derive(Default)]
pub(super) struct History {
    pub(super) backoff: Backoff,
    /// Connections that ended since the link last worked.
    pub(super) failures: u32,
    /// Connections that were subscribed when the link last worked; zero before.
    pub(super) audience: u64,
    /// Probes and probe channels so far.
    numbers: u64,
    /// The subscriptions, which may outlive a connection for commands.
    subscriber: Option<Subscriber>,
}

impl History {
    /// A number that was not used before, from 1.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

impl Link {
    /// Runs until `shutdown`, then sends what waits, if it can in a second.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut history = History::default();
        while !shutdown.is_cancelled() {
            let ended = self.live(&mut history, &shutdown).await;
            self.shard.connect(None);
            self.histories.leave(self.shard.owned());
            let Some(fault) = ended else { break };
            self.tally.reconnects.add(1);
            history.failures += 1;
            let wait = history.backoff.next();
            self.state.lost(&self.endpoint.reason(&fault), wait);
            if self.endpoint.gives_up_after(history.failures) {
                tracing::error!(tries = history.failures, "Failed to connect to Redis");
                return;
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// One connection from dial to end. Answers why it ended, or nothing at shutdown.
    async fn live(&self, history: &mut History, shutdown: &CancellationToken) -> Option<Fault> {
        let dialed = tokio::select! {
            dialed = self.dial(history) => dialed,
            () = shutdown.cancelled() => return None,
        };
        let (commands, subscriber) = match dialed {
            Ok(connections) => connections,
            Err(fault) => return Some(fault),
        };
        let connection = &commands.connection;
        self.shard.connect(Some(connection.clone()));
        let ended = tokio::select! {
            () = commands.lost.cancelled() => Some(Fault::Closed),
            () = subscriber.lost.cancelled() => Some(Fault::Closed),
            fault = self.send(connection.clone(), history.audience) => Some(fault),
            fault = self.probe(connection, &subscriber, history) => Some(fault),
            fault = renewal::keep(&self.leases, &self.shard, connection.clone(), &self.tally) => Some(fault),
            fault = self.presence.keep(&self.shard, connection.clone()) => Some(fault),
            fault = self.histories.serve(&self.shard, connection.clone()) => Some(fault),
            fault = self.newest.keep(&self.shard, connection.clone()) => Some(fault),
            fault = self.places.keep(&self.shard, connection.clone()) => Some(fault),
            never = self.pool.keep() => match never {},
            () = shutdown.cancelled() => {
                self.flush(connection.clone()).await;
                self.histories.flush(&self.shard, connection.clone()).await;
                None
            }
        };
        history.subscriber = Some(subscriber);
        ended
    }

    /// Connects for commands, and for subscriptions unless the former ones still hear.
    async fn dial(&self, history: &mut History) -> Result<(Commands, Subscriber), Fault> {
        let commands = self.endpoint.commands().await?;
        let subscriber = match self.kept(&commands.connection, history).await {
            Some(former) => former,
            None => self.endpoint.subscriber(&self.inlet, &self.layout, history.number()).await?,
        };
        Ok((commands, subscriber))
    }

    /// The former subscriptions, if they still hear. Otherwise they end here, before new ones are
    /// made: two at a time could overtake each other.
    async fn kept(&self, connection: &MultiplexedConnection, history: &mut History) -> Option<Subscriber> {
        let former = history.subscriber.take().filter(|former| !former.lost.is_cancelled())?;
        probe::hear(connection, &former, history.number()).await.ok()?;
        Some(former)
    }
}
