//! The bus of a cluster: Redis publish/subscribe between relays, and keys for leases.
//!
//! A published message waits in the [outbox], goes out in batches, and comes to the other relays
//! by the [inlet]; a [link] keeps the connections to a primary. There is one link to a Redis that is
//! alone or watched by [sentinels](sentinel), and one for each primary of a [cluster]. Messages cross
//! at most once per relay, and at least once as long as a relay stays subscribed: what is published
//! while it reconnects is lost to it, and counted as missed. Needs Redis 6.2 or newer (RESP3,
//! `GETEX`), and of its commands only those in `docs/redis.md`, on names that start with
//! `relay:<namespace>:` or `ws_conn_token:<namespace>:` (see [`layout`]).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use relay_contract::admin;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::audience::Sample;
use self::cluster::Cluster;
use self::dial::Place;
use self::endpoint::CALL_DEADLINE;
pub(super) use self::endpoint::Endpoint;
use self::events::Events;
use self::history::Histories;
use self::inlet::Inlet;
use self::intake::Intake;
use self::layout::Layout;
use self::leases::{LeaseError, Leases};
use self::link::{Link, Shared};
use self::newest::Newest;
use self::outbox::{Full, Outbox};
use self::partition::{Partition, Partitions};
use self::places::Places;
use self::pool::Pool;
use self::pool::PoolError;
use self::presence::Presence;
use self::roster::{Roster, RosterError};
use self::routes::{CallError, Route, Routes};
use self::shard::Shard;
use self::slot::{SLOTS, Slot};
use self::state::State;
use super::config::{PoolSize, Secret};
use super::counters::{Counters, Tally};
use super::remembered::Remembered;
use super::wire::{Frame, Origin};
use super::{
    Bus, BusError, Channel, Claim, Entry, History, Inbox, KEY_TTL, Log, Message, Namespace, Node, Position,
    Published, Recovered, Snapshot,
};

mod audience;
mod backoff;
mod cluster;
mod dial;
mod endpoint;
mod events;
mod fault;
mod history;
mod inlet;
mod intake;
mod layout;
mod leases;
mod link;
mod listen;
mod newest;
mod once;
mod order;
mod outbox;
mod partition;
mod places;
mod pool;
mod presence;
mod probe;
mod pulse;
mod redirect;
mod renewal;
mod roster;
mod routes;
mod sender;
mod sentinel;
mod shard;
mod slot;
mod snapshots;
mod state;
mod subscriber;
mod table;
mod time;

/// Longest that a call about a lease may take: its turn, and two commands.
const LEASE_DEADLINE: Duration = CALL_DEADLINE.saturating_mul(2);
/// Longest that one write of sessions may take.
const SNAPSHOTS_DEADLINE: Duration = Duration::from_secs(5);
/// Bytes that the name of a lease may have.
const MAX_LEASE_BYTES: usize = 1024;

/// Who a relay is in Redis, and what it keeps there.
pub(super) struct Identity {
    /// Whose relays hear each other.
    pub(super) namespace: Namespace,
    /// The name of this one.
    pub(super) node: String,
    /// Which messages are kept.
    pub(super) history: History,
}

/// The bus over Redis: one primary, or those of a Cluster.
pub(super) struct RedisBus {
    origin: Origin,
    outbox: Arc<Outbox>,
    leases: Arc<Leases>,
    presence: Arc<Presence>,
    newest: Arc<Newest>,
    places: Arc<Places>,
    pool: Arc<Pool>,
    intake: Intake,
    routes: Arc<Routes>,
    histories: Arc<Histories>,
    roster: Arc<Roster>,
    me: Node,
    /// Keys that came while Redis was away.
    remembered: Remembered,
    layout: Arc<Layout>,
    state: Arc<State>,
    tally: Arc<Tally>,
    shutdown: CancellationToken,
    ended: CancellationToken,
}

