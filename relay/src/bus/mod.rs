//! What carries messages and claims between relays.
//!
//! A [`Bus`] is handed a [`Message`] that was already delivered on this node, and gives it to the
//! [`Inbox`] of every *other* node: local deliveries never wait for it, and go on while it is
//! away. It also keeps the [leases](Bus::claim) by which one node holds a name (such as a user
//! who may have one socket only) for the whole cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use relay_contract::admin;
use tokio_util::sync::CancellationToken;

mod config;
mod conversation;
mod counters;
mod entry;
mod history;
mod log;
mod memory;
mod message;
mod namespace;
mod node;
mod policy;
mod position;
mod recovered;
mod redis;
mod remembered;
mod snapshot;
#[cfg(test)]
pub(crate) mod testing;
mod tokens;
mod wire;

pub use config::{Config, Login, Password, PoolSize, RedisUrl, Secret, UrlError};
pub use conversation::conversation_event;
pub use counters::Counters;
pub use entry::Entry;
pub use history::{History, HistoryError, Kept};
pub use log::{Class, Log, NoClass};
pub use message::{Channel, Message};
pub use namespace::{Namespace, NamespaceError};
pub use node::{NODE_TTL_SECONDS, Node};
pub use policy::{Policy, Resized};
pub use position::{Epoch, NotAPosition, Position};
pub use recovered::Recovered;
pub use snapshot::Snapshot;

/// Starts the bus that `config` names, for the relay called `node`; it keeps what `policy` says.
///
/// Never fails and never waits: a Redis that is not there is tried without end, and
/// [`Bus::status`] tells how it goes. Messages of other nodes go to `inbox`. `shutdown` ends it;
/// [`Bus::closed`] tells when it has sent what it could. Must be called inside of a Tokio runtime.
pub fn connect(
    config: Config,
    policy: Policy,
    inbox: Arc<dyn Inbox>,
    node: String,
    shutdown: CancellationToken,
) -> Arc<dyn Bus> {
    match config {
        Config::Memory => Arc::new(memory::MemoryBus::new(node, policy, inbox)),
        Config::Redis { url, url_file, password, sentinel, namespace, authorities, max_retries, pool } => {
            let account = redis::Account::new(&url, url_file, password);
            let endpoint = redis::Endpoint::new(url, account, sentinel, authorities, max_retries);
            let identity = redis::Identity { namespace, node, policy };
            Arc::new(redis::RedisBus::start(endpoint, pool, identity, inbox, shutdown))
        }
    }
}

