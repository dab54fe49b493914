//! Draining, rollouts and disruptions.

use super::broken::Broken;
use crate::api::{RelayClusterSpec, RolloutSpec};

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    let (drain, rollout) = (&spec.drain, &spec.rollout);
    broken.range("spec.drain.maxDisconnectsPerSecond", drain.max_disconnects_per_second, 1, 100_000);
    broken.range("spec.drain.timeoutSeconds", drain.timeout_seconds, 1, 560);
    let away = spec.disruption.max_unavailable_percent;
    broken.range("spec.disruption.maxUnavailablePercent", away, 1, 100);
    broken.range("spec.rollout.maxSurgePercent", rollout.max_surge_percent, 1, 100);
    broken.range("spec.rollout.progressDeadlineSeconds", rollout.progress_deadline_seconds, 10, 86_400);
}

/// Relays beyond `replicas` during a rollout: a share of them, rounded up, and at least one.
pub(super) fn surge(replicas: u32, spec: &RolloutSpec) -> u32 {
    let percent = u32::try_from(spec.max_surge_percent).unwrap_or_default();
    replicas.saturating_mul(percent).div_ceil(100).max(1)
}
