//! A real Redis Cluster on loopback: three primaries, each with a replica.

use std::time::Duration;

use super::{Redis, free_port, until};

/// Primaries; each has one replica.
const PRIMARIES: usize = 3;
/// Time after which a silent node is down for the others, in milliseconds.
const NODE_TIMEOUT: &str = "1500";
/// Slots of a Cluster.
const SLOTS: usize = 16_384;

/// Six processes, which end with their test.
pub struct Cluster {
    /// The first three are primaries at the start; the replica of `i` is `i + 3`.
    pub nodes: Vec<Redis>,
}

/// What one node is for the others, by `CLUSTER NODES`.
pub struct Member {
    pub id: String,
    pub port: u16,
    /// The id of its primary, if it is a replica.
    pub primary: Option<String>,
    pub failed: bool,
    /// Its ranges of slots, both ends included.
    pub slots: Vec<(u16, u16)>,
}

impl Cluster {
    /// Starts one and waits until it serves all slots and its replicas follow.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with more options for each server.
    pub async fn start_with(args: &[&str]) -> Self {
        let cluster = Self { nodes: (0..2 * PRIMARIES).map(|_| node(args)).collect() };
        let first = [cluster.nodes[0].port().to_string(), bus(&cluster.nodes[0])];
        for (index, node) in cluster.nodes.iter().enumerate() {
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            if index > 0 {
                node.cli(&["CLUSTER", "MEET", "127.0.0.1", &first[0], &first[1]]);
            }
        }
        for index in 0..PRIMARIES {
            let (first, end) = (index * SLOTS / PRIMARIES, (index + 1) * SLOTS / PRIMARIES);
            let range = [first.to_string(), (end - 1).to_string()];
            cluster.nodes[index].cli(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]);
        }
        let knows_all = |node: &Redis| members(node).len() == 2 * PRIMARIES;
        until("all nodes know each other", || cluster.nodes.iter().all(knows_all)).await;
        for index in 0..PRIMARIES {
            let primary = cluster.nodes[index].cli(&["CLUSTER", "MYID"]);
            let replica = &cluster.nodes[index + PRIMARIES];
            until("the replica follows", || replica.cli(&["CLUSTER", "REPLICATE", &primary]) == "OK").await;
        }
        cluster.settles().await;
        cluster
    }

    /// Waits until every node that lives sees all slots served, and every replica is up to date.
    pub async fn settles(&self) {
        until("the cluster is whole", || self.nodes.iter().all(serves)).await;
    }

    /// A URL that names two of the nodes.
    pub fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", self.nodes[0].port(), self.nodes[4].port())
    }

    /// The members as the first node that answers sees them.
    pub fn members(&self) -> Vec<Member> {
        self.nodes.iter().map(members).find(|members| !members.is_empty()).unwrap_or_default()
    }

    /// Index of the primary that has `slot`, if one that lives has.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let has = |member: &Member| {
            !member.failed && member.slots.iter().any(|&(first, last)| (first..=last).contains(&slot))
        };
        let member = self.members().into_iter().find(has)?;
        self.nodes.iter().position(|node| node.port() == member.port)
    }

    /// Index of the replica of node `primary`.
    pub fn replica(&self, primary: usize) -> Option<usize> {
        let (members, port) = (self.members(), self.nodes[primary].port());
        let id = members.iter().find(|member| member.port == port)?.id.clone();
        let replica = members.iter().find(|member| member.primary.as_ref() == Some(&id))?.port;
        self.nodes.iter().position(|node| node.port() == replica)
    }

    /// The slot of a key or of a sharded channel.
    pub fn slot(&self, key: &str) -> u16 {
        self.nodes[0].cli(&["CLUSTER", "KEYSLOT", key]).parse().unwrap()
    }

    /// Makes the replica of `primary` take its place while it lives, and waits for it. Answers the
    /// index of the new primary.
    pub async fn fail_over(&self, primary: usize) -> usize {
        let replica = self.replica(primary).unwrap();
        self.nodes[replica].cli(&["CLUSTER", "FAILOVER"]);
        until("the replica took over", || self.nodes[replica].is_primary()).await;
        replica
    }

    /// Waits until another node than `former` has `slot`, and answers which.
    pub async fn promoted(&self, slot: u16, former: usize) -> usize {
        until("another has the slot", || self.owner(slot).is_some_and(|now| now != former)).await;
        self.owner(slot).unwrap()
    }

    /// Marks `slot` as on its way to node `to`: keys that are not at its owner are asked for there.
    pub fn begin_migration(&self, slot: u16, to: usize) {
        let (from, to) = (&self.nodes[self.owner(slot).unwrap()], &self.nodes[to]);
        let number = slot.to_string();
        to.cli(&["CLUSTER", "SETSLOT", &number, "IMPORTING", &from.cli(&["CLUSTER", "MYID"])]);
        from.cli(&["CLUSTER", "SETSLOT", &number, "MIGRATING", &to.cli(&["CLUSTER", "MYID"])]);
    }

    /// Moves at most `count` keys of `slot` to node `to`; answers how many it moved.
    pub fn move_keys(&self, slot: u16, to: usize, count: usize) -> usize {
        let from = &self.nodes[self.owner(slot).unwrap()];
        let keys = from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), &count.to_string()]);
        let port = self.nodes[to].port().to_string();
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        for key in &keys {
            from.cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
        }
        keys.len()
    }

    /// Gives `slot`, whose keys have all moved, to node `to`.
    pub fn finish_migration(&self, slot: u16, to: usize) {
        let from = self.owner(slot).unwrap();
        let id = self.nodes[to].cli(&["CLUSTER", "MYID"]);
        let others = (0..self.nodes.len()).filter(|&index| index != to && index != from);
        for index in [to, from].into_iter().chain(others) {
            self.nodes[index].cli(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]);
        }
    }

    /// Moves `slot` with its keys to node `to`, as a tool for operators would.
    pub async fn migrate(&self, slot: u16, to: usize) {
        self.begin_migration(slot, to);
        while self.move_keys(slot, to, 100) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.finish_migration(slot, to);
    }
}

