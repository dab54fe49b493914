use serde_json::{Value, json};

use super::*;

fn parse(status: Value) -> Option<RelayPod> {
    let pod = json!({"metadata": {"name": "p", "uid": "u", "labels": {"relaycluster.dev/revision": "r"}},
        "status": status});
    RelayPod::parse(&serde_json::from_value(pod).unwrap())
}

fn waiting(reason: &str) -> Option<Reason> {
    let container = json!({"name": "relay", "image": "relay:x", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": "m"}}});
    parse(json!({"containerStatuses": [container]})).unwrap().trouble.map(|trouble| trouble.reason)
}

#[test]
fn what_the_kubelet_says_about_an_image_is_told_from_a_crash() {
    for word in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
        assert_eq!((word, waiting(word)), (word, Some(Reason::ImagePullFailed)));
    }
    for word in ["CrashLoopBackOff", "CreateContainerConfigError", "RunContainerError"] {
        assert_eq!((word, waiting(word)), (word, Some(Reason::CrashLooping)));
    }
}

#[test]
fn a_container_that_is_being_created_is_no_trouble() {
    assert_eq!(waiting("ContainerCreating"), None);
}

#[test]
fn trouble_names_the_image_and_the_words_of_the_kubelet() {
    let container = json!({"name": "relay", "image": "relay:x", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}});
    let trouble = parse(json!({"containerStatuses": [container]})).unwrap().trouble.unwrap();
    assert_eq!(trouble.message, "image relay:x: ErrImagePull: not found");
}

#[test]
fn a_pod_that_ended_for_good_is_none() {
    for phase in ["Failed", "Succeeded"] {
        assert_eq!(parse(json!({"phase": phase})), None);
    }
}

#[test]
fn the_scheduler_says_why_no_node_takes_a_pod() {
    let condition = json!({"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"});
    let pod = parse(json!({"conditions": [condition]})).unwrap();
    assert_eq!(pod.unscheduled.as_deref(), Some("0/3 nodes are available"));
}

/// What is told of an image that the kubelet says this about.
fn told(reason: &str, message: &str) -> String {
    let container = json!({"name": "relay", "image": "relay:x", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}}});
    parse(json!({"containerStatuses": [container]})).unwrap().trouble.unwrap().message
}

#[test]
fn f09_what_is_told_of_an_image_does_not_change_while_the_kubelet_waits() {
    let waiting = told("ImagePullBackOff", "Back-off pulling image \"relay:x\": ErrImagePull: not found");
    assert_eq!(waiting, told("ErrImagePull", "not found"));
}

#[test]
fn f09_a_long_message_of_the_kubelet_keeps_its_end() {
    let told = told("ErrImagePull", &format!("failed to pull: {}connection refused", "x".repeat(900)));
    assert!(told.contains("failed to pull") && told.ends_with("connection refused"), "{told}");
    assert!(told.chars().count() < 250, "{told}");
}

#[test]
fn f09_a_pod_tells_since_when_it_has_been_ready_or_not_and_at_first_since_it_was_made() {
    let since = |conditions: Value| {
        let pod = json!({"metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"conditions": conditions}});
        RelayPod::parse(&serde_json::from_value(pod).unwrap()).unwrap().since.unwrap().to_string()
    };
    let ready =
        |status| json!([{"type": "Ready", "status": status, "lastTransitionTime": "2026-01-01T00:00:09Z"}]);
    let made = "2026-01-01T00:00:00Z";
    let changed = "2026-01-01T00:00:09Z";
    assert_eq!([json!([]), ready("True"), ready("False")].map(since), [made, changed, changed]);
}
