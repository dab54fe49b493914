//! What tools make of a status that know nothing of RelayClusters: kstatus, by which Flux and
//! others wait, and Argo CD with the script that the documentation gives.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::*;

/// The rules of kstatus for a custom resource, in the order of its library
/// (`sigs.k8s.io/cli-utils/pkg/kstatus`, generic properties first, then the condition `Ready`).
fn kstatus(object: &Value) -> &'static str {
    let holds = |type_: &str, status: &str| {
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|one| one["type"] == type_ && one["status"] == status)
    };
    let observed = &object["status"]["observedGeneration"];
    if object["metadata"].get("deletionTimestamp").is_some() {
        return "Terminating";
    }
    if observed.is_i64() && *observed != object["metadata"]["generation"] {
        return "InProgress";
    }
    if holds("Reconciling", "True") {
        return "InProgress";
    }
    if holds("Stalled", "True") {
        return "Failed";
    }
    if holds("Ready", "False") || holds("Ready", "Unknown") { "InProgress" } else { "Current" }
}

/// A value as Lua writes it; what it reads is what Argo CD would hand to the script.
fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::String(text) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
        }
        Value::Array(items) => format!("{{{}}}", items.iter().map(lua).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("[\"{name}\"]={}", lua(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// What the script says of an object: its verdict and its words. Argo CD runs Lua 5.1.
fn argo(object: &Value) -> (String, String) {
    let script = include_str!("../../../../docs/argocd/health.lua");
    let program = format!(
        "obj = {}\nlocal it = (function()\n{script}\nend)()\nprint(it.status)\nprint(it.message)\n",
        lua(object)
    );
    let started = Command::new("lua5.1").arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.expect("lua5.1; e2e/setup.sh installs it");
    child.stdin.take().unwrap().write_all(program.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed");
    let said = String::from_utf8(output.stdout).unwrap();
    let (verdict, words) = said.trim_end().split_once('\n').unwrap();
    (verdict.to_owned(), words.to_owned())
}

/// The stored object with the status that these facts make.
fn object(facts: &Facts) -> Value {
    let mut object = stored(json!({}));
    object["status"] = serde_json::to_value(compute(facts)).unwrap();
    object
}

fn verdicts(object: &Value) -> (&'static str, String) {
    (kstatus(object), argo(object).0)
}

fn is_both(object: &Value, kstatus: &'static str, argo: &str) {
    assert_eq!(verdicts(object), (kstatus, argo.to_owned()), "{object}");
}

fn stuck() -> Facts {
    Facts { blocked: Some((Reason::InvalidSpec, "spec.replicas: too \"many\"".to_owned())), ..settled() }
}

fn starting() -> Facts {
    let mut facts = Facts { revision_created: Some(at(NOW - 5)), ..settled() };
    for relay in &mut facts.relays {
        relay.pod.ready = false;
        relay.told = None;
    }
    facts
}

#[test]
fn f08_a_settled_cluster_is_current_and_healthy() {
    is_both(&object(&settled()), "Current", "Healthy");
}

#[test]
fn f08_a_cluster_that_starts_is_in_progress() {
    is_both(&object(&starting()), "InProgress", "Progressing");
}

#[test]
fn f08_a_rollout_is_in_progress_although_clients_are_served() {
    let mut facts = settled();
    facts.relays.push(relay("old", "before"));
    let object = object(&facts);
    assert_eq!(condition(&facts, ConditionType::Available).0, "True");
    is_both(&object, "InProgress", "Progressing");
}

#[test]
fn f08_a_stuck_cluster_has_failed() {
    is_both(&object(&stuck()), "Failed", "Degraded");
}

#[test]
fn f08_what_the_api_server_did_not_answer_is_in_progress_and_no_failure() {
    let facts = Facts { hindered: Some((Reason::ApiError, "timeout".to_owned())), ..settled() };
    is_both(&object(&facts), "InProgress", "Progressing");
}

#[test]
fn f08_a_cluster_without_its_redis_is_degraded_and_not_current() {
    let mut facts = settled();
    for relay in &mut facts.relays {
        relay.told = told(100, "degraded");
    }
    is_both(&object(&facts), "InProgress", "Degraded");
}

#[test]
fn f08_a_spec_that_nobody_looked_at_is_in_progress_whatever_the_status_says() {
    let mut object = object(&settled());
    object["metadata"]["generation"] = json!(2);
    is_both(&object, "InProgress", "Progressing");
}

#[test]
fn f08_a_cluster_without_a_status_is_in_progress_for_argo() {
    assert_eq!(argo(&stored(json!({}))).0, "Progressing");
}

#[test]
fn f08_a_cluster_that_is_deleted_is_terminating() {
    let mut object = object(&settled());
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    is_both(&object, "Terminating", "Progressing");
}

#[test]
fn f19_a_paused_cluster_is_suspended_for_argo() {
    let mut object = object(&settled());
    let conditions = object["status"]["conditions"].as_array_mut().unwrap();
    let paused = conditions.iter_mut().find(|one| one["type"] == "Paused").unwrap();
    paused["status"] = json!("True");
    assert_eq!(argo(&object).0, "Suspended");
}

#[test]
fn f08_argo_shows_why_a_cluster_is_stuck() {
    assert_eq!(argo(&object(&stuck())).1, "InvalidSpec: spec.replicas: too \"many\"");
}

/// Both words of kstatus at once would be a contradiction: its rules look at one of them first.
#[test]
fn f08_no_cluster_is_stalled_and_reconciling_at_once() {
    for facts in [settled(), starting(), stuck()] {
        let status = compute(&facts);
        let both = is_true(&status, ConditionType::Stalled) && is_true(&status, ConditionType::Reconciling);
        assert!(!both, "{status:?}");
    }
}

#[test]
fn f08_ready_is_true_only_when_kstatus_says_current() {
    for facts in [settled(), starting(), stuck()] {
        let ready = is_true(&compute(&facts), ConditionType::Ready);
        assert_eq!(ready, kstatus(&object(&facts)) == "Current");
    }
}