impl RedisBus {
    /// Starts the link, which runs until `shutdown`. Must be called inside of a Tokio runtime.
    pub(super) fn start(
        endpoint: Endpoint,
        pool: PoolSize,
        identity: Identity,
        inbox: Arc<dyn Inbox>,
        shutdown: CancellationToken,
    ) -> Self {
        let Identity { namespace, node, history } = identity;
        let origin = Origin { node, incarnation: rand::random() };
        let tally = Arc::<Tally>::default();
        let endpoint = Arc::new(endpoint);
        let layout = Arc::new(Layout::new(&namespace, endpoint.database()));
        let routes = Arc::new(Routes::new(Arc::clone(&endpoint)));
        let (incarnation, names) = (origin.incarnation, Arc::clone(&layout));
        let sharded = endpoint.sharded();
        let histories =
            Histories::new(history, names, sharded, Arc::clone(&inbox), incarnation, Arc::clone(&tally));
        let leases = Leases::new(&origin, Arc::clone(&layout), Arc::clone(&routes), Arc::clone(&inbox));
        let bus = Self {
            outbox: Arc::new(Outbox::new()),
            presence: Arc::new(Presence::new(
                leases.owner().to_owned(),
                Arc::clone(&layout),
                Arc::clone(&routes),
            )),
            intake: Intake::new(leases.owner(), &layout),
            newest: Arc::new(Newest::new(leases.owner().to_owned(), Arc::clone(&layout), Arc::clone(&inbox))),
            places: Arc::new(Places::new(leases.owner().to_owned(), Arc::clone(&layout))),
            leases: Arc::new(leases),
            roster: Arc::new(Roster::new(Arc::clone(&layout), Arc::clone(&routes))),
            me: Node::beginning(&origin.node, origin.incarnation),
            pool: Arc::new(Pool::new(Arc::clone(&endpoint), pool)),
            routes,
            histories: Arc::clone(&histories),
            remembered: Remembered::default(),
            layout: Arc::clone(&layout),
            state: Arc::default(),
            tally: Arc::clone(&tally),
            shutdown: shutdown.clone(),
            ended: CancellationToken::new(),
            origin,
        };
        let (origin, reads) = (bus.origin.clone(), bus.intake.reads());
        let inlet = Inlet::new(inbox, origin, reads, Arc::clone(&histories), Arc::clone(&tally));
        let shared = Arc::new(Shared {
            endpoint,
            layout,
            inlet: Arc::new(inlet),
            histories,
            routes: Arc::clone(&bus.routes),
            outbox: Arc::clone(&bus.outbox),
            leases: Arc::clone(&bus.leases),
            presence: Arc::clone(&bus.presence),
            newest: Arc::clone(&bus.newest),
            places: Arc::clone(&bus.places),
            pool: Arc::clone(&bus.pool),
            state: Arc::clone(&bus.state),
            tally,
            events: Events::default(),
            audience: AtomicU64::default(),
            numbers: AtomicU64::default(),
        });
        let ended = bus.ended.clone().drop_guard();
        let roster = Arc::clone(&bus.roster);
        tokio::spawn(async move {
            // Goodbye is said on the link, which therefore ends after it.
            let stop = CancellationToken::new();
            let keep = async {
                roster.keep(shutdown).await;
                stop.cancel();
            };
            tokio::join!(keep, run(shared, stop.clone()));
            drop(ended);
        });
        bus
    }

    /// Sends one command about `key` on a connection of the pool, unless it is known that there is
    /// no Redis.
    async fn ask<T: redis::FromRedisValue>(&self, key: &str, command: &redis::Cmd) -> Result<T, BusError> {
        let slot = Slot::of(key);
        let primary = self.routes.primary(slot).map_err(|_| unavailable(self.state.why()))?;
        match self.pool.call(&primary.address, command).await {
            Err(PoolError::Redis(error)) if self.routes.redirect(&error).is_some() => {
                let call = self.routes.call(slot, command);
                let answer = tokio::time::timeout(LEASE_DEADLINE, call).await;
                answer.unwrap_or(Err(error.into())).map_err(|error| unavailable(error.to_string()))
            }
            answer => answer.map_err(|error| unavailable(error.to_string())),
        }
    }

    fn encode(&self, message: &Message) -> Result<Frame, BusError> {
        if self.shutdown.is_cancelled() {
            return Err(unavailable("this relay is shutting down".to_owned()));
        }
        Frame::encode(&self.origin, message).map_err(|error| {
            self.tally.too_large.add(1);
            unavailable(error.to_string())
        })
    }

    fn full(&self) -> BusError {
        self.tally.outbox_full.add(1);
        let why = self.histories.refusal().unwrap_or_else(|| self.state.why());
        unavailable(format!("too many messages wait for it: {why}"))
    }

