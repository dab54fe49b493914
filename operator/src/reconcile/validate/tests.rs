use serde_json::{Value, json};

use super::*;
use crate::reconcile::fixtures::root;

fn check(spec: Value) -> Result<Validated, InvalidSpec> {
    validate(&root(spec), &Options::default())
}

#[test]
fn an_empty_spec_takes_all_defaults() {
    let valid = check(json!({})).unwrap();
    assert_eq!((valid.replicas, valid.surge, valid.publish_key), (2, 1, true));
}

#[test]
fn the_surge_is_a_share_of_the_relays_and_at_least_one() {
    for (replicas, percent, surge) in
        [(0, 25, 1), (1, 25, 1), (4, 25, 1), (5, 25, 2), (100, 25, 25), (3, 100, 3)]
    {
        let valid = check(json!({"replicas": replicas, "rollout": {"maxSurgePercent": percent}})).unwrap();
        assert_eq!((replicas, valid.surge), (replicas, surge));
    }
}

#[test]
fn what_an_earlier_definition_let_pass_is_refused_by_field() {
    let cases = [
        ("spec.replicas", json!({"replicas": -1})),
        ("spec.replicas", json!({"replicas": 501})),
        ("spec.service.port", json!({"service": {"port": 0}})),
        ("spec.drain.timeoutSeconds", json!({"drain": {"timeoutSeconds": 561}})),
        ("spec.rollout.maxSurgePercent", json!({"rollout": {"maxSurgePercent": 0}})),
        ("spec.limits.maxQueueBytes", json!({"limits": {"maxQueueBytes": 1}})),
        ("spec.podLabels", json!({"podLabels": {"relaycluster.dev/cluster": "other"}})),
        ("spec.redis.external", json!({"redis": {"mode": "External"}})),
        ("spec.ingress.hosts", json!({"ingress": {"hosts": []}})),
        ("spec.ingress.hosts", json!({"ingress": {"hosts": ["a_b"]}})),
        ("spec.ingress.path", json!({"ingress": {"hosts": ["a"], "path": "x"}})),
        ("spec.gateway.parentRefs", json!({"gateway": {"parentRefs": []}})),
        ("spec.gateway.hostnames", json!({"gateway": {"parentRefs": [{"name": "g"}], "hostnames": ["-"]}})),
        ("spec.networkPolicy", json!({"networkPolicy": {"clientPeers": [{}]}})),
        ("spec.monitoring.labels", json!({"monitoring": {"labels": {"relaycluster.dev/cluster": "x"}}})),
        ("spec.monitoring.intervalSeconds", json!({"monitoring": {"intervalSeconds": 0}})),
        ("spec.autoscaling.min", json!({"autoscaling": {"min": 3, "max": 2, "targetConnectionsPerPod": 1}})),
        (
            "spec.autoscaling.max",
            json!({"autoscaling": {"min": 1, "max": 501, "targetConnectionsPerPod": 1}}),
        ),
        (
            "spec.autoscaling.target",
            json!({"autoscaling": {"min": 1, "max": 2, "targetConnectionsPerPod": 0}}),
        ),
    ];
    for (field, spec) in cases {
        let error = check(spec.clone()).unwrap_err().to_string();
        assert!(error.starts_with(field), "{spec}: {error}");
    }
}

#[test]
fn no_text_can_end_its_line_in_the_settings_file() {
    let texts = [
        "https://a\nINSECURE=true",
        "https://a b",
        "https://a,https://b",
        "https://",
        "localhost",
        "https://a/",
        "https://u@a",
    ];
    for text in texts {
        assert!(check(json!({"cors": {"origins": [text]}})).is_err(), "{text:?}");
    }
    assert!(check(json!({"publicAccounts": ["a\nb"]})).is_err());
}

#[test]
fn every_broken_rule_is_named() {
    let error = check(json!({"replicas": 900, "service": {"port": 0}})).unwrap_err();
    assert_eq!(error.0.len(), 2);
}