/// Carries messages and claims between relays.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Gives `message` to every other node, in the order of the calls per channel.
    ///
    /// `Ok` means that it was sent, or waits in the bounded outbox of a bus that is away and will
    /// be sent in order when it is back.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if the bus is away and the outbox is full: nothing was kept.
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError>;

    /// The same, unless a message of this channel was published under `key` within the last
    /// [`KEY_TTL`], on any node: then nothing is, and the answer says so. Of two at a time one is
    /// published. Waits for the answer of the bus; while that is away, it takes a key to be new that
    /// this node does not know, and leaves out a duplicate when the message is sent.
    ///
    /// A bus that remembers no keys publishes each.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    async fn publish_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        let _ = key;
        self.publish(message).await?;
        Ok(Published { duplicate: false })
    }

    /// Claims `lease` for this node until it is released, or until this node is gone for
    /// [`LEASE_TTL_SECONDS`]. Claiming what this node holds already is granted.
    ///
    /// Unless another node holds it, the lease stays wanted until [`release`](Self::release), even
    /// after an error: it is then claimed as soon as the bus is back, so whoever goes on without an
    /// answer is protected from then on. Each claim that was not refused must be released.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked; the caller decides by what it knows itself.
    async fn claim(&self, lease: &str) -> Result<Claim, BusError>;

    /// Gives `lease` back, if this node holds it. Best effort: a lost release ends with the TTL.
    async fn release(&self, lease: &str);

    /// Tells which node holds `lease`, if any.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError>;

    /// Takes `name` from whoever has it in the cluster; `id` tells this time from others of this node.
    /// Answers its place in the order of all who took it, whatever the clocks of nodes say: the last one
    /// has the highest. Who had it learns by [`Inbox::lost`] within seconds.
    ///
    /// The name stays wanted until it is [left](Self::leave_newest), even after an error: when the bus is
    /// back, whoever took it last has it. A bus of one process has nobody to take it from.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be told now.
    async fn take_newest(&self, name: &str, id: u64) -> Result<i64, BusError> {
        let _ = (name, id);
        Ok(0)
    }

    /// Gives back what was taken as `id`, unless it was taken again since. Best effort: what is not
    /// given back ends with this process.
    async fn leave_newest(&self, name: &str, id: u64) {
        let _ = (name, id);
    }

    /// Takes a place of `name`, of which the whole cluster has `limit`; `id` is unique on this node.
    /// `false`: all are taken. The places of a dead node are free after [`LEASE_TTL_SECONDS`].
    ///
    /// After an error the place counts as taken as soon as the bus is back, whether there is one or not.
    /// What was not refused must be [left](Self::leave_place). A bus of one process refuses nothing: its
    /// callers count their own.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked; the caller decides by what it knows itself.
    async fn take_place(&self, name: &str, id: u64, limit: u32) -> Result<bool, BusError> {
        let _ = (name, id, limit);
        Ok(true)
    }

    /// Gives a place back. Returns at once.
    fn leave_place(&self, name: &str, id: u64) {
        let _ = (name, id);
    }

    /// Notes that `channel` has connections on this node (`here`), or has no more. Returns at once;
    /// others know as soon as the bus does. Needed of channels only whose publishers are told
    /// whether [anyone is there](Self::elsewhere).
    fn note(&self, channel: &Channel, here: bool) {
        let _ = (channel, here);
    }

    /// Whether another node has connections of `channel`, as far as they were [noted](Self::note).
    /// A node that died is forgotten within half a minute.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn elsewhere(&self, channel: &Channel) -> Result<bool, BusError> {
        let _ = channel;
        Ok(false)
    }

    /// Whether the messages of `channel` are kept in its [history](Log). They then reach the
    /// [`Inbox`] of *every* node, this one included, in one order and with their
    /// [positions](Message::position): whoever publishes does not deliver them itself.
    fn keeps(&self, channel: &Channel) -> bool {
        let _ = channel;
        false
    }

    /// Notes that connections of this node follow `log` (`here`), or no more. Returns at once. Gaps
    /// are noticed and refilled in histories only that are followed.
    fn follow(&self, log: &Log, here: bool) {
        let _ = (log, here);
    }

    /// What was kept in `log` after `since`, for a connection that takes its messages already and
    /// holds them back until it has the answer.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked in time: nothing is known to be complete.
    async fn recover(&self, log: &Log, since: Option<Position>) -> Result<Recovered, BusError> {
        let _ = (log, since);
        Ok(Recovered::default())
    }

    /// The time that all nodes agree on within milliseconds, whatever their own clocks say; that of this
    /// node, where it is alone or has not reached the bus yet. Cheap.
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    /// Keeps `value` under `key` for `ttl`, unless something is kept there already, which is then the
    /// answer: of all who ask with one key, on whichever nodes, one gets `None`. While the bus is away a
    /// key is one of this node.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if it cannot be kept.
    async fn remember(&self, key: &str, value: &str, ttl: Duration) -> Result<Option<String>, BusError> {
        let _ = (key, value, ttl);
        Ok(None)
    }

    /// Keeps `value` under `key` whatever was there, or forgets what was. Best effort.
    async fn amend(&self, key: &str, value: Option<&str>, ttl: Duration) {
        let _ = (key, value, ttl);
    }

    /// Keeps `value` under `token` for `ttl`, for [`take_token`](Self::take_token) of any node.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if it could not be kept.
    async fn keep_token(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError>;

    /// Takes what was kept under `token`: of all who ask, one gets it.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn take_token(&self, token: &str) -> Result<Option<String>, BusError>;

    /// Keeps the session of a player for `ttl`, for [`session`](Self::session) of any node. A bus of
    /// one process keeps none.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if it could not be kept.
    async fn keep_session(&self, player: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let _ = (player, value, ttl);
        Ok(())
    }

    /// What was kept of a player's session.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn session(&self, player: &str) -> Result<Option<String>, BusError> {
        let _ = player;
        Ok(None)
    }

    /// Keeps what is known of sessions, for [`revive`](Self::revive) of any node. Answers of each whether
    /// its life is the newest: if not, its client is elsewhere, and nothing was kept.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if not all were kept.
    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        Ok(vec![true; snapshots.len()])
    }

    /// Begins another life of a session that is kept, if there is one of that id.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
        let _ = id;
        Ok(None)
    }

    /// Hands a task, one JSON object, to the workers outside (requirement 003-14). Answers how many
    /// listen; a bus of one process has none.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if they cannot be reached.
    async fn tell_workers(&self, task: String) -> Result<u64, BusError> {
        let _ = task;
        Ok(0)
    }

    /// What workers outside left for the relays (requirement 003-22), in its order; waits until there
    /// is some. One node of a cluster at a time gets any. Entries come again, to this node or
    /// another, until they are [done](Self::done). A bus of one process has none, ever.
    async fn entries(&self) -> Vec<Entry> {
        std::future::pending().await
    }

    /// Forgets entries: what they say was published, or says nothing.
    async fn done(&self, entries: Vec<Entry>) {
        let _ = entries;
    }

    /// Waits until all that was published before is where no end of this process takes it away.
    async fn settled(&self) {}

    /// Tells the other nodes of this one from now on, and that they reach its clients' port at
    /// `address`, which is `host:port`. Returns at once.
    fn announce(&self, address: Option<String>) {
        let _ = address;
    }

    /// The nodes that are alive, this one included once it was [announced](Self::announce); at most
    /// a thousand. One that died is gone after [`NODE_TTL_SECONDS`].
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        Ok(Vec::new())
    }

    /// A secret that all nodes share and nobody else knows, by which they know each other's requests.
    /// It changes when the bus forgets it while no node is there. `None`: there are no others.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] if nobody can be asked.
    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        Ok(None)
    }

    /// State of the bus, as told to probes and people.
    fn status(&self) -> admin::Bus;

    /// What the bus has counted, for metrics; cheap. A bus that counts nothing leaves zeros.
    fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Waits until the bus has ended after its shutdown: what waited was sent, or could not be.
    /// Takes at most a few seconds.
    async fn closed(&self) {}
}

