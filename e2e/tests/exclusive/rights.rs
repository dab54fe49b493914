//! What the operator may do is what it does. Looks at the requests of all tests before this one.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::audit::AuditLog;
use e2e::cluster::Cluster;
use e2e::install::{NAMESPACE, RELEASE, chart};
use serde_json::Value;

/// Verbs that need not show: an apply of a new object is authorised as "create" too and logged as
/// "patch", and "update" is for what somebody adds to an object, which no test does to every kind.
const HIDDEN: [&str; 2] = ["create", "update"];

fn granted() -> Result<BTreeSet<(String, String)>> {
    let rules = std::fs::read_to_string(chart().join("files/rules.yaml"))?;
    let rules: Vec<Value> = serde_saphyr::from_str(&rules)?;
    let list = |rule: &Value, field: &str| -> Result<Vec<String>> {
        let items = rule.get(field).and_then(Value::as_array).context("a list")?;
        Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let mut pairs = BTreeSet::new();
    for rule in &rules {
        for resource in list(rule, "resources")? {
            let verbs = list(rule, "verbs")?;
            pairs.extend(verbs.into_iter().map(|verb| (resource.clone(), verb)));
        }
    }
    Ok(pairs)
}

fn used(log: &mut AuditLog) -> Result<BTreeSet<(String, String)>> {
    let user = format!("system:serviceaccount:{NAMESPACE}:{RELEASE}");
    let own = log.new_requests()?.into_iter().filter(|it| it.user.username == user);
    let pairs = own.map(|it| match it.object_ref.subresource.as_str() {
        "" => (it.object_ref.resource, it.verb),
        subresource => (format!("{}/{subresource}", it.object_ref.resource), it.verb),
    });
    Ok(pairs.filter(|(resource, _)| !resource.is_empty() && resource != "leases").collect())
}

#[tokio::test]
async fn every_right_is_used_and_none_is_missing() -> Result<()> {
    let Some(path) = Cluster::attach()?.audit_log() else {
        println!("skipped: this cluster's audit log cannot be read");
        return Ok(());
    };
    let (granted, used) = (granted()?, used(&mut AuditLog::from_the_start(&path))?);
    let missing: Vec<_> = used.difference(&granted).collect();
    ensure!(missing.is_empty(), "asked for and not granted: {missing:?}");
    let idle: Vec<_> =
        granted.difference(&used).filter(|(_, verb)| !HIDDEN.contains(&verb.as_str())).collect();
    ensure!(idle.is_empty(), "granted and never used: {idle:?}");
    Ok(())
}
