//! The life of the link to one Redis primary: connect, work, lose it, and again, without end.
//!
//! While it works it [sends](super::sender) what waits in the outbox for its partitions, [listens](super::listen)
//! to them, [hears itself](super::probe) every second and [renews](super::renewal)
//! leases. Anything that fails or is silent for too long ends it. A subscription that still hears
//! on the next connection is kept: a Redis that only paused loses nothing. What waited in the outbox
//! goes out once the other relays [listen again](super::gather).

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::audience::Audience;
use super::backoff::Backoff;
use super::dial::{Commands, Place};
use super::endpoint::Endpoint;
use super::events::Events;
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
use super::routes::Routes;
use super::shard::{Primary, Shard};
use super::stalls::Stalls;
use super::state::{Part, State};
use super::subscriber::Subscriber;
use super::{probe, renewal};
use crate::bus::counters::Tally;

/// A link, which works on what all links of a bus share.
pub(super) struct Link {
    /// Its number, which no other link of the process has or had.
    number: u64,
    place: Place,
    pub(super) shard: Arc<Shard>,
    shared: Arc<Shared>,
}

/// What the links of a bus work on; the bus has the other ends.
pub(super) struct Shared {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) routes: Arc<Routes>,
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
    pub(super) stalls: Arc<Stalls>,
    pub(super) tally: Arc<Tally>,
    pub(super) events: Events,
    /// Relays that were subscribed while a link last worked.
    pub(super) audience: Audience,
    /// Numbers of probes and probe channels so far.
    pub(super) numbers: AtomicU64,
}

/// What lasts from one connection to the next.
#[derive(Default)]
pub(super) struct History {
    pub(super) backoff: Backoff,
    /// Connections that ended since the link last worked.
    pub(super) failures: u32,
    /// The subscriptions, which may outlive a connection for commands.
    subscriber: Option<Subscriber>,
}

impl Deref for Link {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    /// A number that was not used before, from 1.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Link {
    /// A link to the primary at `place`, which was not dialed yet.
    pub(super) fn new(place: Place, shard: Arc<Shard>, shared: Arc<Shared>) -> Self {
        let number = shared.number();
        shared.state.awaits(Part::Link(number));
        Self { number, place, shard, shared }
    }

    /// Runs until `shutdown`, then sends what waits, if it can in a second.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut history = History::default();
        while !shutdown.is_cancelled() {
            let ended = self.live(&mut history, &shutdown).await;
            self.shard.connect(None);
            self.histories.leave(self.shard.owned());
            let Some(fault) = ended else { break };
            history.failures += 1;
            let wait = history.backoff.next();
            self.state.lost(self.part(), &self.endpoint.reason(&fault), wait);
            self.tally.reconnects.add(1);
            self.routes.look();
            if matches!(self.place, Place::Only) && self.endpoint.gives_up_after(history.failures) {
                tracing::error!(tries = history.failures, "Failed to connect to Redis");
                return;
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
        self.state.forget(self.part());
    }

    /// What the state knows it as.
    pub(super) fn part(&self) -> Part {
        Part::Link(self.number)
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
        let ended = self.work(&commands, &subscriber, history, shutdown).await;
        self.pool.forget(&commands.address);
        history.subscriber = Some(subscriber);
        ended.map(|fault| self.endpoint.at(&commands.address, fault))
    }

    /// Works until something fails, or until the shutdown.
    async fn work(
        &self,
        commands: &Commands,
        subscriber: &Subscriber,
        history: &mut History,
        shutdown: &CancellationToken,
    ) -> Option<Fault> {
        let connection = &commands.connection;
        let primary = Primary {
            commands: connection.clone(),
            address: commands.address.clone(),
            replid: commands.replid.as_deref().map(Arc::from),
            since: Instant::now(),
        };
        tracing::debug!(address = %primary.address, replid = primary.replid.as_deref(), "Redis primary found");
        self.shard.connect(Some(primary));
        // What this relay holds is told before it is heard of: others wait for it to know what is left.
        let told = CancellationToken::new();
        tokio::select! {
            () = commands.lost.cancelled() => Some(Fault::Closed),
            () = subscriber.lost.cancelled() => Some(Fault::Closed),
            fault = self.send(connection.clone()) => Some(fault),
            fault = after(&told, self.listen(subscriber, connection.clone())) => Some(fault),
            fault = after(&told, self.answer(subscriber, connection.clone())) => Some(fault),
            fault = self.probe(commands, subscriber, history) => Some(fault),
            fault = self.endpoint.replaced(commands) => Some(fault),
            fault = renewal::keep(self, connection.clone()) => Some(fault),
            fault = self.presence.keep(&self.shard, connection.clone()) => Some(fault),
            fault = self.histories.serve(&self.shard, connection.clone()) => Some(fault),
            fault = self.newest.keep(&self.shard, connection.clone()) => Some(fault),
            fault = self.places.keep(&self.shard, connection.clone(), &told) => Some(fault),
            never = self.pool.keep(&commands.address) => match never {},
            () = shutdown.cancelled() => {
                self.flush(connection.clone()).await;
                self.histories.flush(&self.shard, connection.clone()).await;
                None
            }
        }
    }

    /// Connects for commands, and for subscriptions unless the former ones still hear.
    async fn dial(&self, history: &mut History) -> Result<(Commands, Subscriber), Fault> {
        let commands = self.endpoint.commands(&self.place).await?;
        if let Some(former) = self.kept(&commands, history).await {
            return Ok((commands, former));
        }
        let Commands { address, .. } = &commands;
        let subscriber =
            Subscriber::dial(&self.endpoint, address, &self.inlet, &self.layout, self.number()).await?;
        let subscribed = subscriber.subscribe(self.shard.owned()).await;
        subscribed.map_err(|fault| self.endpoint.at(address, fault))?;
        Ok((commands, subscriber))
    }

    /// The former subscriptions, if they still hear. Otherwise they end here, before new ones are
    /// made: two at a time could overtake each other.
    async fn kept(&self, commands: &Commands, history: &mut History) -> Option<Subscriber> {
        let former = history.subscriber.take()?;
        if former.lost.is_cancelled() || former.address != commands.address {
            return None;
        }
        probe::hear(&commands.connection, &former, self.number()).await.ok()?;
        Some(former)
    }
}

/// Does `work` once it is `told`.
async fn after(told: &CancellationToken, work: impl Future<Output = Fault>) -> Fault {
    told.cancelled().await;
    work.await
}
