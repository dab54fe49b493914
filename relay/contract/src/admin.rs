//! The admin API of a relay, served on a port of its own.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /livez`, `/readyz`, `/startupz` | 200, or 503 with one line of why; no token |
//! | `GET /metrics` | Prometheus text; no token |
//! | `GET` [`STATUS_PATH`] | [`Status`] |
//! | `PUT` [`DRAIN_PATH`] with a [`DrainRequest`] | [`Status`]; the same request twice is one drain |
//! | `DELETE` [`DRAIN_PATH`] | [`Status`]; no drain is fine, too |
//! | `POST` [`RELOAD_PATH`] | [`Status`] after the settings file was read again; 422 with an [`ErrorBody`] that names each bad setting |
//! | `PUT` [`CONFIG_PATH`] with a [`ConfigRequest`] | [`Status`] with the settings in use; 422 as above, and the old ones stay |
//!
//! Paths under `/admin/` want `Authorization: Bearer <token>`: 401 without, 403 with a wrong one.
//! A field that a reader does not know is ignored, and one that a writer did not send takes its
//! default, so that an operator and a relay of neighbouring versions understand each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Path of the status document.
pub const STATUS_PATH: &str = "/admin/v1/status";
/// Path of the drain resource.
pub const DRAIN_PATH: &str = "/admin/v1/drain";
/// Path that makes a relay read its settings file again.
pub const RELOAD_PATH: &str = "/admin/v1/reload";

/// Path of the settings in use.
pub const CONFIG_PATH: &str = "/admin/v1/config";

/// How one relay process is doing, as it says itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Version of the relay binary.
    pub version: String,
    /// Name of this relay among its peers; in a cluster the name of the pod.
    pub node: String,
    /// Start of the process, in seconds since the epoch.
    pub started_at: i64,
    /// Which configuration runs.
    #[serde(default)]
    pub config: Config,
    /// Whether new connections are accepted.
    pub accepting: bool,
    /// The drain under way, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining: Option<Drain>,
    /// Live connections.
    pub connections: Connections,
    /// Bytes that wait for slow connections, over all of them.
    #[serde(default)]
    pub queue_bytes: u64,
    /// State of the bus between relays.
    pub bus: Bus,
    /// Messages that were dropped since the start, by reason.
    #[serde(default)]
    pub drops: BTreeMap<String, u64>,
    /// What the guides tell a person to look for.
    #[serde(default)]
    pub signals: Signals,
}

/// What the troubleshooting guides tell a person to look for: counters since the start of the process,
/// and at the end how things are now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Signals {
    /// Sockets refused because their user had as many as may be.
    pub duplicate_users: u64,
    /// Events and messages dropped because a buffer or a queue was full.
    pub buffer_drops: u64,
    /// Batches of events that took longer than 0.1 s.
    pub slow_processing: u64,
    /// Clients whose token was missing, wrong, expired or used before.
    pub token_failures: u64,
    /// Players who entered another session than they were in.
    pub session_switches: u64,
    /// Requests of pages whose origin is not allowed.
    pub origin_refusals: u64,
    /// Connections of players that took longer than 1 s to be established.
    pub slow_connections: u64,
    /// Connections to Redis, or tries to connect, that ended with a fault.
    pub redis_reconnects: u64,
    /// Socket.IO sessions that poll now.
    pub polling_sessions: u64,
    /// All Socket.IO sessions now.
    pub socketio_sessions: u64,
    /// How much of the memory that the process may have is used, in whole percent.
    pub memory_percent: u64,
}

/// Which configuration a relay runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// SHA-256 of the settings file in use, in lower-case hex; empty without a file.
    pub hash: String,
    /// The generation that this content tells of itself
    /// ([`CONFIG_GENERATION`](crate::settings::CONFIG_GENERATION)); 0 without one.
    #[serde(default)]
    pub generation: u64,
    /// Why the newest content of the settings file is not in use, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Live connections of one relay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connections {
    /// All of them.
    pub total: u64,
    /// WebSocket connections.
    #[serde(default)]
    pub websocket: u64,
    /// Server-sent event streams.
    #[serde(default)]
    pub sse: u64,
    /// Socket.IO sessions, over any transport.
    #[serde(default)]
    pub socketio: u64,
    /// The same connections by profile, such as `push` and `dual`.
    #[serde(default)]
    pub by_profile: BTreeMap<String, u64>,
}

/// State of the bus as one relay sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bus {
    /// What the bus is made of.
    pub kind: BusKind,
    /// Whether it works.
    pub state: BusState,
    /// Why it does not, in one line without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Milliseconds from publish to delivery of the last self-probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// Partitions of 128 whose messages do not go on although there is a connection, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_partitions: Option<u64>,
}

/// What a bus is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BusKind {
    /// This process alone.
    Memory,
    /// Redis, shared by all relays of a cluster.
    Redis,
}

/// Whether a bus works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BusState {
    /// It was not reached since the start.
    Connecting,
    /// Messages cross it.
    Ok,
    /// It worked and does not now, or not in everything: then its lag is told, as messages cross. Local
    /// deliveries go on.
    Degraded,
}

/// Hands a relay the settings file as it is to be, ahead of the file itself: what mounts it may be
/// a minute behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigRequest {
    /// The whole text of the file. From now on a file of a lower
    /// [generation](crate::settings::CONFIG_GENERATION) is one that is behind, and is left alone.
    pub settings: String,
}

/// Asks a relay to end its connections at a pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainRequest {
    /// Connections to end per second, at least 1.
    pub rate: u32,
    /// Seconds from now after which all that are left end at once.
    pub deadline_seconds: u32,
    /// Why, as one word for logs and status, such as `Rollout`.
    pub reason: String,
}

/// A drain under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// Why.
    pub reason: String,
    /// Connections that end per second.
    pub rate: u32,
    /// Seconds until all that are left end at once.
    pub remaining_seconds: u32,
}

/// Body of an answer that refuses a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What is wrong, naming the field.
    pub error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_from_an_older_relay_takes_defaults_for_what_it_lacks() {
        let old = r#"{"version":"0.1.0","node":"a","startedAt":1,"accepting":true,
            "connections":{"total":2},"bus":{"kind":"memory","state":"ok"}}"#;
        let status: Status = serde_json::from_str(old).unwrap();
        assert_eq!(status.connections, Connections { total: 2, ..Connections::default() });
    }

    #[test]
    fn a_field_from_a_newer_relay_is_ignored() {
        let newer = r#"{"kind":"redis","state":"degraded","reason":"refused","shards":3}"#;
        let bus: Bus = serde_json::from_str(newer).unwrap();
        assert_eq!(bus.state, BusState::Degraded);
    }
}
