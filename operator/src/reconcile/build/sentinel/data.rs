//! The servers. Their pods are replaced by the operator, one by one and the primary last: Kubernetes
//! does not know which one that is.

use k8s_openapi::api::core::v1::{EnvVar, ExecAction, Probe};

use super::super::super::names::Names;
use super::super::pod::env;
use super::super::probes::Pace;
use super::super::{redis, redis_pod};
use super::set::Part;
use super::{Managed, ManagedSentinel, REDIS_DATA, Validated, hosts};

/// How a server starts.
const START: &str = concat!(include_str!("known.sh"), include_str!("data.sh"));

/// Ready when it is the primary, or has what the primary has: who takes a pod from its node asks that
/// the others are.
const READY: &str = "case $(redis-cli -e -h 127.0.0.1 info replication) in \
    *role:master*|*master_link_status:up*) ;; *) exit 1 ;; esac";

pub(super) fn part(cluster: &Validated, managed: &Managed, sentinel: &ManagedSentinel) -> Part {
    let name = Names(&cluster.root.name).redis_data();
    Part {
        component: REDIS_DATA,
        port: redis_pod::PORT,
        acl_file: redis::ACL_FILE,
        script: START,
        environment: environment(&name, managed, sentinel),
        ready: ready(),
        resources: managed.resources.clone(),
        replaced: "OnDelete",
        claims: managed.storage.as_ref().map(|storage| vec![redis::claim(storage)]),
        name,
    }
}

fn environment(name: &str, managed: &Managed, sentinel: &ManagedSentinel) -> Vec<EnvVar> {
    vec![
        env("FIRST", hosts(name).next().unwrap_or_default()),
        env("APPEND", if managed.storage.is_some() { "yes" } else { "no" }),
        // Twice what the sentinels take to see that it is gone, and a failover.
        env("PATIENCE", (2 * sentinel.down_after_seconds + 20).to_string()),
    ]
}

fn ready() -> Probe {
    let command = ["sh", "-c", READY].map(str::to_owned).to_vec();
    Probe {
        exec: Some(ExecAction { command: Some(command) }),
        ..Pace { period: 3, timeout: 3, failures: 2 }.probe()
    }
}
