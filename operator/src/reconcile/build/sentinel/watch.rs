//! The sentinels. Kubernetes replaces their pods one by one, each when a majority agrees again.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EnvVar, ExecAction, Probe, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use sha2::{Digest as _, Sha256};

use super::super::super::names::Names;
use super::super::super::secret_value::hex;
use super::super::pod::env;
use super::super::probes::Pace;
use super::set::Part;
use super::{ACL_FILE, ManagedSentinel, PORT, PRIMARY, SENTINEL, Validated};

/// How a sentinel starts.
const START: &str = concat!(include_str!("known.sh"), include_str!("watch.sh"));

pub(super) fn part(cluster: &Validated, sentinel: &ManagedSentinel) -> Part {
    Part {
        name: Names(&cluster.root.name).sentinel(),
        component: SENTINEL,
        port: PORT,
        acl_file: ACL_FILE,
        script: START,
        environment: environment(cluster, sentinel),
        ready: ready(),
        resources: resources(),
        replaced: "RollingUpdate",
        claims: None,
    }
}

fn environment(cluster: &Validated, sentinel: &ManagedSentinel) -> Vec<EnvVar> {
    let down_after = sentinel.down_after_seconds * 1_000;
    vec![
        env("IDENTITY", identity(cluster)),
        env("DOWN_AFTER", down_after.to_string()),
        env("FAILOVER_TIMEOUT", (3 * down_after).max(15_000).to_string()),
    ]
}

/// What the identities of a cluster's sentinels, of 40 hexadecimal digits, begin with: all but the last.
fn identity(cluster: &Validated) -> String {
    hex(&Sha256::digest(&cluster.root.uid)).chars().take(39).collect()
}

/// Ready when it sees a majority that could make another server the primary.
fn ready() -> Probe {
    let port = PORT.to_string();
    let words = ["redis-cli", "-e", "-h", "127.0.0.1", "-p", &port, "sentinel", "ckquorum", PRIMARY];
    let exec = ExecAction { command: Some(words.map(str::to_owned).to_vec()) };
    Probe { exec: Some(exec), ..Pace { period: 3, timeout: 3, failures: 3 }.probe() }
}

/// What a sentinel needs, whatever the servers hold.
fn resources() -> ResourceRequirements {
    let quantities = |all: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        all.iter().map(|(name, quantity)| ((*name).to_owned(), Quantity((*quantity).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(quantities(&[("cpu", "20m"), ("memory", "32Mi")])),
        limits: Some(quantities(&[("memory", "128Mi")])),
        claims: None,
    }
}
