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

use tokio_util::sync::CancellationToken;

pub(super) use self::account::Account;
use self::audience::Audience;
use self::cluster::Cluster;
use self::dial::Place;
pub(super) use self::endpoint::Endpoint;
use self::events::Events;
use self::gone::Gone;
use self::history::Histories;
use self::inlet::Inlet;
use self::intake::Intake;
use self::layout::Layout;
use self::leases::Leases;
use self::link::{Link, Shared};
use self::newest::Newest;
use self::outbox::Outbox;
use self::partition::Partitions;
use self::places::Places;
use self::pool::Pool;
use self::presence::Presence;
use self::roster::Roster;
use self::routes::{Route, Routes};
use self::shard::Shard;
use self::slot::{SLOTS, Slot};
use self::stalls::Stalls;
use self::state::State;
use super::config::PoolSize;
use super::counters::Tally;
use super::remembered::Remembered;
use super::wire::Origin;
use super::{Inbox, Namespace, Node, Policy};

mod account;
mod audience;
mod backoff;
mod calls;
mod cluster;
mod dial;
mod endpoint;
mod events;
mod fault;
mod gather;
mod gone;
mod hearing;
mod history;
mod inlet;
mod intake;
mod knock;
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
mod stalls;
mod state;
mod subscriber;
mod table;
mod time;

/// Who a relay is in Redis, and what it keeps there.
pub(super) struct Identity {
    /// Whose relays hear each other.
    pub(super) namespace: Namespace,
    /// The name of this one.
    pub(super) node: String,
    /// Which messages are kept.
    pub(super) policy: Policy,
}

/// The bus over Redis: one primary, or those of a Cluster.
pub(super) struct RedisBus {
    origin: Origin,
    outbox: Arc<Outbox>,
    leases: Arc<Leases>,
    gone: Arc<Gone>,
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
    stalls: Arc<Stalls>,
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
        let Identity { namespace, node, policy } = identity;
        let origin = Origin { node, incarnation: rand::random() };
        let tally = Arc::<Tally>::default();
        let endpoint = Arc::new(endpoint);
        let layout = Arc::new(Layout::new(&namespace, endpoint.database()));
        let routes = Arc::new(Routes::new(Arc::clone(&endpoint)));
        let (incarnation, names, way) = (origin.incarnation, Arc::clone(&layout), Arc::clone(&routes));
        let (sharded, to, counts) = (endpoint.sharded(), Arc::clone(&inbox), Arc::clone(&tally));
        let histories = Histories::new(policy, names, sharded, way, to, incarnation, counts);
        let leases = Leases::new(&origin, Arc::clone(&layout), Arc::clone(&routes), Arc::clone(&inbox));
        let bus = Self {
            outbox: Arc::new(Outbox::new()),
            presence: Arc::new(Presence::new(
                leases.owner().to_owned(),
                Arc::clone(&layout),
                Arc::clone(&routes),
            )),
            intake: Intake::new(leases.owner(), &layout),
            newest: Arc::new(Newest::new(
                leases.owner().to_owned(),
                Arc::clone(&layout),
                Arc::clone(&routes),
                Arc::clone(&inbox),
            )),
            places: Arc::new(Places::new(
                leases.owner().to_owned(),
                Arc::clone(&layout),
                Arc::clone(&routes),
            )),
            leases: Arc::new(leases),
            gone: Gone::new(Arc::clone(&layout), Arc::clone(&routes)),
            roster: Arc::new(Roster::new(Arc::clone(&layout), Arc::clone(&routes))),
            me: Node::beginning(&origin.node, origin.incarnation),
            pool: Arc::new(Pool::new(Arc::clone(&endpoint), pool)),
            routes,
            histories: Arc::clone(&histories),
            remembered: Remembered::default(),
            layout: Arc::clone(&layout),
            state: Arc::default(),
            stalls: Arc::default(),
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
            stalls: Arc::clone(&bus.stalls),
            tally,
            events: Events::default(),
            audience: Audience::default(),
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
            let watch = stop.run_until_cancelled(stalls::watch(Arc::clone(&shared)));
            tokio::join!(keep, run(shared, stop.clone()), watch);
            drop(ended);
        });
        bus
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