    /// Publishes a message that no history keeps, unless its key is known: the key is noted first,
    /// and forgotten if nothing is sent under it.
    async fn publish_unkept_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        let channel = message.channel.as_str();
        let key = self.layout.once(Partition::of(channel), channel, key);
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(&message.id).arg("NX").arg("EX").arg(KEY_TTL.as_secs());
        // Nobody to ask: it is taken to be new.
        let duplicate = matches!(self.ask::<Option<String>>(&key, &set).await, Ok(None));
        if !duplicate && let Err(error) = self.publish(message).await {
            // A key that stays ends by itself.
            let _ = self.ask::<u64>(&key, redis::cmd("DEL").arg(&key)).await;
            return Err(error);
        }
        Ok(Published { duplicate })
    }

    /// Why the roster does not answer.
    fn silent(&self, error: &RosterError) -> BusError {
        unavailable(match error {
            RosterError::NoLink(_) => self.state.why(),
            RosterError::Redis(error) => error.to_string(),
        })
    }

    /// Makes a call about `lease` within its deadline.
    async fn about<T>(
        &self,
        lease: &str,
        call: impl Future<Output = Result<T, LeaseError>>,
    ) -> Result<T, BusError> {
        if lease.len() > MAX_LEASE_BYTES {
            return Err(unavailable(format!("a lease of {} bytes has too long a name", lease.len())));
        }
        match tokio::time::timeout(LEASE_DEADLINE, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(LeaseError::Call(CallError::NoLink(_)))) => Err(unavailable(self.state.why())),
            Ok(Err(error)) => Err(unavailable(error.to_string())),
            Err(_) => Err(unavailable(format!("no answer within {} ms", LEASE_DEADLINE.as_millis()))),
        }
    }
}

/// Runs the links to Redis until `shutdown`: one to the only primary, or one for each of a Cluster.
async fn run(shared: Arc<Shared>, shutdown: CancellationToken) {
    if shared.endpoint.sharded() {
        return Cluster::new(shared).run(shutdown).await;
    }
    let shard = Arc::new(Shard::new(Partitions::ALL));
    shared.outbox.assign(Partitions::ALL, &shard.filled);
    let route = |last| Route { last, shard: Some(Arc::clone(&shard)) };
    shared.routes.set(Slot::new(SLOTS - 1).map(route).into_iter().collect());
    Link::new(Place::Only, shard, shared).run(shutdown).await;
}

