use std::sync::Arc;

use relay_contract::admin::Status;
use serde_json::{Value, json};

use super::*;
use crate::reconcile::fixtures::{root, serving};

fn relay(told: Option<Value>) -> Relay {
    let status = |told: Value| Arc::new(serde_json::from_value::<Status>(told).unwrap());
    let pod = serving("p", "r", Timestamp::from_second(1).unwrap());
    Relay { pod, told: told.map(status), signals: Vec::new() }
}

fn says(connections: u64, draining: bool) -> Option<Value> {
    let drain = json!({"reason": "Deletion", "rate": 1, "remainingSeconds": 9});
    Some(json!({"version": "1", "node": "a", "startedAt": 1, "accepting": !draining,
        "draining": draining.then_some(drain), "connections": {"total": connections},
        "bus": {"kind": "redis", "state": "ok"}}))
}

#[test]
fn f14_a_drain_is_over_when_every_relay_drains_and_has_no_connection() {
    assert!(is_over(&[relay(says(0, true)), relay(says(0, true))]));
    assert!(!is_over(&[relay(says(0, true)), relay(says(1, true))]));
    assert!(!is_over(&[relay(says(0, false))]));
}

#[test]
fn f14_a_relay_that_does_not_tell_is_not_taken_for_an_empty_one() {
    assert!(!is_over(&[relay(None)]));
}

#[test]
fn f14_a_relay_that_never_started_is_not_waited_for() {
    let mut relay = relay(None);
    relay.pod.started = false;
    assert!(is_over(&[relay]));
}

#[test]
fn f14_a_drain_has_a_deadline_whatever_the_spec_says() {
    let seconds = |spec| drain(&root(spec)).timeout_seconds;
    let all = [
        seconds(json!({"drain": {"timeoutSeconds": 9_999}})),
        seconds(json!({"replicas": "many"})),
        seconds(json!({"drain": {"timeoutSeconds": 7}})),
    ];
    assert_eq!(all, [560, 300, 7]);
}
