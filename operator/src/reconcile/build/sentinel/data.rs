//! The servers. Their pods are replaced by the operator, one by one and the primary last: Kubernetes
//! does not know which one that is.

use k8s_openapi::api::apps::v1::StatefulSetSpec;
use k8s_openapi::api::core::v1::{Container, EnvVar, ExecAction, Probe};

use super::super::super::names::Names;
use super::super::pod::{env, port};
use super::super::probes::Pace;
use super::super::redis::{self, claim};
use super::super::redis_pod;
use super::{Keys, Managed, ManagedSentinel, REDIS_DATA, Validated, WantedSet, hosts, pod, replaced, set};

/// How a server starts.
const START: &str = concat!(include_str!("known.sh"), include_str!("data.sh"));

/// Ready when it is the primary, or has what the primary has: who takes a pod from its node asks that
/// the others are.
const READY: &str = "case $(redis-cli -e -h 127.0.0.1 info replication) in \
    *role:master*|*master_link_status:up*) ;; *) exit 1 ;; esac";

pub(super) fn build(
    cluster: &Validated,
    managed: &Managed,
    sentinel: &ManagedSentinel,
    keys: &Keys,
) -> WantedSet {
    let name = Names(&cluster.root.name).redis_data();
    let container = container(cluster, managed, sentinel);
    let scratch = managed.storage.is_none();
    let template = pod::template(cluster, keys, REDIS_DATA, container, redis::ACL_FILE, scratch);
    let claims = managed.storage.as_ref().map(|storage| vec![claim(storage)]);
    let spec = StatefulSetSpec { volume_claim_templates: claims, ..replaced("OnDelete", template) };
    set(cluster, keys, (&name, REDIS_DATA, redis_pod::PORT), spec)
}

fn container(cluster: &Validated, managed: &Managed, sentinel: &ManagedSentinel) -> Container {
    Container {
        resources: Some(managed.resources.clone()),
        ports: Some(vec![port("redis", redis_pod::PORT)]),
        env: Some(environment(cluster, managed, sentinel)),
        readiness_probe: Some(ready()),
        ..pod::container(managed, START)
    }
}

fn environment(cluster: &Validated, managed: &Managed, sentinel: &ManagedSentinel) -> Vec<EnvVar> {
    let name = Names(&cluster.root.name).redis_data();
    let mut all = pod::environment(cluster, &name);
    all.extend([
        env("FIRST", hosts(&name).next().unwrap_or_default()),
        env("APPEND", if managed.storage.is_some() { "yes" } else { "no" }),
        // Twice what the sentinels take to see that it is gone, and a failover.
        env("PATIENCE", (2 * sentinel.down_after_seconds + 20).to_string()),
    ]);
    all
}

fn ready() -> Probe {
    let command = ["sh", "-c", READY].map(str::to_owned).to_vec();
    Probe {
        exec: Some(ExecAction { command: Some(command) }),
        ..Pace { period: 3, timeout: 3, failures: 2 }.probe()
    }
}
