use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::reconcile::fixtures::serving;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A relay that is ready since a while ago and told of so many connections, or did not tell.
fn relay(connections: Option<u64>) -> Relay {
    let pod = serving("p0", "r", at(NOW - 600));
    let told = connections.map(|total| {
        let status = json!({"version": "1", "node": "a", "startedAt": 1, "accepting": true,
            "connections": {"total": total}, "bus": {"kind": "redis", "state": "ok"}});
        Arc::new(serde_json::from_value(status).unwrap())
    });
    Relay { pod, told, signals: Vec::new() }
}

#[test]
fn f07_connections_of_relays_that_end_are_counted_because_they_come_back() {
    let mut ending = relay(Some(40));
    ending.pod.terminating = true;
    let load = load(&[relay(Some(100)), ending], at(NOW));
    assert_eq!((load.connections, load.known, load.unknown), (140, 1, 0));
}

#[test]
fn f07_a_relay_that_serves_and_does_not_tell_is_unknown() {
    assert_eq!(load(&[relay(Some(1)), relay(None)], at(NOW)).unknown, 1);
}

#[test]
fn f07_a_relay_that_just_got_ready_has_a_moment_to_tell() {
    let mut newcomer = relay(None);
    newcomer.pod.ready_since = Some(at(NOW - 5));
    assert_eq!(load(&[newcomer], at(NOW)).unknown, 0);
}

#[test]
fn f07_the_relay_that_does_not_tell_is_named() {
    let bounds = Bounds { min: 1, max: 2, target: 1 };
    let (reason, message) = told(Limit::Unknown, bounds, &[relay(Some(1)), relay(None)]);
    assert_eq!(reason, Reason::ReadingsMissing);
    assert!(message.contains("p0"), "{message}");
}
