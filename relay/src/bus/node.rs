//! Relays of one cluster, as they know each other.

use serde::{Deserialize, Serialize};

/// Seconds after which a node that says nothing any more is nobody's peer.
pub const NODE_TTL_SECONDS: u64 = 15;
/// Nodes of one cluster that are told of at most.
pub(super) const MAX_NODES: usize = 1024;

/// A relay that is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Random number of its process, 16 hexadecimal digits: a restart under the same name is another
    /// one.
    pub incarnation: String,
    /// `host:port` at which its peers reach the clients' port; none if it has no address that others
    /// could use.
    pub address: Option<String>,
    /// Seconds since the epoch at which it began.
    pub started: i64,
}

impl Node {
    /// The node that begins now.
    pub(super) fn beginning(name: &str, incarnation: u64) -> Self {
        Self {
            name: name.to_owned(),
            incarnation: format!("{incarnation:016x}"),
            address: None,
            started: jiff::Timestamp::now().as_second(),
        }
    }
}
