//! The part of the spec that relays re-read while they run, and who may publish.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which web origins may use the cluster.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct CorsSpec {
    /// Origins such as `https://app.example.com`, or `*` for all; at least one. Without the field:
    /// ports 3000 and 8080 of a developer's own machine.
    #[schemars(
        length(min = 1, max = 200),
        inner(length(max = 300), regex(pattern = r"^(\*|https?://[A-Za-z0-9._:\[\]-]+)$"))
    )]
    pub origins: Vec<String>,
}

impl Default for CorsSpec {
    fn default() -> Self {
        let local = [
            "http://localhost:3000",
            "http://localhost:8080",
            "http://127.0.0.1:3000",
            "http://127.0.0.1:8080",
        ];
        Self { origins: local.map(str::to_owned).to_vec() }
    }
}

/// What relays log.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct LogSpec {
    /// The least important level that is written.
    pub level: LogLevel,
}

/// How important a line of a log is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens in normal operation.
    #[default]
    Info,
    /// What somebody should look at some day.
    Warning,
    /// What went wrong.
    Error,
    /// What ends the process.
    Critical,
}

impl LogLevel {
    /// The word that a relay's `LOG_LEVEL` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Protocol pings on WebSocket connections.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct HeartbeatSpec {
    /// Seconds between two pings of a connection.
    #[schemars(range(min = 1, max = 3600))]
    pub interval_seconds: i32,
    /// Seconds that the answer to a ping may take.
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: i32,
}

impl Default for HeartbeatSpec {
    fn default() -> Self {
        Self { interval_seconds: 30, timeout_seconds: 10 }
    }
}

/// What one relay takes from clients.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitsSpec {
    /// Bytes of the largest message that a client may send.
    #[schemars(range(min = 256, max = 16_777_216))]
    pub max_message_bytes: i32,
    /// Connections of one relay; 0 derives it from the open files that the process may have.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_connections: i32,
    /// Connections of one user on one relay.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_connections_per_user: i32,
    /// Bytes that may wait for one slow connection.
    #[schemars(range(min = 1024, max = 268_435_456))]
    pub max_queue_bytes: i32,
}

impl Default for LimitsSpec {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_576,
            max_connections: 0,
            max_connections_per_user: 4,
            max_queue_bytes: 1_048_576,
        }
    }
}

/// Who may publish over HTTP.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct PublishSpec {
    /// What the publish API asks for.
    pub access: PublishAccess,
}

/// What the publish API asks for.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PublishAccess {
    /// The key `publishKey` of the Secret `<name>-keys`, which the operator generates.
    #[default]
    Key,
    /// Nothing: whoever reaches the Service may publish.
    Open,
}
