//! Which primary has which slot, and calls about keys wherever they are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, Value};
use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};

use super::dial::Commands;
use super::endpoint::Endpoint;
use super::fault;
use super::partition::{Partition, PerPartition};
use super::redirect::{self, Redirect};
use super::shard::{Primary, Shard};
use super::slot::Slot;
use crate::bus::config::Address;
use crate::sync::lock;

/// Time between two tries of a call whose key is on its way.
const RETRY: Duration = Duration::from_millis(50);
/// Longest that is waited for one primary before it is looked whether another has its place.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// Tries of such a call; those who wait for it have a deadline besides.
const TRIES: usize = 40;
/// Connections to nodes that slots move to, and that may have none yet.
const MAX_VISITS: usize = 16;

/// The way to each slot; it may change at any time.
pub(super) struct Routes {
    table: ArcSwap<Vec<Route>>,
    endpoint: Arc<Endpoint>,
    trouble: Notify,
    /// Connections for keys that have moved before their slot.
    visits: Mutex<HashMap<Address, Commands>>,
    /// What a Cluster said last of where a partition is, when it was not where it should be.
    strayed: std::sync::Mutex<PerPartition<Option<String>>>,
}

/// A primary, and the last of the slots that it has from the one after the route before.
#[derive(Clone)]
pub(super) struct Route {
    /// Last slot of the range.
    pub(super) last: Slot,
    /// Who has it; nobody, if the Cluster says so.
    pub(super) shard: Option<Arc<Shard>>,
}

