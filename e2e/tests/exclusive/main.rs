//! What needs the operator for itself: counting its writes, ending it, removing it.
//!
//! Run through `e2e run -- cargo test -p e2e --test exclusive -- --test-threads=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod hand_over;
mod rights;
mod steady;
mod uninstall;

use anyhow::Result;
use e2e::ground::Ground;
use e2e::install::NAMESPACE;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams};

/// Ends the operator's process; Kubernetes starts another one.
async fn restart_the_operator(ground: &Ground) -> Result<()> {
    let pods = Api::<Pod>::namespaced(ground.client.clone(), NAMESPACE);
    let selector = ListParams::default().labels("app.kubernetes.io/name=relay-operator");
    pods.delete_collection(&DeleteParams::default(), &selector).await?;
    Ok(())
}
