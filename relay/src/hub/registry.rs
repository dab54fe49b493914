//! Who is connected, and to which channels.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeBounds;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use bytes::Bytes;
use relay_contract::admin;

use super::catchup::At;
use super::follows::Follows;
use super::{Connection, Delivered, Frame, Sent, Shared, Socket, Transport, Wire};
use crate::bus::{Bus, Channel, Class, Inbox, Log, Message, Position};
use crate::sync::lock;

/// Parts of each table, so that connections seldom wait for one another.
const SHARDS: usize = 64;

type Members = HashMap<Channel, Group>;
type Connections = HashMap<u64, Arc<Connection>>;

/// The connections of a channel.
#[derive(Clone, Default)]
struct Group {
    connections: Vec<Arc<Connection>>,
    /// The history that its messages are kept in.
    log: Option<Arc<Log>>,
}

/// All connections of this node.
pub struct Hub {
    shared: Arc<Shared>,
    next_id: AtomicU64,
    /// Times that somebody came.
    arrivals: AtomicU64,
    hasher: RandomState,
    members: Vec<Mutex<Members>>,
    connections: Vec<Mutex<Connections>>,
    follows: Follows,
    /// Told which channels have connections here. The bus has the hub for an inbox: weak, or
    /// neither would ever end.
    bus: OnceLock<Weak<dyn Bus>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("total", &self.total()).finish_non_exhaustive()
    }
}

/// What a connection is made of.
pub struct Opening {
    /// Its socket.
    pub socket: Socket,
    /// Who is at the other end.
    pub identity: String,
    /// The channels that it takes messages of.
    pub channels: Vec<Channel>,
    /// The profile that it came by.
    pub profile: &'static str,
    /// Its kind.
    pub transport: Transport,
    /// How to write things down for it.
    pub wire: &'static dyn Wire,
    /// What it is sent before any message; may be empty.
    pub greeting: Bytes,
}

/// A connection's place in the hub; dropping it takes the connection out.
#[derive(Debug)]
pub struct Membership {
    hub: Arc<Hub>,
    connection: Arc<Connection>,
}

