use serde_json::json;

use super::*;
use crate::api::{ConfigurationStatus, RolloutStatus, SignalStatus};

/// A status in which these conditions have these values, and the reason `Because`.
fn status(conditions: &[(ConditionType, &str)]) -> RelayClusterStatus {
    let one = |(type_, value): &(ConditionType, &str)| {
        json!({"type": type_.as_str(), "status": value, "reason": "Because", "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    };
    let conditions: Vec<_> = conditions.iter().map(one).collect();
    serde_json::from_value(json!({"conditions": conditions})).unwrap()
}

fn reasons(old: &RelayClusterStatus, new: &RelayClusterStatus) -> Vec<String> {
    transitions(old, new).into_iter().map(|event| event.reason).collect()
}

#[test]
fn the_same_status_tells_nothing() {
    let same = status(&[(ConditionType::Ready, "True"), (ConditionType::Stalled, "True")]);
    assert!(reasons(&same, &same).is_empty());
}

#[test]
fn a_first_visit_warns_of_nothing_that_was_never_there() {
    let first = status(&[(ConditionType::Available, "False"), (ConditionType::RedisReady, "False")]);
    assert!(reasons(&RelayClusterStatus::default(), &first).is_empty());
}

#[test]
fn each_transition_that_a_person_should_know_is_told_once() {
    let cases = [
        (ConditionType::Ready, "False", "True", "Ready"),
        (ConditionType::Available, "True", "False", "Unavailable"),
        (ConditionType::Stalled, "False", "True", "Because"),
        (ConditionType::RedisReady, "False", "True", "RedisReached"),
    ];
    for (type_, before, after, reason) in cases {
        assert_eq!(reasons(&status(&[(type_, before)]), &status(&[(type_, after)])), [reason]);
    }
}

#[test]
fn f09_redis_is_lost_to_a_cluster_that_serves_and_not_to_one_that_starts() {
    let lost = |available| {
        let at = |redis| status(&[(ConditionType::Available, available), (ConditionType::RedisReady, redis)]);
        reasons(&at("True"), &at("False"))
    };
    assert_eq!((lost("True"), lost("False").len()), (vec!["RedisLost".to_owned()], 0));
}

#[test]
fn a_rollout_is_told_when_it_starts_and_when_it_ends() {
    let at = |revision: &str, from: Option<&str>| RelayClusterStatus {
        rollout: Some(RolloutStatus {
            revision: revision.to_owned(),
            from: from.map(str::to_owned),
            ..RolloutStatus::default()
        }),
        ..RelayClusterStatus::default()
    };
    assert_eq!(reasons(&at("a", None), &at("b", Some("a"))), ["RolloutStarted"]);
    assert_eq!(reasons(&at("b", Some("a")), &at("b", None)), ["RolloutCompleted"]);
}

#[test]
fn a_long_note_is_cut_to_what_the_api_takes() {
    let event = event(EventType::Normal, "Ready", "Reconcile", &"ü".repeat(2_000));
    assert!(event.note.unwrap().len() <= 1_024);
}

#[test]
fn settings_that_are_applied_are_told_as_such() {
    let mut before = status(&[(ConditionType::Ready, "False")]);
    before.conditions[0].reason = Reason::ApplyingSettings.as_str().to_owned();
    let mut after = status(&[(ConditionType::Ready, "True")]);
    after.configuration = Some(ConfigurationStatus { generation: 7, running: 2, of: 2 });
    assert_eq!(reasons(&before, &after), ["SettingsApplied"]);
}

#[test]
fn a_signal_is_told_when_it_begins_and_not_again_when_its_figure_changes() {
    let showing = |message: &str| RelayClusterStatus {
        signals: vec![SignalStatus { reason: "HighMemory".to_owned(), message: message.to_owned() }],
        ..status(&[])
    };
    assert_eq!(reasons(&status(&[]), &showing("p0: 86 %")), ["HighMemory"]);
    assert!(reasons(&showing("p0: 86 %"), &showing("p1: 91 %")).is_empty());
}

#[test]
fn f09_a_cluster_that_starts_does_not_tell_that_redis_is_back() {
    let mut before = status(&[(ConditionType::Ready, "False"), (ConditionType::RedisReady, "False")]);
    before.conditions[0].reason = Reason::Starting.as_str().to_owned();
    let after = status(&[(ConditionType::Ready, "False"), (ConditionType::RedisReady, "True")]);
    assert!(reasons(&before, &after).is_empty());
}
