//! What may be taken from a cluster, and what is said where nothing keeps it.

use super::*;

/// A cluster with this `spec.disruption` that wants ten relays and has five.
fn half(disruption: serde_json::Value) -> Facts {
    let relays = (0..5).map(|number| relay(&format!("p{number}"), "r")).collect();
    Facts { root: root(json!({"disruption": disruption})), replicas: 10, relays, ..settled() }
}

#[test]
fn f06_what_the_budget_leaves_is_available() {
    let of = |disruption| condition(&half(disruption), ConditionType::Available);
    assert_eq!(of(json!({})), is("False", Reason::MinimumReplicasUnavailable));
    let generous = json!({"maxUnavailablePercent": 50});
    assert_eq!(of(generous), is("True", Reason::MinimumReplicasAvailable));
}

#[test]
fn f06_a_cluster_without_a_budget_says_that_nothing_protects_it() {
    let message = |disruption| {
        let status = compute(&half(disruption));
        let warning = status.conditions.into_iter().find(|it| it.type_ == "ConfigurationWarning");
        warning.unwrap().message
    };
    assert!(message(json!({"budget": false})).contains("spec.disruption.budget"));
    assert!(!message(json!({})).contains("disruption"));
}
