//! What Helm makes of the chart.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use e2e::binaries::Binaries;
use e2e::install::chart;
use e2e::place::Place;
use serde_json::Value;

pub(crate) fn helm(arguments: &[&str]) -> Result<Output> {
    let helm = Binaries::cached(&Place::find()?)?.path("helm")?;
    Ok(Command::new(helm).args(arguments).arg(chart()).output()?)
}

/// The objects as text, with these values set.
pub(crate) fn render(values: &[&str]) -> Result<String> {
    let mut arguments = vec!["template", "release", "--namespace", "relay-system"];
    arguments.extend(values.iter().flat_map(|value| ["--set", value]));
    let output = helm(&arguments)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The objects, with these values set.
pub(crate) fn objects(values: &[&str]) -> Result<Vec<Value>> {
    parse(&render(values)?)
}

/// The documents of a manifest that are objects.
pub(crate) fn parse(text: &str) -> Result<Vec<Value>> {
    let documents = text.split("\n---\n").filter(|part| part.lines().any(|line| line.starts_with("kind:")));
    documents.map(|part| serde_saphyr::from_str(part).with_context(|| part.to_owned())).collect()
}

/// The only object of a kind.
pub(crate) fn one<'a>(objects: &'a [Value], kind: &str) -> Result<&'a Value> {
    let mut found = objects.iter().filter(|object| is(object, kind));
    let one = found.next().with_context(|| format!("there is no {kind}"))?;
    ensure!(found.next().is_none(), "there is more than one {kind}");
    Ok(one)
}

/// Whether an object is of a kind.
pub(crate) fn is(object: &Value, kind: &str) -> bool {
    object.get("kind").and_then(Value::as_str) == Some(kind)
}

/// What stands at a place in an object.
pub(crate) fn at<'a>(object: &'a Value, pointer: &str) -> Result<&'a Value> {
    object.pointer(pointer).with_context(|| format!("no {pointer} in {object}"))
}

/// What Helm says about a value that it does not take.
pub(crate) fn refusal(value: &str) -> Result<String> {
    let output = helm(&["template", "release", "--set", value])?;
    ensure!(!output.status.success(), "{value} was accepted");
    Ok(String::from_utf8(output.stderr)?)
}
