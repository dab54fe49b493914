//! The relays' pods and the clients' Service.

use super::broken::Broken;
use crate::api::RelayClusterSpec;

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    broken.range("spec.replicas", spec.replicas, 0, 500);
    broken.range("spec.service.port", spec.service.port, 1, 65_535);
    let owned = |key: &&String| key.starts_with("relaycluster.dev/") || key.starts_with("app.kubernetes.io/");
    for key in spec.pod_labels.keys().filter(owned) {
        broken.say("spec.podLabels", &format!("{key} is a label of the operator"));
    }
}
