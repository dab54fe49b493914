//! The part of the spec about how many relays there are.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The built-in autoscaler: as many relays as the live connections need.
///
/// While it is set, `spec.replicas` is only where it starts, and 0 still means no relay at all.
/// A HorizontalPodAutoscaler on the same RelayCluster has no effect then; use one or the other.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("self.min <= self.max")
        .message("spec.autoscaling.min: at most spec.autoscaling.max")
)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalingSpec {
    /// The fewest relays.
    #[schemars(range(min = 1, max = 500))]
    pub min: i32,
    /// The most relays.
    #[schemars(range(min = 1, max = 500))]
    pub max: i32,
    /// Live connections that one relay is to have. There are more relays when their mean is more
    /// than a tenth above it, and fewer when it was more than a tenth below it for five minutes.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub target_connections_per_pod: i32,
}
