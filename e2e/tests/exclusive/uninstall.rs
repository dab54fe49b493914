//! The operator goes first.

use anyhow::{Result, ensure};
use e2e::clients::{Session, WsClient};
use e2e::cluster::Cluster;
use e2e::ground::{Ground, eventually};
use e2e::install;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

#[tokio::test]
async fn f14_a_relay_cluster_can_be_deleted_after_the_operator_was_uninstalled() -> Result<()> {
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
    install::install(&install::chart(), &Cluster::attach()?.images()?).await?;
    ground.remove().await
}

#[tokio::test]
async fn f04_a_relay_that_ends_while_there_is_no_operator_says_goodbye_and_is_replaced() -> Result<()> {
    let ground = Ground::new("orphan").await?;
    ground.ready_relay("hello", &json!({})).await?;
    install::uninstall().await?;
    let service = ground.service("hello").await?;
    let client = Session::start::<WsClient>(service.address().to_owned(), "alice".to_owned());
    let on = || async { Ok(client.journal().nodes.first().cloned()) };
    let (pod, _) = eventually("the client is connected", 30, on).await?;

    ground.api::<Pod>().delete(&pod, &DeleteParams::default()).await?;
    let ended = || async { Ok(client.journal().ends.first().cloned()) };
    let (end, _) = eventually("the client is let go", 60, ended).await?;
    ensure!(end.is_graceful(), "{end:?}");
    let replaced = || async {
        let pods = ground.ready_pods("hello").await?;
        Ok((client.journal().connected && pods.len() == 2 && !pods.contains(&pod)).then_some(()))
    };
    eventually("the client and another relay are there", 60, replaced).await?;
    install::install(&install::chart(), &Cluster::attach()?.images()?).await?;
    ground.remove().await
}