fn node(args: &[&str]) -> Redis {
    let bus = free_port().to_string();
    let cluster =
        ["--cluster-enabled", "yes", "--cluster-node-timeout", NODE_TIMEOUT, "--cluster-port", &bus];
    let quick = ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"];
    Redis::start(&[&cluster[..], &quick[..], args].concat())
}

/// The port on which a node talks to the others.
fn bus(node: &Redis) -> String {
    let myself = node.cli(&["CLUSTER", "NODES"]);
    let line = myself.lines().find(|line| line.contains("myself")).unwrap();
    let address = line.split(' ').nth(1).unwrap();
    address.split(['@', ',']).nth(1).unwrap().to_owned()
}

/// Whether it is away, or sees all slots served and, as a replica, has what its primary has.
fn serves(node: &Redis) -> bool {
    let info = node.cli(&["CLUSTER", "INFO"]);
    let replication = node.cli(&["INFO", "replication"]);
    let follows = !replication.contains("role:slave") || replication.contains("master_link_status:up");
    let replicas = members(node).iter().filter(|member| member.primary.is_some()).count();
    info.is_empty() || (info.contains("cluster_state:ok") && follows && replicas > 0)
}

/// The members as `node` sees them; none if it is away.
fn members(node: &Redis) -> Vec<Member> {
    node.cli(&["CLUSTER", "NODES"]).lines().filter_map(member).collect()
}

/// A line of `CLUSTER NODES`: id, address, flags, primary, ping, pong, epoch, link, slots.
fn member(line: &str) -> Option<Member> {
    let fields: Vec<&str> = line.split(' ').collect();
    let port = fields.get(1)?.split('@').next()?.rsplit(':').next()?.parse().ok()?;
    let flags = fields.get(2)?;
    let range = |text: &&str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    Some(Member {
        id: fields[0].to_owned(),
        port,
        primary: fields.get(3).filter(|id| **id != "-").map(|&id| id.to_owned()),
        failed: flags.split(',').any(|flag| flag == "fail"),
        slots: fields.get(8..).unwrap_or_default().iter().filter_map(range).collect(),
    })
}
