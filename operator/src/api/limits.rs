//! The part of the spec about how much one relay takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one relay takes from clients, and keeps for those that read slowly.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitsSpec {
    /// Bytes of the largest message that a client may send.
    #[schemars(range(min = 256, max = 16_777_216))]
    pub max_message_bytes: i32,
    /// Connections of one relay; 0 derives it from the open files that the process may have.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_connections: i32,
    /// Connections of one user or player on all relays together, where they may have several.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_connections_per_user: i32,
    /// Rooms and other channels that one Socket.IO client may be in, three or four of its own included.
    #[schemars(range(min = 4, max = 100_000))]
    pub max_channels_per_connection: i32,
    /// Bytes that may wait for one slow connection.
    #[schemars(range(min = 1024, max = 268_435_456))]
    pub max_queue_bytes: i32,
    /// Messages that may wait for one slow connection.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_queue_messages: i32,
    /// What happens to a message that finds the queue of its connection full. A profile may say
    /// otherwise for its own clients.
    pub overflow: OverflowPolicy,
    /// Mebibytes that may wait for all slow connections of one relay together. A change makes new relays.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_node_queue_mebibytes: i32,
    /// Seconds without any byte after which a connection ends.
    #[schemars(range(min = 1, max = 86_400))]
    pub idle_timeout_seconds: i32,
}

impl LimitsSpec {
    /// The limit of all queues of a relay that relays have by themselves, in mebibytes.
    pub const NODE_QUEUE_MEBIBYTES: i32 = 256;
}

impl Default for LimitsSpec {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_576,
            max_connections: 0,
            max_connections_per_user: 4,
            max_channels_per_connection: 256,
            max_queue_bytes: 1_048_576,
            max_queue_messages: 1_000,
            overflow: OverflowPolicy::Disconnect,
            max_node_queue_mebibytes: Self::NODE_QUEUE_MEBIBYTES,
            idle_timeout_seconds: 300,
        }
    }
}

/// What happens to a message that finds a queue full.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverflowPolicy {
    /// The connection ends, and its client comes back: nothing is left out unseen.
    #[default]
    Disconnect,
    /// The oldest messages make room.
    DropOldest,
    /// The message is dropped.
    DropNewest,
    /// Only the newest message waits.
    LatestOnly,
}

impl OverflowPolicy {
    /// The word that a relay's `OVERFLOW` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::DropOldest => "drop_oldest",
            Self::DropNewest => "drop_newest",
            Self::LatestOnly => "latest_only",
        }
    }
}
