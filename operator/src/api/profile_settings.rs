//! The settings of each profile that a user of the operator decides on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DuplicatePolicy, OverflowPolicy, SocketIoTransport};

/// Settings of the profile `push`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct PushSpec {
    /// Whether its paths are there. A change makes new relays.
    pub enabled: bool,
    /// What a second socket of a user means.
    pub duplicates: DuplicatePolicy,
    /// What happens to messages for its slow clients; `spec.limits.overflow` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    // An optional word has the description of its type otherwise.
    #[schemars(with = "OverflowPolicy", extend("nullable" = true))]
    pub overflow: Option<OverflowPolicy>,
}

impl Default for PushSpec {
    fn default() -> Self {
        Self { enabled: true, duplicates: DuplicatePolicy::Reject, overflow: None }
    }
}

/// Settings of the profile `stream`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct StreamSpec {
    /// Whether its paths are there. A change makes new relays.
    pub enabled: bool,
    /// Whether a socket on `/ws` may do without `user_id`.
    pub anonymous: bool,
    /// Events that may wait to be processed. A change makes new relays.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub buffer_size: i32,
    /// What happens to messages for its slow clients; `spec.limits.overflow` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    // An optional word has the description of its type otherwise.
    #[schemars(with = "OverflowPolicy", extend("nullable" = true))]
    pub overflow: Option<OverflowPolicy>,
}

impl StreamSpec {
    /// The buffer that relays have by themselves.
    pub const BUFFER_SIZE: i32 = 10_000;
}

impl Default for StreamSpec {
    fn default() -> Self {
        Self { enabled: true, anonymous: true, buffer_size: Self::BUFFER_SIZE, overflow: None }
    }
}

/// Settings of the profile `socketio`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct SocketIoSpec {
    /// Whether its paths are there. A change makes new relays.
    pub enabled: bool,
    /// How a session may be carried.
    #[schemars(length(min = 1, max = 2))]
    pub transports: Vec<SocketIoTransport>,
    /// Seconds between two pings of a session. A change makes new relays.
    #[schemars(range(min = 1, max = 86_400))]
    pub ping_interval_seconds: i32,
    /// Seconds that the answer to a ping may take. A change makes new relays.
    #[schemars(range(min = 1, max = 86_400))]
    pub ping_timeout_seconds: i32,
    /// Bytes of the largest message of a client.
    #[schemars(range(min = 1_000, max = 1_000_000_000))]
    pub max_message_bytes: i32,
    /// Whether clients of Socket.IO 2 are served, too.
    pub allow_version2: bool,
    /// Seconds that a client may be away and have its session back, where `spec.history.rooms` is
    /// kept. A change makes new relays.
    #[schemars(range(min = 1, max = 86_400))]
    pub recovery_seconds: i32,
    /// The user that chat messages of clients go to.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9._@-]+$"))]
    pub chat_worker: String,
    /// What happens to messages for its slow clients; `spec.limits.overflow` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    // An optional word has the description of its type otherwise.
    #[schemars(with = "OverflowPolicy", extend("nullable" = true))]
    pub overflow: Option<OverflowPolicy>,
}

impl Default for SocketIoSpec {
    fn default() -> Self {
        Self {
            enabled: true,
            transports: vec![SocketIoTransport::WebSocket, SocketIoTransport::Polling],
            ping_interval_seconds: 25,
            ping_timeout_seconds: 60,
            max_message_bytes: 100_000_000,
            allow_version2: true,
            recovery_seconds: 120,
            chat_worker: "chat-worker".to_owned(),
            overflow: None,
        }
    }
}

/// Settings of the profile `tokens`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct TokensSpec {
    /// Whether its paths are there. A change makes new relays.
    pub enabled: bool,
    /// Whether chunks have their text in `chunk`, too, not in `content` alone. A change makes new relays.
    pub chunk_field: bool,
    /// What happens to messages for its slow clients; `spec.limits.overflow` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    // An optional word has the description of its type otherwise.
    #[schemars(with = "OverflowPolicy", extend("nullable" = true))]
    pub overflow: Option<OverflowPolicy>,
}

impl Default for TokensSpec {
    fn default() -> Self {
        Self { enabled: true, chunk_field: false, overflow: None }
    }
}

/// Settings of the profile `dual`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct DualSpec {
    /// Whether its paths are there. A change makes new relays.
    pub enabled: bool,
    /// Seconds for which the session of a player who is gone is kept. A change makes new relays.
    #[schemars(range(min = 1, max = 315_360_000))]
    pub session_seconds: i32,
    /// What happens to messages for its slow clients; `spec.limits.overflow` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    // An optional word has the description of its type otherwise.
    #[schemars(with = "OverflowPolicy", extend("nullable" = true))]
    pub overflow: Option<OverflowPolicy>,
}

impl DualSpec {
    /// The time that relays have by themselves: a week.
    pub const SESSION_SECONDS: i32 = 604_800;
}

impl Default for DualSpec {
    fn default() -> Self {
        Self { enabled: true, session_seconds: Self::SESSION_SECONDS, overflow: None }
    }
}
