//! The alerts of one cluster, each seen to fire and to be silent by `promtool test rules`.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::options::Options;
use crate::reconcile::fixtures::root;
use crate::reconcile::validate::validate;

const CASES: &str = include_str!("alerts_cases.yaml");

/// The groups of the cluster `hello` of the namespace `relays`.
fn groups() -> Value {
    let mut root = root(json!({ "monitoring": {} }));
    root.namespace = "relays".to_owned();
    root.name = "hello".to_owned();
    let cluster = validate(&root, &Options::default()).unwrap();
    let alerts: Vec<_> = alerts(&cluster).iter().map(rule).collect();
    json!([{ "name": "relays", "rules": alerts }])
}

/// How often the cases expect each alert to fire, and how often to be silent.
fn expectations() -> BTreeMap<String, (usize, usize)> {
    let cases: Value = serde_saphyr::from_str(CASES).unwrap();
    let tests = cases["tests"].as_array().unwrap();
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    for test in tests.iter().flat_map(|test| test["alert_rule_test"].as_array().unwrap()) {
        let (fires, silent) = counts.entry(test["alertname"].as_str().unwrap().to_owned()).or_default();
        match test["exp_alerts"].as_array().unwrap().is_empty() {
            false => *fires += 1,
            true => *silent += 1,
        }
    }
    counts
}

#[test]
fn f20_each_alert_of_a_cluster_fires_when_it_should_and_is_silent_when_it_should() {
    let folder = tempfile::tempdir().unwrap();
    // YAML holds all of JSON.
    let rules = json!({ "groups": groups() }).to_string();
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    std::fs::write(folder.path().join("cases.yaml"), CASES).unwrap();
    let mut promtool = Command::new("promtool");
    let output = promtool.args(["test", "rules", "cases.yaml"]).current_dir(folder.path()).output();
    let output = output.expect("promtool; e2e/setup.sh installs it");
    let said = [output.stdout, output.stderr].map(|words| String::from_utf8_lossy(&words).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

#[test]
fn f20_every_alert_of_a_cluster_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() {
    let expectations = expectations();
    let groups = groups();
    let names: Vec<_> =
        groups[0]["rules"].as_array().unwrap().iter().map(|rule| rule["alert"].as_str().unwrap()).collect();
    let bare: Vec<_> =
        names.iter().filter(|name| !matches!(expectations.get(**name), Some((1.., 1..)))).collect();
    assert!(bare.is_empty() && names.len() == 4, "without both cases: {bare:?} of {names:?}");
}
