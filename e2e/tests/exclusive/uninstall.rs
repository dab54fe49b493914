//! The operator goes first.

use anyhow::{Result, ensure};
use e2e::cluster::Cluster;
use e2e::ground::{Ground, eventually};
use e2e::install;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

#[tokio::test]
async fn a_relay_cluster_can_be_deleted_after_the_operator_was_uninstalled() -> Result<()> {
    let ground = Ground::new("uninstall").await?;
    ground.ready_relay("hello", &json!({})).await?;
    install::uninstall().await?;
    ensure!(ground.relays().get_opt("hello").await?.is_some(), "uninstalling keeps RelayClusters");

    ground.relays().delete("hello", &DeleteParams::default()).await?;
    let gone = || async {
        let pods = ground.api::<Pod>().list(&ListParams::default()).await?;
        Ok((pods.items.is_empty() && ground.relays().get_opt("hello").await?.is_none()).then_some(()))
    };
    eventually("the RelayCluster and its pods are gone", 90, gone).await?;
    install::install(&Cluster::attach()?.images()?).await?;
    ground.remove().await
}
