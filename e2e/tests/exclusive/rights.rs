//! What the operator may do is what it does. Looks at the requests of all tests before this one.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, ensure};
use e2e::audit::{AuditLog, Request};
use e2e::cluster::Cluster;
use e2e::install::{NAMESPACE, RELEASE, chart};
use kube::Client;
use serde_json::Value;

/// The rights on the lease, which stand in `templates/rbac.yaml` and are no rules of a watched namespace.
const LEASE: [&str; 3] = ["get", "create", "update"];

/// One verb on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    group: String,
    resource: String,
    verb: String,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resource, verb } = self;
        if group.is_empty() { write!(f, "{verb} {resource}") } else { write!(f, "{verb} {resource}.{group}") }
    }
}

/// All that the chart grants.
fn granted() -> Result<BTreeSet<Right>> {
    let rules = std::fs::read_to_string(chart().join("files/rules.yaml"))?;
    let rules: Vec<Value> = serde_saphyr::from_str(&rules)?;
    let mut rights = BTreeSet::new();
    for rule in &rules {
        for group in list(rule, "apiGroups")? {
            for resource in list(rule, "resources")? {
                let verbs = list(rule, "verbs")?.into_iter();
                rights.extend(verbs.map(|verb| Right {
                    group: group.clone(),
                    resource: resource.clone(),
                    verb,
                }));
            }
        }
    }
    let lease = |verb: &str| Right {
        group: "coordination.k8s.io".to_owned(),
        resource: "leases".to_owned(),
        verb: verb.to_owned(),
    };
    rights.extend(LEASE.into_iter().map(lease));
    Ok(rights)
}

fn list(rule: &Value, field: &str) -> Result<Vec<String>> {
    let items = rule.get(field).and_then(Value::as_array).context("a list")?;
    Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// All that the operator asked for, whether it was given or not.
fn used(log: &mut AuditLog) -> Result<BTreeSet<Right>> {
    let user = format!("system:serviceaccount:{NAMESPACE}:{RELEASE}");
    let requests = log.new_requests()?.into_iter();
    let own = requests.filter(|it| it.user.username == user && !it.object_ref.resource.is_empty());
    Ok(own.flat_map(|request| asked(&request)).collect())
}

/// What a request is authorised as: an apply of a new object as a patch and as a create.
fn asked(request: &Request) -> Vec<Right> {
    let object = &request.object_ref;
    let resource = match object.subresource.as_str() {
        "" => object.resource.clone(),
        subresource => format!("{}/{subresource}", object.resource),
    };
    let right = |verb: &str| Right {
        group: object.api_group.clone(),
        resource: resource.clone(),
        verb: verb.to_owned(),
    };
    let created = request.creates().then(|| right("create"));
    [right(&request.verb)].into_iter().chain(created).collect()
}

/// Groups that this cluster serves; of others, nothing can be asked for.
async fn served() -> Result<BTreeSet<String>> {
    let groups = Client::try_default().await?.list_api_groups().await?.groups;
    Ok(groups.into_iter().map(|group| group.name).chain([String::new()]).collect())
}

fn written<'a>(rights: impl Iterator<Item = &'a Right>) -> Vec<String> {
    rights.map(ToString::to_string).collect()
}

#[tokio::test]
async fn f16_every_right_is_used_and_none_is_missing() -> Result<()> {
    let Some(path) = Cluster::attach()?.audit_log() else {
        println!("skipped: this cluster's audit log cannot be read");
        return Ok(());
    };
    let (granted, used, served) = (granted()?, used(&mut AuditLog::from_the_start(&path))?, served().await?);
    let unserved = |right: &&Right| !served.contains(&right.group);
    println!("of kinds that this cluster has not: {:?}", written(granted.iter().filter(unserved)));
    let missing = written(used.difference(&granted));
    ensure!(missing.is_empty(), "asked for and not granted: {missing:?}");
    let idle = written(granted.difference(&used).filter(|right| !unserved(right)));
    ensure!(idle.is_empty(), "granted and never used: {idle:?}");
    Ok(())
}
