//! The part of the spec that relays re-read while they run, and who may publish.

use relay_contract::logs::LogLevel;
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
