//! The relays' pods and the clients' Service.

use super::broken::Broken;
use crate::api::RelayClusterSpec;

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    broken.range("spec.replicas", spec.replicas, 0, 500);
    broken.range("spec.service.port", spec.service.port, 1, 65_535);
    for key in spec.pod_labels.keys().filter(|key| is_owned(key)) {
        broken.say("spec.podLabels", &format!("{key} is a label of the operator"));
    }
}

/// Whether a label is the operator's to set.
pub(super) fn is_owned(key: &str) -> bool {
    key.starts_with("relaycluster.dev/") || key.starts_with("app.kubernetes.io/")
}