impl Hub {
    /// A hub without connections.
    pub fn new(shared: Shared) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(shared),
            next_id: AtomicU64::new(1),
            arrivals: AtomicU64::new(0),
            hasher: RandomState::new(),
            members: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            connections: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            follows: Follows::default(),
            bus: OnceLock::new(),
        })
    }

    /// Tells `bus` from now on which channels have connections here; only the first call counts.
    pub fn tell(&self, bus: &Arc<dyn Bus>) {
        // A second bus would be a defect of the caller that harms nothing.
        let _ = self.bus.set(Arc::downgrade(bus));
    }

    /// The bus, while there is one.
    pub fn bus(&self) -> Option<Arc<dyn Bus>> {
        self.bus.get().and_then(Weak::upgrade)
    }

    /// What all connections share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Takes a connection in: from now on messages reach it. Its task must
    /// [turn](Connection::turn) it, and drop the membership at the end.
    pub fn open(self: &Arc<Self>, opening: Opening) -> Membership {
        self.take_in(opening, false)
    }

    pub(super) fn take_in(self: &Arc<Self>, opening: Opening, held: bool) -> Membership {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let greeting = opening.greeting.clone();
        let connection = Arc::new(Connection::new(id, opening, self.shared.clone()));
        if !greeting.is_empty() {
            connection.send_bytes(greeting);
        }
        if held {
            connection.hold();
        }
        self.shared.counts.opened(connection.transport, connection.profile);
        if let Some(shard) = self.connection_shard(id) {
            lock(shard).insert(id, connection.clone());
        }
        for channel in &*lock(&connection.channels) {
            self.add_member(channel, &connection);
        }
        self.note_arrival(&connection);
        Membership { hub: self.clone(), connection }
    }

    /// The number of the next arrival: all that are here have lower ones.
    pub fn mark(&self) -> u64 {
        self.arrivals.load(Ordering::SeqCst)
    }

    /// Lets an open connection `enter` channels as if it was opened now: of what was delivered to those
    /// before it, it has nothing. One that came back to something before keeps its place.
    pub fn arrive<T>(&self, connection: &Connection, enter: impl FnOnce() -> T) -> T {
        let is_new = connection.locked().traces.is_empty();
        if is_new {
            connection.came.store(u64::MAX, Ordering::SeqCst);
        }
        let entered = enter();
        if is_new {
            self.note_arrival(connection);
        }
        entered
    }

    /// Until then the connection was after every mark: who delivers meanwhile may not have seen it.
    fn note_arrival(&self, connection: &Connection) {
        connection.came.store(self.arrivals.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Gives a message to the connections of its channel on this node. Never waits.
    pub fn deliver(&self, message: &Message) -> Delivered {
        self.deliver_among(message, ..)
    }

    /// The same, to those connections only that [came](Self::arrive) after this [mark](Self::mark).
    pub fn deliver_after(&self, message: &Message, mark: u64) -> Delivered {
        self.deliver_among(message, mark..)
    }

    /// The same, to those connections only that [came](Self::arrive) before this [mark](Self::mark).
    pub fn deliver_before(&self, message: &Message, mark: u64) -> Delivered {
        self.deliver_among(message, ..mark)
    }

    fn deliver_among(&self, message: &Message, came: impl RangeBounds<u64>) -> Delivered {
        let Group { connections, log } = self.group(&message.channel);
        let at = log.zip(message.position).map(|(log, position)| At { log, position });
        let mut encoded: Vec<(&'static str, Frame)> = Vec::new();
        let mut delivered = Delivered::default();
        for connection in connections
            .into_iter()
            .filter(|connection| came.contains(&connection.came.load(Ordering::SeqCst)))
        {
            let frame = encoded_for(connection.wire.0, message, &mut encoded);
            if connection.deliver(&frame, at.as_ref()).is_delivered() {
                delivered.add(connection.transport);
            } else {
                tracing::warn!(user_id = %connection.identity, message_id = %message.id, "Error sending to user");
            }
        }
        self.shared.counts.delivered(delivered.total());
        delivered
    }

    /// The connections of a channel on this node, counted.
    pub fn present(&self, channel: &Channel) -> Delivered {
        let mut present = Delivered::default();
        let open = self.members(channel).into_iter().filter(|connection| connection.is_open());
        open.for_each(|connection| present.add(connection.transport));
        present
    }

    /// The connections of a channel on this node.
    pub fn members(&self, channel: &Channel) -> Vec<Arc<Connection>> {
        self.group(channel).connections
    }

    /// The connections on this node that follow a history.
    pub(super) fn followers(&self, log: &Log) -> Vec<Arc<Connection>> {
        if log.class() != Class::Rooms {
            return self.members(&Channel::named(log.as_str().to_owned()));
        }
        let mut all = Vec::new();
        for shard in &self.members {
            let members = lock(shard);
            let groups = members.values().filter(|group| group.log.as_deref() == Some(log));
            all.extend(groups.flat_map(|group| group.connections.iter().cloned()));
        }
        all.sort_unstable_by_key(|connection| connection.id);
        all.dedup_by_key(|connection| connection.id);
        all
    }

    fn group(&self, channel: &Channel) -> Group {
        let shard = self.member_shard(channel);
        shard.and_then(|shard| lock(shard).get(channel).cloned()).unwrap_or_default()
    }

    /// Live connections, counted.
    pub fn counts(&self) -> admin::Connections {
        self.shared.counts.connections()
    }

    /// Number of live connections.
    pub fn total(&self) -> u64 {
        self.shared.counts.live()
    }

    /// Calls `visit` for connections, shard by shard, while it answers `true`.
    pub fn visit(&self, mut visit: impl FnMut(&Arc<Connection>) -> bool) {
        for shard in &self.connections {
            let connections: Vec<_> = lock(shard).values().cloned().collect();
            if !connections.iter().all(&mut visit) {
                return;
            }
        }
    }

    fn member_shard(&self, channel: &Channel) -> Option<&Mutex<Members>> {
        self.members.get(self.hasher.hash_one(channel) as usize % SHARDS)
    }

    fn connection_shard(&self, id: u64) -> Option<&Mutex<Connections>> {
        self.connections.get(id as usize % SHARDS)
    }

    /// Lets an open connection take the messages of one more channel. Tells whether that is new.
    pub fn subscribe(&self, connection: &Arc<Connection>, channel: Channel) -> bool {
        let mut channels = lock(&connection.channels);
        // The end says so before it takes the channels, so that none is left behind.
        if !connection.is_open() || channels.contains(&channel) {
            return false;
        }
        self.add_member(&channel, connection);
        channels.push(channel);
        true
    }

    /// Ends what [`subscribe`](Self::subscribe) began. Tells whether it had.
    pub fn unsubscribe(&self, connection: &Arc<Connection>, channel: &Channel) -> bool {
        let mut channels = lock(&connection.channels);
        let Some(position) = channels.iter().position(|known| known == channel) else { return false };
        channels.swap_remove(position);
        self.remove_member(channel, connection);
        true
    }

    fn add_member(&self, channel: &Channel, connection: &Arc<Connection>) {
        if let Some(shard) = self.member_shard(channel) {
            let mut members = lock(shard);
            let group = members.entry(channel.clone()).or_default();
            group.connections.push(connection.clone());
            if group.connections.len() == 1 {
                self.note(channel, true);
                group.log = self.bus().and_then(|bus| self.follows.begin(channel, &*bus));
            }
            if group.log.is_some() {
                connection.lose_nothing();
            }
        }
    }

    fn remove_member(&self, channel: &Channel, connection: &Arc<Connection>) {
        if let Some(shard) = self.member_shard(channel) {
            let mut members = lock(shard);
            if let Some(group) = remove_member(&mut members, channel, connection) {
                self.note(channel, false);
                if let Some(log) = group.log {
                    self.follows.end(&log, self.bus().as_deref());
                }
            }
        }
    }

    /// Called under the lock of the channel's shard, so that comings and goings keep their order.
    fn note(&self, channel: &Channel, here: bool) {
        if channel.has_presence()
            && let Some(bus) = self.bus()
        {
            bus.note(channel, here);
        }
    }

    fn leave(&self, connection: &Arc<Connection>) {
        let code = connection.bury();
        for channel in std::mem::take(&mut *lock(&connection.channels)) {
            self.remove_member(&channel, connection);
        }
        if let Some(shard) = self.connection_shard(connection.id) {
            lock(shard).remove(&connection.id);
        }
        self.shared.counts.closed(connection.transport, connection.profile, code);
    }
}

impl Inbox for Hub {
    fn receive(&self, message: Message) {
        self.deliver(&message);
    }

    fn mark(&self) -> u64 {
        Self::mark(self)
    }

    fn receive_early(&self, message: Message, mark: u64) {
        self.deliver_before(&message, mark);
    }

    fn receive_late(&self, message: Message, mark: u64) {
        self.deliver_after(&message, mark);
    }

    fn missed(&self, log: &Log, at: Position) {
        Self::missed(self, log, at);
    }
}

impl Membership {
    /// The connection.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Sends to this connection alone, in its own wire form.
    pub fn send(&self, message: &Message) -> Sent {
        self.connection.tell(message)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.leave(&self.connection);
    }
}

/// Encodes once per wire, and shares the bytes.
fn encoded_for(wire: &dyn Wire, message: &Message, encoded: &mut Vec<(&'static str, Frame)>) -> Frame {
    let name = wire.name();
    if let Some((_, frame)) = encoded.iter().find(|(known, _)| *known == name) {
        return frame.clone();
    }
    let frame = wire.encode(message);
    encoded.push((name, frame.clone()));
    frame
}

/// What the channel's last one leaves behind.
fn remove_member(members: &mut Members, channel: &Channel, connection: &Arc<Connection>) -> Option<Group> {
    let group = members.get_mut(channel)?;
    group.connections.retain(|member| member.id != connection.id);
    if group.connections.is_empty() { members.remove(channel) } else { None }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
