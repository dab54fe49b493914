//! Alerts and dashboard of the chart: made of metrics that exist, each alert seen to fire and to be
//! silent, each with a page that says what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use e2e::install::chart;
use serde_json::{Value, json};

/// Where the pages of alerts are on the web.
const RUNBOOKS: &str = "https://github.com/relay-operator/relay-operator/blob/main/docs/runbooks/";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn groups() -> Result<Value> {
    Ok(serde_saphyr::from_str(&read(&chart().join("files/alerts.yaml"))?)?)
}

fn alerts() -> Result<Vec<Value>> {
    let groups = groups()?;
    let rules =
        groups.as_array().context("groups")?.iter().filter_map(|group| group.get("rules")?.as_array());
    Ok(rules.flatten().cloned().collect())
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))
}

fn names() -> Result<BTreeSet<String>> {
    alerts()?.iter().map(|alert| Ok(text(alert, "/alert")?.to_owned())).collect()
}

fn cases() -> Result<Value> {
    Ok(serde_saphyr::from_str(&read(&repository("e2e/tests/alerts/cases.yaml"))?)?)
}

/// How often the cases expect an alert to fire, and how often to be silent.
fn expectations() -> Result<BTreeMap<String, (usize, usize)>> {
    let cases = cases()?;
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    let tests = cases.get("tests").and_then(Value::as_array).context("tests")?;
    for test in tests.iter().filter_map(|test| test.get("alert_rule_test")?.as_array()).flatten() {
        let (fires, silent) = counts.entry(text(test, "/alertname")?.to_owned()).or_default();
        match test.get("exp_alerts").and_then(Value::as_array).is_some_and(|alerts| !alerts.is_empty()) {
            true => *fires += 1,
            false => *silent += 1,
        }
    }
    Ok(counts)
}

/// All queries of the dashboard, with the names that Grafana fills in.
fn queries() -> Result<Vec<String>> {
    let dashboard: Value = serde_json::from_str(&read(&chart().join("files/dashboard.json"))?)?;
    let panels = dashboard.get("panels").and_then(Value::as_array).context("panels")?;
    let targets = panels.iter().filter_map(|panel| panel.get("targets")?.as_array()).flatten();
    let mut queries: Vec<_> =
        targets.map(|target| Ok(text(target, "/expr")?.to_owned())).collect::<Result<_>>()?;
    let variables = dashboard.pointer("/templating/list").and_then(Value::as_array).context("variables")?;
    let asked = variables.iter().filter_map(|variable| variable.get("query")?.as_str());
    let of_label_values =
        |query: &str| Some(query.strip_prefix("label_values(")?.rsplit_once(", ")?.0.to_owned());
    queries.extend(asked.filter_map(of_label_values));
    Ok(queries)
}

/// Names that stand for series in an expression: what is no text, no label, no function and no word
/// of the language. Every one of ours starts with `relay_`.
fn metrics_of(expression: &str) -> BTreeSet<String> {
    let outside_quotes: String = expression.split('"').step_by(2).collect();
    let words = outside_quotes.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("relay_") || *word == "up").map(str::to_owned).collect()
}

/// Names of series that operator and relay make, from the page that is made of what they register.
fn series() -> Result<BTreeSet<String>> {
    let page = read(&repository("docs/metrics.md"))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let named = rows.flat_map(|(name, rest)| {
        let suffixes: &[&str] =
            if rest.starts_with(" | histogram |") { &["_bucket", "_sum", "_count"] } else { &[""] };
        suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
    });
    Ok(named.collect())
}

/// Runs promtool over a rule file with these groups and a file of cases.
fn promtool(arguments: &[&str], groups: &Value, cases: Option<&str>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    // YAML holds all of JSON.
    std::fs::write(folder.path().join("rules.yaml"), serde_json::to_string(&json!({ "groups": groups }))?)?;
    if let Some(cases) = cases {
        std::fs::write(folder.path().join("cases.yaml"), cases.replace("[RULES]", "[rules.yaml]"))?;
    }
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .context("promtool; e2e/setup.sh installs it")?;
    let said = [output.stdout, output.stderr].map(|words| String::from_utf8_lossy(&words).into_owned());
    ensure!(output.status.success(), "{}", said.concat());
    Ok(())
}

#[test]
fn f20_each_alert_fires_when_it_should_and_is_silent_when_it_should() -> Result<()> {
    let cases = read(&repository("e2e/tests/alerts/cases.yaml"))?;
    promtool(&["test", "rules", "cases.yaml"], &groups()?, Some(&cases))
}

#[test]
fn f20_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> Result<()> {
    let expectations = expectations()?;
    let untested = |name: &&String| !matches!(expectations.get(*name), Some((1.., 1..)));
    let names = names()?;
    let bare: Vec<_> = names.iter().filter(untested).collect();
    ensure!(bare.is_empty() && !names.is_empty(), "without both cases: {bare:?}");
    Ok(())
}

#[test]
fn f20_every_alert_has_a_page_that_says_what_to_do() -> Result<()> {
    for alert in alerts()? {
        let name = text(&alert, "/alert")?;
        let url = text(&alert, "/annotations/runbook_url")?;
        ensure!(url == format!("{RUNBOOKS}{name}.md"), "{name} links {url}");
        let page = read(&repository(&format!("docs/runbooks/{name}.md")))?;
        for part in ["**What you see.**", "**What it means.**", "**Find out**", "**What to do", "```sh"] {
            ensure!(page.contains(part), "the page of {name} lacks {part}");
        }
    }
    Ok(())
}

#[test]
fn f20_every_page_is_that_of_an_alert() -> Result<()> {
    let names = names()?;
    for entry in std::fs::read_dir(repository("docs/runbooks"))? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let name = file.trim_end_matches(".md");
        ensure!(name == "README" || names.contains(name), "docs/runbooks/{file} is about no alert");
    }
    Ok(())
}

#[test]
fn f20_every_alert_is_made_of_metrics_that_exist() -> Result<()> {
    let series = series()?;
    for alert in alerts()? {
        let used = metrics_of(text(&alert, "/expr")?);
        let unknown: Vec<_> = used.difference(&series).collect();
        ensure!(unknown.is_empty() && !used.is_empty(), "{}: {unknown:?}", text(&alert, "/alert")?);
    }
    Ok(())
}

#[test]
fn f20_the_dashboard_is_made_of_metrics_that_exist() -> Result<()> {
    let (series, queries) = (series()?, queries()?);
    ensure!(queries.len() > 20, "{queries:?}");
    for query in queries {
        let used = metrics_of(&query);
        let unknown: Vec<_> = used.difference(&series).collect();
        ensure!(unknown.is_empty() && !used.is_empty(), "{query}: {unknown:?}");
    }
    Ok(())
}

#[test]
fn f20_every_query_of_the_dashboard_can_be_read_by_prometheus() -> Result<()> {
    let record = |(index, query): (usize, String)| {
        let expression = query.replace("$__rate_interval", "5m");
        json!({ "record": format!("query:{index}"), "expr": expression })
    };
    let rules: Vec<_> = queries()?.into_iter().enumerate().map(record).collect();
    promtool(&["check", "rules", "rules.yaml"], &json!([{ "name": "dashboard", "rules": rules }]), None)
}
