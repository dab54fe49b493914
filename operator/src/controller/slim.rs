//! What is kept of a pod: what a visit or a question to its relay reads, and no more. There are
//! thousands of pods, and most of one is its spec. Of a cluster most is which field somebody manages.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};

use super::Cluster;
use crate::options::MANAGED_BY;
use crate::reconcile::names::{CLUSTER, COMPONENT, RESTARTED_AT, REVISION, SERVING, SET_REVISION};

/// Labels that something is decided by.
const LABELS: [&str; 6] = [CLUSTER, COMPONENT, REVISION, SERVING, SET_REVISION, MANAGED_BY.0];

/// Conditions that something is decided by.
const CONDITIONS: [&str; 2] = ["Ready", "PodScheduled"];

/// Drops of a cluster what no watch looks at: a visit reads it anew.
pub(super) fn slim_cluster(cluster: &mut Cluster) {
    cluster.metadata.managed_fields = None;
    cluster.metadata.labels = None;
    for annotations in cluster.metadata.annotations.iter_mut() {
        annotations.retain(|name, _| name == RESTARTED_AT);
    }
}

/// Drops everything else.
pub(super) fn slim(pod: &mut Pod) {
    pod.spec = None;
    let metadata = &mut pod.metadata;
    metadata.managed_fields = None;
    metadata.annotations = None;
    metadata.generate_name = None;
    for labels in metadata.labels.iter_mut() {
        labels.retain(|name, _| LABELS.contains(&name.as_str()));
    }
    let Some(status) = pod.status.take() else { return };
    let mut conditions = status.conditions;
    for conditions in conditions.iter_mut() {
        conditions.retain(|condition| CONDITIONS.contains(&condition.type_.as_str()));
        conditions.shrink_to_fit();
    }
    let mut containers = status.container_statuses;
    for containers in containers.iter_mut() {
        containers.iter_mut().for_each(slim_container);
        containers.shrink_to_fit();
    }
    pod.status = Some(PodStatus {
        phase: status.phase,
        pod_ip: status.pod_ip,
        conditions,
        container_statuses: containers,
        ..PodStatus::default()
    });
}

fn slim_container(container: &mut ContainerStatus) {
    let waits = container.state.as_ref().is_some_and(|state| state.waiting.is_some());
    *container = ContainerStatus {
        name: std::mem::take(&mut container.name),
        image: std::mem::take(&mut container.image),
        ready: container.ready,
        restart_count: container.restart_count,
        started: container.started,
        state: container.state.take().filter(|_| waits),
        ..ContainerStatus::default()
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reconcile::pods::RelayPod;

    /// A pod that cannot be scheduled, with a container that cannot start.
    fn pod() -> Pod {
        let pod = json!({
            "metadata": {
                "name": "a", "namespace": "ns", "uid": "u", "annotations": { "x": "y" },
                "labels": { CLUSTER: "c", COMPONENT: "relay", REVISION: "r", SERVING: "true", "x": "y" },
                "managedFields": [{ "manager": "kubelet" }],
            },
            "spec": { "containers": [{ "name": "relay", "image": "i", "args": ["--x"] }] },
            "status": {
                "phase": "Pending", "podIP": "10.0.0.1", "hostIP": "10.0.0.2",
                "conditions": [
                    { "type": "Initialized", "status": "True" },
                    { "type": "PodScheduled", "status": "False", "message": "no node" },
                    { "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" },
                ],
                "containerStatuses": [{
                    "name": "relay", "image": "i", "imageID": "sha", "ready": false, "restartCount": 3,
                    "started": true, "state": { "waiting": { "reason": "ErrImagePull", "message": "m" } },
                }],
            },
        });
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn f16_what_is_decided_by_is_kept() {
        let (whole, mut kept) = (pod(), pod());
        slim(&mut kept);
        assert_eq!(RelayPod::parse(&kept), RelayPod::parse(&whole));
    }

    #[test]
    fn f16_of_a_cluster_its_generation_and_the_wish_for_a_restart_are_kept() {
        let cluster = json!({
            "metadata": {
                "name": "a", "namespace": "ns", "generation": 3, "labels": { "x": "y" },
                "annotations": { RESTARTED_AT: "now", "last-applied": "{}" },
                "managedFields": [{ "manager": "kubectl" }],
            },
        });
        let mut kept: Cluster = serde_json::from_value(cluster).unwrap();
        slim_cluster(&mut kept);
        let expected = json!({
            "name": "a", "namespace": "ns", "generation": 3, "annotations": { RESTARTED_AT: "now" },
        });
        assert_eq!(serde_json::to_value(&kept.metadata).unwrap(), expected);
    }

    #[test]
    fn f16_spec_annotations_and_other_labels_are_not_kept() {
        let mut kept = pod();
        slim(&mut kept);
        let text = serde_json::to_string(&kept).unwrap();
        let gone = ["--x", "managedFields", "\"x\"", "sha", "hostIP", "Initialized"];
        assert_eq!(gone.map(|word| text.contains(word)), [false; 6], "{text}");
    }
}
