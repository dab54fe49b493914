use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

use super::*;
use crate::api::{ConditionType, RolloutStatus};

fn key() -> ClusterKey {
    ClusterKey { namespace: "ns".to_owned(), name: "hello".to_owned() }
}

fn text(metrics: &Metrics) -> String {
    String::from_utf8(metrics.text().unwrap()).unwrap()
}

fn status() -> RelayClusterStatus {
    let ready = Condition {
        type_: ConditionType::Ready.as_str().to_owned(),
        status: "True".to_owned(),
        reason: "AsSpecified".to_owned(),
        message: String::new(),
        observed_generation: None,
        last_transition_time: Time(Timestamp::UNIX_EPOCH),
    };
    let rollout = RolloutStatus {
        revision: "b".to_owned(),
        from: Some("a".to_owned()),
        updated: 1,
        remaining: 2,
        ..RolloutStatus::default()
    };
    RelayClusterStatus { conditions: vec![ready], rollout: Some(rollout), ..RelayClusterStatus::default() }
}

#[test]
fn f20_the_page_in_docs_begins_with_what_the_code_registers() {
    let page = include_str!("../../../docs/metrics.md");
    let committed = page.find("## Of the relay").and_then(|end| page.get(..end));
    assert!(committed == Some(&markdown().unwrap()), "docs/metrics.md is stale: run `make generate`");
}

#[test]
fn f20_a_condition_is_told_as_a_number() {
    let metrics = Metrics::new().unwrap();
    metrics.cluster(&key(), 3, &status());
    let line = r#"relay_operator_cluster_condition{namespace="ns",relaycluster="hello",type="Ready"} 1"#;
    assert!(text(&metrics).contains(line), "{}", text(&metrics));
}

#[test]
fn f20_a_condition_that_is_not_there_is_unknown_and_not_false() {
    let metrics = Metrics::new().unwrap();
    metrics.cluster(&key(), 3, &status());
    assert!(text(&metrics).contains(r#"relaycluster="hello",type="Available"} -1"#));
}

#[test]
fn f20_a_rollout_tells_how_many_pods_are_left() {
    let metrics = Metrics::new().unwrap();
    metrics.cluster(&key(), 3, &status());
    let line = r#"relay_operator_cluster_rollout_pods_left{namespace="ns",relaycluster="hello"} 2"#;
    assert!(text(&metrics).contains(line), "{}", text(&metrics));
}

#[test]
fn f20_connections_that_nobody_told_are_absent_and_not_zero() {
    let metrics = Metrics::new().unwrap();
    metrics.cluster(&key(), 3, &status());
    assert!(!text(&metrics).contains("relay_operator_cluster_connections"));
}

#[test]
fn f20_a_cluster_that_is_gone_has_no_series() {
    let metrics = Metrics::new().unwrap();
    metrics.cluster(&key(), 3, &status());
    metrics.forget(&key());
    assert!(!text(&metrics).contains("hello"));
}

#[test]
fn f20_the_age_of_the_oldest_answer_is_told() {
    let metrics = Metrics::new().unwrap();
    let (fleet, _changes) = Fleet::new(Duration::from_secs(12));
    fleet.note(tokio::time::Instant::now(), &key(), "pod", None);
    metrics.ages_from(fleet);
    metrics.cluster(&key(), 3, &status());
    assert!(text(&metrics).contains("relay_operator_cluster_probe_age_seconds"));
}