/// Where a bus puts messages of other nodes, and what it finds out.
pub trait Inbox: Send + Sync + 'static {
    /// Takes a message of another node. Must not block: it runs on the task that reads the bus.
    fn receive(&self, message: Message);

    /// Tells the connections that are here now from those that come later.
    fn mark(&self) -> u64 {
        0
    }

    /// Takes a message of this node while the bus is away, for the connections from before `mark` only:
    /// those that came later get it [late](Self::receive_late).
    fn receive_early(&self, message: Message, mark: u64) {
        let _ = mark;
        self.receive(message);
    }

    /// Takes a message that the connections from before `mark` were given already, while the bus was
    /// away: it is for those only that came later, and were told that nothing is missing.
    fn receive_late(&self, message: Message, mark: u64) {
        let _ = (message, mark);
    }

    /// Learns that messages of `log` up to `at` never came to this node, or may not have, and are not
    /// kept any more. It comes between the messages before and those after. Must not block.
    fn missed(&self, log: &Log, at: Position) {
        let _ = (log, at);
    }

    /// Learns that another node holds `name`, which this node [claims](Bus::claim) or has
    /// [taken](Bus::take_newest): another took it later, Redis was away for longer than a lease lasts, or
    /// this process stood still. What goes by it here is to end. Must not block.
    fn lost(&self, name: &str) {
        let _ = name;
    }
}

/// Seconds after which a claim of a dead node is free (requirement 000-02, conflict X-03).
pub const LEASE_TTL_SECONDS: u64 = 15;

/// How long the [key](Bus::publish_once) of a message is remembered.
pub const KEY_TTL: Duration = Duration::from_secs(300);

/// What became of a message that was published under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// There was one under this key before: this one went nowhere.
    pub duplicate: bool,
}

/// Answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This node holds the lease now.
    Granted,
    /// The named node holds it.
    HeldBy(String),
}

/// Why a bus did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// It cannot be reached; the text says why, without secrets.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
}
