//! What the answers of servers and sentinels come to.

use std::collections::{BTreeMap, BTreeSet};

/// How many bytes a replica may be behind that counts as having all: what is on its way.
const ON_ITS_WAY: u64 = 1 << 20;

/// A majority of three.
const MAJORITY: usize = 2;

/// A pod that is a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its name, which is the first part of its host name.
    pub name: String,
    /// Its identity.
    pub uid: String,
}

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Replication {
    /// Whether it takes itself for the primary.
    pub(super) primary: bool,
    /// Whether it is connected to the one that it follows.
    pub(super) linked: bool,
    /// Whom it follows, as a name of a host.
    pub(super) follows: String,
    /// How many bytes of the history of all writes it has.
    pub(super) offset: u64,
    /// What tells this run of it from the ones before.
    pub(super) run: String,
}

/// What a sentinel says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watcher {
    /// Whom it calls the primary, as a name of a host.
    pub(super) names: Option<String>,
    /// Whether it sees a majority that could make another one the primary.
    pub(super) quorum: bool,
    /// The runs of replicas that it is connected to, and could make the primary.
    pub(super) replicas: BTreeSet<String>,
}

/// What the answers come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The server that a majority of the sentinels calls the primary, and that says it is. While fewer of
    /// them answer, the one that says so and that another server follows.
    pub primary: Option<Member>,
    /// Its replicas that have what it has and that a majority could make the primary, by the identity of their pods.
    pub in_sync: BTreeSet<String>,
    /// Sentinels that call it so.
    pub agreeing: usize,
    /// Whether a majority of the sentinels sees a majority.
    pub quorum: bool,
}

impl Replication {
    /// Reads the section `replication` of `INFO`.
    pub(super) fn parse(text: &str) -> Self {
        let fields: BTreeMap<_, _> = text.lines().filter_map(|line| line.trim().split_once(':')).collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let primary = field("role") == "master";
        let offset = if primary { field("master_repl_offset") } else { field("slave_repl_offset") };
        Self {
            primary,
            run: String::new(),
            linked: field("master_link_status") == "up",
            follows: field("master_host").to_owned(),
            offset: offset.parse().unwrap_or_default(),
        }
    }
}

impl View {
    /// Judges the answers; who did not answer is not among them.
    pub(super) fn of(servers: &[(Member, Replication)], sentinels: &[Watcher]) -> Self {
        let quorum = sentinels.iter().filter(|sentinel| sentinel.quorum).count() >= MAJORITY;
        let named_by = |member: &Member| {
            let names = |sentinel: &&Watcher| sentinel.names.as_deref().is_some_and(|it| is(it, member));
            sentinels.iter().filter(names).count()
        };
        let goes_on = |member: &Member| {
            let follows = |(_, says): &(Member, Replication)| says.linked && is(&says.follows, member);
            let silent = sentinels.len() < MAJORITY && named_by(member) == sentinels.len();
            silent && servers.iter().any(follows)
        };
        let is_primary = |member: &Member| named_by(member) >= MAJORITY || goes_on(member);
        let chosen = servers.iter().find(|(member, says)| says.primary && is_primary(member));
        let Some((primary, leads)) = chosen else { return Self { quorum, ..Self::default() } };
        let follows = |(_, says): &&(Member, Replication)| {
            let behind = leads.offset.saturating_sub(says.offset);
            let known = sentinels.iter().filter(|sentinel| sentinel.replicas.contains(&says.run)).count();
            let synced = says.linked && is(&says.follows, primary) && behind <= ON_ITS_WAY;
            !says.primary && synced && known >= MAJORITY
        };
        let in_sync = servers.iter().filter(follows).map(|(member, _)| member.uid.clone()).collect();
        Self { primary: Some(primary.clone()), in_sync, agreeing: named_by(primary), quorum }
    }
}

/// Whether a host is this pod.
pub(super) fn is(host: &str, member: &Member) -> bool {
    host.split('.').next() == Some(member.name.as_str())
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
