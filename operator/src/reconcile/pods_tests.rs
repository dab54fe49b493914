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