fn unavailable(why: String) -> BusError {
    BusError::Unavailable(why)
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError> {
        let frame = self.encode(&message)?;
        if self.keeps(&message.channel) {
            return self.histories.publish(&message, frame, None).map_err(|Full| self.full());
        }
        self.outbox.push(Partition::of(message.channel.as_str()), frame).map_err(|Full| self.full())
    }

    async fn publish_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        if !self.keeps(&message.channel) {
            return self.publish_unkept_once(message, key).await;
        }
        let frame = self.encode(&message)?;
        let (asker, asked) = oneshot::channel();
        self.histories.publish(&message, frame, Some((key, asker))).map_err(|Full| self.full())?;
        // No answer yet is no refusal: it waits, and is left out later if it must be.
        let answer = tokio::time::timeout(CALL_DEADLINE, asked).await;
        Ok(Published { duplicate: matches!(answer, Ok(Ok(true))) })
    }

    fn keeps(&self, channel: &Channel) -> bool {
        self.histories.log(channel).is_some()
    }

    fn follow(&self, log: &Log, here: bool) {
        self.histories.follow(log, here);
    }

    async fn recover(&self, log: &Log, since: Option<Position>) -> Result<Recovered, BusError> {
        self.histories.recover(log, since).await.map_err(unavailable)
    }

    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        self.about(lease, self.leases.claim(lease)).await
    }

    async fn release(&self, lease: &str) {
        if let Err(error) = self.about(lease, self.leases.release(lease)).await {
            tracing::debug!(lease, %error, "a lease was not given back and ends by itself");
        }
    }

    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError> {
        self.about(lease, self.leases.holder(lease)).await
    }

    async fn take_newest(&self, name: &str, id: u64) -> Result<i64, BusError> {
        self.about(name, self.newest.take(name, id, self.routes.commands(Partition::of(name)))).await
    }

    async fn leave_newest(&self, name: &str, id: u64) {
        if let Err(error) =
            self.about(name, self.newest.leave(name, id, self.routes.commands(Partition::of(name)))).await
        {
            tracing::debug!(name, %error, "a name was not given back and ends by itself");
        }
    }

    async fn take_place(&self, name: &str, id: u64, limit: u32) -> Result<bool, BusError> {
        self.places.want(name, id);
        let ask = async {
            let link = self.routes.commands(Partition::of(name))?;
            Ok(self.places.take(name, id, limit, link).await?)
        };
        self.about(name, ask).await
    }

    fn leave_place(&self, name: &str, id: u64) {
        self.places.leave(name, id);
    }

    fn note(&self, channel: &Channel, here: bool) {
        self.presence.note(channel.as_str(), here);
    }

    async fn elsewhere(&self, channel: &Channel) -> Result<bool, BusError> {
        let ask = async { Ok(self.presence.elsewhere(channel.as_str()).await?) };
        self.about(channel.as_str(), ask).await
    }

    fn now(&self) -> jiff::Timestamp {
        self.newest.time()
    }

    async fn remember(&self, key: &str, value: &str, ttl: Duration) -> Result<Option<String>, BusError> {
        let key = self.layout.done(key);
        if self.routes.is_away(&key) {
            return self.remembered.keep(&key, value, ttl);
        }
        for _ in 0..once::TRIES {
            if self.ask(&key, &once::begin(&key, value, ttl)).await? {
                return Ok(None);
            }
            if let Some(known) = self.ask(&key, redis::cmd("GET").arg(&key)).await? {
                return Ok(Some(known));
            }
        }
        Err(unavailable("the key changes hands too fast".to_owned()))
    }

    async fn amend(&self, key: &str, value: Option<&str>, ttl: Duration) {
        let key = self.layout.done(key);
        self.remembered.amend(&key, value, ttl);
        if let Err(error) = self.ask::<()>(&key, &once::amend(&key, value, ttl)).await {
            tracing::debug!(%error, "what is known of a key could not be changed");
        }
    }

    async fn keep_token(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let key = self.layout.token(token);
        self.ask(&key, redis::cmd("SET").arg(&key).arg(value).arg("EX").arg(ttl.as_secs())).await
    }

    async fn take_token(&self, token: &str) -> Result<Option<String>, BusError> {
        let key = self.layout.token(token);
        self.ask(&key, redis::cmd("GETDEL").arg(&key)).await
    }

    async fn keep_session(&self, player: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let key = self.layout.session(player);
        self.ask(&key, redis::cmd("SET").arg(&key).arg(value).arg("EX").arg(ttl.as_secs().max(1))).await
    }

    async fn session(&self, player: &str) -> Result<Option<String>, BusError> {
        let key = self.layout.session(player);
        self.ask(&key, redis::cmd("GET").arg(&key)).await
    }

    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        let routed = snapshots.iter().map(|snapshot| {
            let link = self.routes.commands(Partition::of(&snapshot.id));
            link.map(|link| (snapshot, self.layout.snapshot(&snapshot.id), link))
        });
        let each = routed.collect::<Result<Vec<_>, _>>().map_err(|_| unavailable(self.state.why()))?;
        match tokio::time::timeout(SNAPSHOTS_DEADLINE, snapshots::keep_all(each)).await {
            Ok(kept) => kept.map_err(|error| unavailable(error.to_string())),
            Err(_) => Err(unavailable(format!("no answer within {} s", SNAPSHOTS_DEADLINE.as_secs()))),
        }
    }

    async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
        let key = self.layout.snapshot(id);
        let answer = self.ask(&key, &snapshots::revive(&key)).await?;
        Ok(snapshots::revived(id, answer))
    }

    async fn tell_workers(&self, task: String) -> Result<u64, BusError> {
        let channel = self.layout.tasks();
        let mut listeners: u64 = self.ask(&channel, redis::cmd("PUBLISH").arg(&channel).arg(task)).await?;
        // A node of a Cluster passes it on to all others, and counts its own subscribers only.
        let here = self.routes.primary(Slot::of(&channel)).ok().map(|primary| primary.address);
        for primary in self.routes.primaries() {
            if Some(&primary.address) != here.as_ref() {
                let sample = Sample { channel: &channel, sharded: false };
                let count = audience::count(sample, &mut primary.commands.clone()).await;
                listeners += count.ok().flatten().unwrap_or(0);
            }
        }
        Ok(listeners)
    }

    async fn entries(&self) -> Vec<Entry> {
        self.intake.entries(self).await
    }

    async fn done(&self, entries: Vec<Entry>) {
        self.intake.done(self, entries).await;
    }

    async fn settled(&self) {
        self.outbox.settled().await;
        self.histories.settled().await;
    }

    fn announce(&self, address: Option<String>) {
        self.roster.announce(Node { address, ..self.me.clone() });
    }

    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        self.roster.nodes().await.map_err(|error| self.silent(&error))
    }

    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        self.roster.secret().await.map(Some).map_err(|error| self.silent(&error))
    }

    fn status(&self) -> admin::Bus {
        let refusal = self.histories.refusal();
        self.state.with(refusal)
    }

    fn counters(&self) -> Counters {
        let ((items, bytes), (kept, kept_bytes)) = (self.outbox.fill(), self.histories.fill());
        self.tally.snapshot(items + kept, bytes + kept_bytes)
    }

    async fn closed(&self) {
        self.ended.cancelled().await;
        self.intake.leave(self).await;
    }
}
