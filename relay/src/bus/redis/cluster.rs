//! Follows a Redis Cluster: one link for each primary that has slots.
//!
//! Who has what is asked when something is not where it should be, again and again while a link is
//! lost, and now and then anyway. What waits in the outbox for a partition moves with it, because
//! it belongs to the partition and not to the link.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use relay_contract::admin::BusState;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::dial::Place;
use super::endpoint::{CALL_DEADLINE, Endpoint};
use super::fault::Fault;
use super::link::{Link, Shared};
use super::partition::Partitions;
use super::routes::Route;
use super::shard::Shard;
use super::state::Part;
use super::table::Table;
use crate::bus::config::Address;

/// Time between two looks when all is well.
const CALM: Duration = Duration::from_secs(30);
/// The same while something is wrong.
const WATCHFUL: Duration = Duration::from_millis(500);
/// Least time between two looks, whatever happens.
const LEAST: Duration = Duration::from_millis(100);
/// Longest that is waited for the views of other nodes after the first.
const OTHER_VIEWS: Duration = Duration::from_millis(200);

/// The links to a Cluster.
pub(super) struct Cluster {
    shared: Arc<Shared>,
    links: HashMap<Address, Running>,
    tasks: JoinSet<()>,
}

struct Running {
    shard: Arc<Shard>,
    stop: CancellationToken,
}

/// What one node says.
struct View {
    /// Grows with each election: a node that was cut off has a lower one.
    epoch: u64,
    /// Whether the node serves keys.
    serves: bool,
    table: Table,
}

impl Cluster {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, links: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Runs until `shutdown`, and until the links have sent what they could.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let (mut backoff, mut failures) = (Backoff::default(), 0);
        while !shutdown.is_cancelled() {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = shutdown.cancelled() => break,
            };
            let wait = match looked {
                Ok(view) => {
                    (backoff, failures) = (Backoff::default(), 0);
                    self.apply(&view, &shutdown)
                }
                Err(fault) => {
                    failures += 1;
                    let wait = backoff.next();
                    let reason = self.shared.endpoint.reason(&fault);
                    self.shared.state.lost(Part::Topology, &reason, wait);
                    wait
                }
            };
            if self.shared.endpoint.gives_up_after(failures) {
                tracing::error!(tries = failures, "Failed to connect to Redis");
                break;
            }
            tokio::select! {
                () = self.pause(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
        self.tasks.join_all().await;
    }

    /// Waits until it is time to look again.
    async fn pause(&self, wait: Duration) {
        sleep(LEAST.mul_f64(rand::random_range(1.0..=2.0))).await;
        tokio::select! {
            () = sleep(wait.mul_f64(rand::random_range(0.75..=1.0))) => {}
            () = self.shared.routes.trouble() => {}
        }
    }

    /// Takes a view for the truth. Answers how long it may be.
    fn apply(&mut self, view: &View, shutdown: &CancellationToken) -> Duration {
        let Self { shared, links, tasks } = self;
        let primaries = view.table.primaries();
        let gone: Vec<Address> =
            links.keys().filter(|address| !primaries.contains(address)).cloned().collect();
        for running in gone.iter().filter_map(|address| links.remove(address)) {
            running.shard.own(Partitions::NONE);
            running.stop.cancel();
        }
        for address in primaries {
            let owned = view.table.partitions(address);
            let running =
                links.entry(address.clone()).or_insert_with(|| start(shared, address, tasks, shutdown));
            shared.outbox.assign(owned, &running.shard.filled);
            running.shard.own(owned);
        }
        while tasks.try_join_next().is_some() {}
        self.shared.routes.set(self.routes(&view.table));
        self.judge(view)
    }

    fn routes(&self, table: &Table) -> Vec<Route> {
        let shard = |address| self.links.get(address).map(|running| Arc::clone(&running.shard));
        let ranges = table.ranges().iter();
        ranges
            .map(|range| Route { last: range.last, shard: range.primary.as_ref().and_then(shard) })
            .collect()
    }

    /// Tells the state, and how soon to look again.
    fn judge(&self, view: &View) -> Duration {
        let state = &self.shared.state;
        if view.serves && view.table.is_whole() {
            state.forget(Part::Topology);
        } else {
            state.lost(Part::Topology, &self.shared.endpoint.reason(&Fault::Unserved), WATCHFUL);
        }
        if state.current().state == BusState::Ok { CALM } else { WATCHFUL }
    }

    /// Asks who has what: the nodes that there are links to, or else those that are known or named.
    async fn look(&self) -> Result<View, Fault> {
        let primaries = self.shared.routes.primaries();
        let mut views = JoinSet::new();
        for primary in primaries {
            views.spawn(async move { ask(primary.commands, &primary.address).await });
        }
        match newest(views).await {
            Ok(view) => return Ok(view),
            Err(fault) => tracing::debug!(%fault, "no link of the Cluster knows who has what"),
        }
        let mut views = JoinSet::new();
        let mut known: Vec<&Address> =
            self.links.keys().chain(self.shared.endpoint.servers().addresses()).collect();
        known.sort();
        known.dedup();
        for address in known {
            views.spawn(dial_and_ask(Arc::clone(&self.shared.endpoint), address.clone()));
        }
        newest(views).await
    }
}

/// The newest of the views that come within a moment of the first, or the last fault.
async fn newest(mut views: JoinSet<Result<View, Fault>>) -> Result<View, Fault> {
    let (mut best, mut last): (Option<View>, _) = (None, Fault::Unserved);
    loop {
        let wait = if best.is_some() { OTHER_VIEWS } else { 4 * CALL_DEADLINE };
        match tokio::time::timeout(wait, views.join_next()).await {
            Ok(Some(Ok(Ok(view)))) => {
                let rank = |view: &View| (view.serves, view.epoch);
                if best.as_ref().is_none_or(|best| rank(best) < rank(&view)) {
                    best = Some(view);
                }
            }
            Ok(Some(Ok(Err(fault)))) => last = fault,
            Ok(Some(Err(_))) => {}
            Ok(None) | Err(_) => return best.ok_or(last),
        }
    }
}

async fn dial_and_ask(endpoint: Arc<Endpoint>, address: Address) -> Result<View, Fault> {
    let asked = async {
        let connection = endpoint.connect(&address, |_| Ok(())).await?;
        ask(connection, &address).await
    };
    asked.await.map_err(|fault| endpoint.at(&address, fault))
}

async fn ask(mut connection: MultiplexedConnection, address: &Address) -> Result<View, Fault> {
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.cmd("CLUSTER").arg("INFO").cmd("CLUSTER").arg("SLOTS");
    let (info, slots): (String, Value) =
        pipeline.query_async(&mut connection).await.map_err(Fault::call("ask who has what"))?;
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name));
    let epoch = field("cluster_current_epoch:").and_then(|epoch| epoch.trim().parse().ok()).unwrap_or(0);
    let serves = field("cluster_state:").is_some_and(|state| state.trim() == "ok");
    let table = Table::parse(&slots, address).ok_or(Fault::Unserved)?;
    Ok(View { epoch, serves, table })
}

fn start(
    shared: &Arc<Shared>,
    address: &Address,
    tasks: &mut JoinSet<()>,
    shutdown: &CancellationToken,
) -> Running {
    let (shard, stop) = (Arc::new(Shard::new(Partitions::NONE)), shutdown.child_token());
    let place = Place::Node(address.clone());
    let link = Link::new(place, Arc::clone(&shard), Arc::clone(shared));
    tasks.spawn(link.run(stop.clone()));
    Running { shard, stop }
}
