//! Names of the channels and keys in Redis. They are a contract between releases.
//!
//! | name | what |
//! | --- | --- |
//! | `relay:<namespace>:live:<db>:{<tag>}` | channel of one partition |
//! | `relay:<namespace>:probe:<db>:<incarnation>:<connection>` | channel on which a relay hears itself |
//! | `relay:<namespace>:lease:{<tag>}:<lease>` | key: `<node>/<incarnation>` of the holder |
//! | `relay:<namespace>:presence:{<tag>}:<channel>` | set: `<node>/<incarnation>` of who has connections |
//! | `relay:<namespace>:newest:{<tag>}:<name>` | sorted set: `<node>/<incarnation>` by when it took the name |
//! | `relay:<namespace>:places:{<tag>}:<name>` | sorted set: `<node>/<incarnation>/<number>` by when the place ends |
//! | `relay:<namespace>:done:{<tag>}:<key>` | key: what came of a request or message with this key |
//! | `relay:<namespace>:session:{<tag>}:<player>` | key: the session of a player (conflict X-17) |
//! | `relay:<namespace>:meta:{<tag>}:<log>` | hash: the life of a history and its last number |
//! | `relay:<namespace>:log:{<tag>}:<log>` | stream: the messages of a history, by number |
//! | `relay:<namespace>:sent:{<tag>}:<incarnation>` | key: order of the last message that a process appended |
//! | `relay:<namespace>:once:{<tag>}:<length of channel>:<channel>:<key>` | key: who published under an idempotency key |
//! | `relay:<namespace>:recovery:{<tag>}:<id>` | hash: `life` and `value` of a Socket.IO session |
//! | `relay:<namespace>:nodes:{<tag>}` | set: names of the relays |
//! | `relay:<namespace>:node:{<tag>}:<node>` | key: what a relay that is alive says of itself, as JSON |
//! | `relay:<namespace>:secret:{<tag>}` | key: what the relays know each other's requests by |
//! | `ws_conn_token:<namespace>:<token>` | key: a connection token (requirement 003-05) |
//! | `relay:<namespace>:workers:tasks:<db>` | channel: what clients say, for workers outside |
//! | `relay:<namespace>:workers:events:<db>` | channel: what workers say in conversations |
//!
//! Clusters on one Redis have different [namespaces](Namespace), which keeps them apart in channels
//! and keys, and lets an access list give each its own (`~relay:<namespace>:* &relay:<namespace>:*`).
//! Channels of Redis span its databases and keys do not: with the database in their names two
//! clusters of one namespace on two databases stay apart in both.

use std::collections::HashMap;

use super::partition::{Partition, PerPartition};
use crate::bus::Namespace;

/// The name whose partition what relays know of each other is in.
pub(super) const CLUSTER: &str = "nodes";

/// Names of one cluster on one database.
#[derive(Debug)]
pub(super) struct Layout {
    /// `relay:<namespace>`, with which every name starts.
    root: String,
    db: u32,
    tokens: String,
    events: String,
    live: PerPartition<String>,
    partitions: HashMap<Box<[u8]>, Partition>,
}

impl Layout {
    pub(super) fn new(namespace: &Namespace, db: u32) -> Self {
        let root = format!("relay:{namespace}");
        let live = PerPartition::new(|partition| format!("{root}:live:{db}:{{{}}}", partition.tag()));
        let named = |partition| (live.get(partition).as_bytes().into(), partition);
        let partitions = Partition::all().map(named).collect();
        let tokens = format!("ws_conn_token:{namespace}:");
        let events = format!("{root}:workers:events:{db}");
        Self { root, db, tokens, events, live, partitions }
    }

    /// Channel of the messages of `partition`.
    pub(super) fn live(&self, partition: Partition) -> &str {
        self.live.get(partition)
    }

    /// The partition whose channel is called so, if one is.
    pub(super) fn partition(&self, channel: &[u8]) -> Option<Partition> {
        self.partitions.get(channel).copied()
    }

    /// Channel on which one connection of one process hears itself.
    pub(super) fn probe(&self, incarnation: u64, connection: u64) -> String {
        format!("{}:probe:{}:{incarnation:016x}:{connection}", self.root, self.db)
    }

    /// Pattern of the channels on which the connections of one process hear themselves.
    pub(super) fn probes(&self, incarnation: u64) -> String {
        format!("{}:probe:{}:{incarnation:016x}:*", self.root, self.db)
    }

    /// Key that one process writes to see whether the primary that has `partition` takes writes.
    pub(super) fn pulse(&self, incarnation: u64, partition: Partition) -> String {
        format!("{}:pulse:{{{}}}:{incarnation:016x}", self.root, partition.tag())
    }

