//! The schema of the values: as complete as the values, and strict.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::install::chart;
use serde_json::Value;

use crate::render::refusal;

/// Values whose keys are not the chart's: labels, and what Kubernetes gives a shape to.
const FREE: [&str; 2] = ["monitoring.dashboard.labels", "resources"];

fn read(file: &str) -> Result<String> {
    let path = chart().join(file);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

fn schema() -> Result<Value> {
    Ok(serde_json::from_str(&read("values.schema.json")?)?)
}

/// Names of all values, those of an object with the object's before them.
fn of_values(path: &str, value: &Value, all: &mut BTreeSet<String>) {
    let fields = value.as_object().filter(|_| !FREE.contains(&path));
    for (name, value) in fields.into_iter().flatten() {
        let path = join(path, name);
        of_values(&path, value, all);
        all.insert(path);
    }
}

/// The same from the schema, with the schema of each.
fn of_schema<'a>(path: &str, schema: &'a Value, all: &mut Vec<(String, &'a Value)>) {
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = join(path, name);
        of_schema(&path, schema, all);
        all.push((path, schema));
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[test]
fn every_value_is_in_the_schema_and_every_schema_is_of_a_value() -> Result<()> {
    let (values, schema) = (serde_saphyr::from_str::<Value>(&read("values.yaml")?)?, schema()?);
    let (mut written, mut known) = (BTreeSet::new(), Vec::new());
    of_values("", &values, &mut written);
    of_schema("", &schema, &mut known);
    // Parts of what Kubernetes gives a shape to need no value, and no chart has to say what is global.
    let optional =
        |path: &str| path == "global" || path.starts_with("resources.") || path.starts_with("affinity.");
    let known: BTreeSet<_> = known.into_iter().map(|(path, _)| path).filter(|path| !optional(path)).collect();
    let different: Vec<_> = known.symmetric_difference(&written).collect();
    ensure!(different.is_empty(), "in one of values.yaml and values.schema.json only: {different:?}");
    Ok(())
}

#[test]
fn every_value_has_a_description() -> Result<()> {
    let schema = schema()?;
    let mut known = Vec::new();
    of_schema("", &schema, &mut known);
    let bare: Vec<_> = known
        .iter()
        .filter(|(_, schema)| schema.get("description").is_none())
        .map(|(path, _)| path)
        .collect();
    ensure!(bare.is_empty(), "{bare:?}");
    Ok(())
}

#[test]
fn every_object_of_the_chart_refuses_keys_that_it_does_not_know() -> Result<()> {
    let schema = schema()?;
    let mut known = vec![(String::new(), &schema)];
    of_schema("", &schema, &mut known);
    let open = known.iter().filter(|(_, schema)| {
        schema.get("properties").is_some() && schema.get("additionalProperties") != Some(&Value::Bool(false))
    });
    let open: Vec<_> = open.map(|(path, _)| path).collect();
    ensure!(open.is_empty(), "{open:?}");
    Ok(())
}

#[test]
fn an_unknown_value_deep_down_is_refused_by_name() -> Result<()> {
    let words = refusal("monitoring.dashboard.enable=true")?;
    ensure!(words.contains("enable") && words.contains("dashboard"), "{words}");
    Ok(())
}

#[test]
fn a_log_level_that_is_none_is_refused() -> Result<()> {
    let words = refusal("log.level=LOUD")?;
    ensure!(words.contains("/log/level"), "{words}");
    Ok(())
}
