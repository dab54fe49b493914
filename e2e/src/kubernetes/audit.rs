//! The audit log: who asked the API server for what. The tests count an operator's requests in it.
//!
//! Kept is every request of a person and of a workload, at the level that names the user, the user
//! agent, the verb and the object, without bodies. Left out is what the cluster's own components
//! read, which would be most of the file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::files;

/// Users of the control plane's own components. Their reads are not logged.
const COMPONENTS: [&str; 6] = [
    "coredns",
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "system:kube-scheduler",
    "kube-apiserver-kubelet-client",
];

/// Writes the policy and gives the flags that put it to use, with the log at `log`. With a user in
/// `only` nobody else's requests are kept.
pub fn flags(policy: PathBuf, log: &Path, only: Option<&str>) -> Result<Vec<String>> {
    let document = only.map_or_else(document, document_of);
    let text = serde_json::to_string_pretty(&document).map_err(Error::document("the audit policy"))?;
    files::write(&policy, text)?;
    Ok(vec![
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", log.display()),
        // A megabyte holds about a thousand entries; nothing here outlives its cluster.
        "--audit-log-maxsize=512".into(),
        "--audit-log-maxbackup=1".into(),
    ])
}

fn document() -> Value {
    let reads = ["get", "list", "watch"];
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        // The answer is logged; that a request came in is logged with it.
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": COMPONENTS, "verbs": reads},
            {"level": "None", "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"], "verbs": reads},
            {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
            // Every kubelet renews its lease all the time.
            {"level": "None", "userGroups": ["system:nodes"], "resources": [{"group": "coordination.k8s.io"}]},
            {"level": "Metadata"},
        ],
    })
}

/// The policy that keeps the requests of one user.
fn document_of(user: &str) -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
    })
}