    /// Key of a connection token.
    pub(super) fn token(&self, token: &str) -> String {
        format!("{}{token}", self.tokens)
    }

    /// Channel of the tasks of workers outside.
    pub(super) fn tasks(&self) -> String {
        format!("{}:workers:tasks:{}", self.root, self.db)
    }

    /// Channel of what workers outside say; each relay hears it on one of its links.
    pub(super) fn events(&self) -> &str {
        &self.events
    }

    /// Key of the stream that workers outside write to.
    pub(super) fn intake(&self) -> String {
        format!("{}:in", self.root)
    }

    /// Key that names the one relay that reads this stream.
    pub(super) fn reader(&self) -> String {
        format!("{}:reader", self.root)
    }

    /// Key of the lease called `lease`.
    pub(super) fn lease(&self, lease: &str) -> String {
        format!("{}:lease:{{{}}}:{lease}", self.root, Partition::of(lease).tag())
    }

    /// Key of what is known of a history of `partition`.
    pub(super) fn meta(&self, partition: Partition, log: &str) -> String {
        self.kept("meta", partition, log)
    }

    /// Key of the messages of a history of `partition`.
    pub(super) fn log(&self, partition: Partition, log: &str) -> String {
        self.kept("log", partition, log)
    }

    /// Key of how far a process has appended to the histories of `partition`.
    pub(super) fn sent(&self, partition: Partition, incarnation: u64) -> String {
        self.kept("sent", partition, &format!("{incarnation:016x}"))
    }

    /// Key of what was published to `channel` under the idempotency key `key`.
    pub(super) fn once(&self, partition: Partition, channel: &str, key: &str) -> String {
        self.kept("once", partition, &format!("{}:{channel}:{key}", channel.len()))
    }

    fn kept(&self, what: &str, partition: Partition, name: &str) -> String {
        format!("{}:{what}:{{{}}}:{name}", self.root, partition.tag())
    }

    /// Key of the processes that took `name`, by when they did.
    pub(super) fn newest(&self, name: &str) -> String {
        format!("{}:newest:{{{}}}:{name}", self.root, Partition::of(name).tag())
    }

    /// Key of the taken places of `name`, by when they end.
    pub(super) fn places(&self, name: &str) -> String {
        format!("{}:places:{{{}}}:{name}", self.root, Partition::of(name).tag())
    }

    /// Key of what is done once under `key`.
    pub(super) fn done(&self, key: &str) -> String {
        format!("{}:done:{{{}}}:{key}", self.root, Partition::of(key).tag())
    }

    /// Key of the session of `player`.
    pub(super) fn session(&self, player: &str) -> String {
        format!("{}:session:{{{}}}:{player}", self.root, Partition::of(player).tag())
    }

    /// Key of what is kept of the session of this id.
    pub(super) fn snapshot(&self, id: &str) -> String {
        format!("{}:recovery:{{{}}}:{id}", self.root, Partition::of(id).tag())
    }

    /// Key of the names of the relays.
    pub(super) fn nodes(&self) -> String {
        format!("{}:nodes:{{{}}}", self.root, cluster_tag())
    }

    /// Key of what the relay `name` says of itself.
    pub(super) fn node(&self, name: &str) -> String {
        format!("{}:node:{{{}}}:{name}", self.root, cluster_tag())
    }

    /// Key of the secret that the relays share.
    pub(super) fn secret(&self) -> String {
        format!("{}:secret:{{{}}}", self.root, cluster_tag())
    }

    /// Key of the nodes that have connections of `channel`.
    pub(super) fn presence(&self, channel: &str) -> String {
        format!("{}:presence:{{{}}}:{channel}", self.root, Partition::of(channel).tag())
    }
}

/// The tag of what relays know of each other: one slot, so that one command reads it.
fn cluster_tag() -> u16 {
    Partition::of(CLUSTER).tag()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(db: u32) -> Layout {
        Layout::new(&"team.hello".parse().unwrap(), db)
    }

    #[test]
    fn a_channel_carries_the_tag_of_its_partition() {
        let partition = Partition::of("user:alice");
        let expected = format!("relay:team.hello:live:2:{{{}}}", partition.tag());
        assert_eq!(layout(2).live(partition), expected);
        assert_eq!(layout(2).partition(expected.as_bytes()), Some(partition));
    }

    #[test]
    fn braces_in_a_lease_do_not_move_it_to_another_slot() {
        let key = layout(0).lease("user:{x}");
        assert_eq!(key.find('{').map(|start| &key[..start]), Some("relay:team.hello:lease:"));
    }
}
