//! The part of the spec about change: draining and rollouts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a relay that ends lets go of its connections.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct DrainSpec {
    /// Connections that a relay which ends closes per second, so that clients come back at a pace.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_disconnects_per_second: i32,
    /// Seconds after which the connections that are left are closed at once. The pods' termination
    /// grace period follows from it, and with the greatest value still fits the ten minutes that a
    /// cluster autoscaler waits.
    #[schemars(range(min = 1, max = 560))]
    pub timeout_seconds: i32,
}

impl Default for DrainSpec {
    fn default() -> Self {
        Self { max_disconnects_per_second: 100, timeout_seconds: 300 }
    }
}

/// How a new revision replaces the old one: it starts beside it, and the old one ends only as far
/// as the new one is ready.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct RolloutSpec {
    /// Relays beyond `replicas` that may exist during a rollout, in per cent of `replicas`, rounded up.
    #[schemars(range(min = 1, max = 100))]
    pub max_surge_percent: i32,
    /// Seconds without progress after which a rollout is reported as stalled.
    #[schemars(range(min = 10, max = 86_400))]
    pub progress_deadline_seconds: i32,
}

impl Default for RolloutSpec {
    fn default() -> Self {
        Self { max_surge_percent: 25, progress_deadline_seconds: 300 }
    }
}
