//! The part of the spec about how often clients and publishers may do something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often clients and publishers may do something; 0 is no limit.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct RateLimitsSpec {
    /// Whether a user, address or channel has one quota on all relays together, or one on each.
    pub scope: RateLimitScope,
    /// Connections that one user or player may begin in a minute.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub connections_per_minute: i32,
    /// Messages that one connection may send in a second.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub messages_per_second: i32,
    /// Chat messages that one user may send in a minute.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub user_messages_per_minute: i32,
    /// Connection tokens that one user may get in a minute.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub tokens_per_minute: i32,
    /// Events that one socket of the profile `stream` may send in a second.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub events_per_second: i32,
    /// Messages that one address may publish in a second.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub publishes_per_second: i32,
    /// Messages for one user, room or conversation in a second.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub channel_messages_per_second: i32,
    /// Requests of one address within `requestsWindowSeconds`. Probes, and who publishes with the
    /// key, are not counted.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub requests: i32,
    /// Seconds in which `requests` are counted.
    #[schemars(range(min = 1, max = 86_400))]
    pub requests_window_seconds: i32,
}

impl Default for RateLimitsSpec {
    fn default() -> Self {
        Self {
            scope: RateLimitScope::Cluster,
            connections_per_minute: 600,
            messages_per_second: 1_000,
            user_messages_per_minute: 100,
            tokens_per_minute: 10,
            events_per_second: 0,
            publishes_per_second: 0,
            channel_messages_per_second: 0,
            requests: 0,
            requests_window_seconds: 60,
        }
    }
}

/// Whether a quota is for all relays together.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateLimitScope {
    /// One quota on all relays together.
    #[default]
    Cluster,
    /// One quota on each relay.
    Node,
}

impl RateLimitScope {
    /// The word that a relay's `RATE_LIMIT_SCOPE` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Node => "node",
        }
    }
}