/// There is no connection to ask by; the state of the bus has the reason.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no connection")]
pub(super) struct NoLink;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// Nobody can be asked.
    #[error(transparent)]
    NoLink(#[from] NoLink),
    /// Redis refused, or the connection broke.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl Routes {
    /// No routes yet.
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            table: ArcSwap::default(),
            endpoint,
            trouble: Notify::new(),
            visits: Mutex::default(),
            strayed: std::sync::Mutex::new(PerPartition::new(|_| None)),
        }
    }

    /// Replaces all of them; they are in the order of their slots.
    pub(super) fn set(&self, routes: Vec<Route>) {
        self.table.store(Arc::new(routes));
    }

    /// Asks for a look at who has what: something was not where it should be.
    pub(super) fn look(&self) {
        self.trouble.notify_one();
    }

    /// Waits until somebody [asked for a look](Self::look).
    pub(super) async fn trouble(&self) {
        self.trouble.notified().await;
    }

    /// The connection to the primary that has `slot`.
    pub(super) fn primary(&self, slot: Slot) -> Result<Primary, NoLink> {
        self.shard(slot).and_then(|shard| shard.primary()).ok_or(NoLink)
    }

    /// The connection to the primary that has `partition`.
    pub(super) fn commands(&self, partition: Partition) -> Result<MultiplexedConnection, NoLink> {
        self.primary(partition.slot()).map(|primary| primary.commands)
    }

    /// Whether there is no connection to the primary that has `key`.
    pub(super) fn is_away(&self, key: &str) -> bool {
        self.primary(Slot::of(key)).is_err()
    }

    /// Where the primary that has `slot` is, or was when there last was a connection.
    pub(super) fn address(&self, slot: Slot) -> Option<Address> {
        self.shard(slot)?.address()
    }

    /// The connections to all primaries.
    pub(super) fn primaries(&self) -> Vec<Primary> {
        let mut primaries: Vec<Primary> = Vec::new();
        for primary in self.table.load().iter().filter_map(|route| route.shard.as_ref()?.primary()) {
            if primaries.iter().all(|known| known.address != primary.address) {
                primaries.push(primary);
            }
        }
        primaries
    }

    fn shard(&self, slot: Slot) -> Option<Arc<Shard>> {
        let routes = self.table.load();
        let index = routes.partition_point(|route| route.last < slot);
        routes.get(index)?.shard.clone()
    }

    /// Where to go after `error`, if it is of a Cluster and says that the key is elsewhere.
    pub(super) fn redirect(&self, error: &RedisError) -> Option<Redirect> {
        redirect::of(error).filter(|_| self.endpoint.sharded())
    }

    /// Whether `error` says that what is in `partition` is elsewhere; it is noted for people then.
    pub(super) fn strays(&self, partition: Partition, error: &RedisError) -> bool {
        let strays = self.redirect(error).is_some();
        if strays {
            *lock(&self.strayed).get_mut(partition) = Some(fault::plain(error));
        }
        strays
    }

    /// Whether the messages of `partition` may be sent now.
    pub(super) fn is_open(&self, partition: Partition) -> bool {
        self.shard(partition.slot()).is_some_and(|shard| shard.sendable().contains(partition))
    }

    /// How much longer it is worth to [wait](Shard::settles_within) before an answer about `partition` is
    /// taken to be true for the whole cluster.
    pub(super) fn settles_within(&self, partition: Partition) -> Option<Duration> {
        self.shard(partition.slot())?.settles_within(partition)
    }

    /// Waits until the messages of `partition` may be sent: the other relays are there, and have told what
    /// they hold.
    pub(super) async fn opened(&self, partition: Partition) {
        loop {
            // The partition may move meanwhile.
            if let Some(shard) = self.shard(partition.slot()) {
                let mut changes = shard.changes();
                let opened = changes.wait_for(|open| open.contains(partition));
                if matches!(timeout(LOOK_INTERVAL, opened).await, Ok(Ok(_))) {
                    return;
                }
            }
            sleep(RETRY).await;
        }
    }

    /// Why the messages of `partition` may be waiting, for people: what Redis said last, as far as it did.
    pub(super) fn why_stalled(&self, partition: Partition) -> String {
        let server = self.address(partition.slot()).map_or("nobody".to_owned(), |at| at.to_string());
        let said = lock(&self.strayed).get(partition).clone();
        let why = match said {
            Some(said) => said,
            None if self.is_open(partition) => "it takes none".to_owned(),
            None => "it is not subscribed to by all relays".to_owned(),
        };
        format!("{{{}}} at {server}: {why}", partition.tag())
    }

    /// Sends `command`, which is about keys in `slot`, to whoever has them.
    pub(super) async fn call<T: FromRedisValue>(&self, slot: Slot, command: &Cmd) -> Result<T, CallError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut commands = self.primary(slot)?.commands;
            let error = match command.query_async(&mut commands).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match self.redirect(&error) {
                Some(Redirect::Ask(address)) => match self.visit(&address, command).await {
                    Ok(answer) => return Ok(answer),
                    // It may have gone on, or back.
                    Err(error) => tracing::debug!(%error, %address, "a key on its way was not there yet"),
                },
                Some(Redirect::Look) => self.look(),
                Some(Redirect::Wait) => {}
                None => return Err(error.into()),
            }
            if tries == TRIES {
                return Err(error.into());
            }
            sleep(RETRY).await;
        }
    }

    /// Sends `command` to a node whose slot it will be.
    async fn visit<T: FromRedisValue>(&self, address: &Address, command: &Cmd) -> Result<T, RedisError> {
        let mut connection = self.visitor(address).await?;
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("ASKING").ignore().add_command(command.clone());
        let (answer,) = pipeline.query_async(&mut connection).await?;
        Ok(answer)
    }

    /// A connection to a node that slots move to. Each command about a key there follows an `ASKING`.
    pub(super) async fn visitor(&self, address: &Address) -> Result<MultiplexedConnection, RedisError> {
        let mut visits = self.visits.lock().await;
        visits.retain(|_, commands| !commands.lost.is_cancelled());
        if visits.len() >= MAX_VISITS {
            visits.clear();
        }
        Ok(match visits.entry(address.clone()) {
            Entry::Occupied(known) => known.get().connection.clone(),
            Entry::Vacant(new) => {
                let dialed = self.endpoint.primary(address).await;
                let commands = dialed.map_err(|fault| io::Error::other(fault.to_string()))?;
                new.insert(commands).connection.clone()
            }
        })
    }

    /// Sends `commands`, each about keys in its slot, by `connection` in one round trip, and those
    /// whose keys are not there to wherever they are. The answers are in the order of the commands.
    pub(super) async fn batch(
        &self,
        commands: &[(Slot, Cmd)],
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<Value>, RedisError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = Pipeline::with_capacity(commands.len());
        for (_, command) in commands {
            pipeline.add_command(command.clone());
        }
        let answers: Vec<Result<Value, RedisError>> =
            pipeline.ignore_errors().query_async(connection).await?;
        let mut all = Vec::with_capacity(answers.len());
        for ((slot, command), answer) in commands.iter().zip(answers) {
            all.push(match answer {
                Err(error) if self.redirect(&error).is_some() => {
                    self.call(*slot, command).await.map_err(|_| error)?
                }
                answer => answer?,
            });
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::config::Login;
    use crate::bus::redis::partition::Partitions;

    #[test]
    fn each_slot_has_the_primary_of_its_range() {
        let shards = [(); 2].map(|()| Arc::new(Shard::new(Partitions::NONE)));
        let [a, b] = shards.clone().map(Some);
        let url = "redis+cluster://localhost".parse().unwrap();
        let account = super::super::Account::new(&url, None, None);
        let routes = Routes::new(Arc::new(Endpoint::new(url, account, Login::default(), None, 0)));
        let ends = [(5, a), (7, None), (16_383, b)];
        routes.set(ends.map(|(last, shard)| Route { last: Slot::new(last).unwrap(), shard }).to_vec());
        let owner = |slot| {
            let shard = routes.shard(Slot::new(slot).unwrap());
            shard.map(|shard| shards.iter().position(|known| Arc::ptr_eq(known, &shard)).unwrap())
        };
        assert_eq!([0, 5, 6, 7, 8, 16_383].map(owner), [Some(0), Some(0), None, None, Some(1), Some(1)]);
    }
}
