//! The autoscaler. That the least is not above the most is a rule of the schema.

use super::broken::Broken;
use crate::api::RelayClusterSpec;

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    let Some(auto) = &spec.autoscaling else { return };
    let target = auto.target_connections_per_pod;
    broken.range("spec.autoscaling.min", auto.min, 1, 500);
    broken.range("spec.autoscaling.max", auto.max, 1, 500);
    broken.range("spec.autoscaling.targetConnectionsPerPod", target, 1, 1_000_000);
}
