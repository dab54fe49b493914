//! How the servers of a managed Redis with sentinels are replaced: one by one, each when all others
//! have what the primary has; the primary last, after another one took its place.
//!
//! Pure: what is done about it is [`apply`](super::apply)'s and the [`engine`](crate::fleet::redis)'s.

use super::pods::RelayPod;
use crate::fleet::redis::{Member, View};

/// A pod of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// The pod.
    pub pod: RelayPod,
    /// Revision of the StatefulSet that it was made from.
    pub revision: String,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// All servers are as wanted.
    Nothing,
    /// Something has to happen by itself first.
    Wait,
    /// This one is to be made anew.
    Replace(Member),
    /// The primary is to hand over.
    HandOver,
}

/// The next step towards servers that all have the revision `wanted`.
#[must_use]
pub fn next(servers: &[Server], wanted: &str, view: Option<&View>) -> Step {
    let outdated: Vec<_> = servers.iter().filter(|server| server.revision != wanted).collect();
    if outdated.is_empty() {
        return Step::Nothing;
    }
    let primary = view.and_then(|view| view.primary.as_ref());
    let leads = |server: &Server| primary.is_some_and(|primary| primary.uid == server.pod.uid);
    let mut others = outdated.iter().rev().filter(|server| !leads(server));
    // What never came up holds nothing, and may not come up before it is replaced.
    let dead = |server: &&Server| !server.pod.ready && !server.pod.started && !server.pod.terminating;
    if let Some(dead) = others.clone().find(|server| dead(server)) {
        return Step::Replace(member(dead));
    }
    let next = others.next();
    if !view.is_some_and(|view| is_whole(servers, next.copied(), view)) {
        return Step::Wait;
    }
    next.map_or(Step::HandOver, |server| Step::Replace(member(server)))
}

/// Whether there are a majority of sentinels, a primary, and replicas that all have what it has, but for
/// the one that is to go: a former primary need not have become a replica before.
fn is_whole(servers: &[Server], but: Option<&Server>, view: &View) -> bool {
    let Some(primary) = &view.primary else { return false };
    let well = |server: &Server| !server.pod.terminating && (server.pod.ready || but == Some(server));
    let has_all = |server: &Server| {
        server.pod.uid == primary.uid || view.in_sync.contains(&server.pod.uid) || but == Some(server)
    };
    let leads = servers.iter().any(|server| server.pod.uid == primary.uid);
    let all = servers.len() == usize::from(super::build::EACH);
    all && leads && view.quorum && servers.iter().all(|server| well(server) && has_all(server))
}

fn member(server: &Server) -> Member {
    Member { name: server.pod.name.clone(), uid: server.pod.uid.clone() }
}

#[cfg(test)]
#[path = "redis_roll_tests.rs"]
mod tests;
