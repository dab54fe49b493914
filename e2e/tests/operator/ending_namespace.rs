//! A namespace that is being deleted: what goes there is not made anew.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};

use anyhow::{Result, ensure};
use e2e::audit::AuditLog;
use e2e::ground::{condition, eventually};
use e2e::mortal::Fate;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Service, ServiceAccount};
use kube::Resource;
use kube::api::{Api, DeleteParams, ListParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::Options;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

/// A cluster at rest, its operator, and where that serves its metrics.
async fn at_rest() -> Result<(World, Process, SocketAddr)> {
    let world = World::start().await?;
    world.with_relay(&json!({})).await?;
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let options = Options { listen: Some(listen), ..Options::default() };
    let process = Process::with(world.config().await?, Fate::to_live(), options)?;
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let made =
        || async { Ok((!deployments.list(&ListParams::default()).await?.items.is_empty()).then_some(())) };
    eventually("there is a Deployment", 60, made).await?;
    settles(&process).await?;
    Ok((world, process, listen))
}

/// Deletes an object as the namespace controller does, and waits until the operator has looked.
async fn goes<K>(world: &World, process: &Process, name: &str) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let before = process.fate.reads();
    let objects = Api::<K>::namespaced(world.client.clone(), NAMESPACE);
    objects.delete(name, &DeleteParams::background()).await?;
    let looked = || async { Ok((process.fate.reads() > before).then_some(())) };
    eventually("the operator looks at its cluster", 60, looked).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_nothing_is_made_anew_in_a_namespace_that_is_being_deleted() -> Result<()> {
    let (world, process, listen) = at_rest().await?;
    let mut log = AuditLog::from_now(&world.server().audit_log())?;
    // Its finalizer keeps it, and with it the RelayCluster: nobody empties a namespace in this world.
    Api::<Namespace>::all(world.client.clone()).delete(NAMESPACE, &DeleteParams::default()).await?;
    goes::<Service>(&world, &process, "hello").await?;
    let relays = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    let told = || async {
        let relay = relays.get("hello").await?;
        Ok(condition(&relay, "Ready").filter(|it| it.reason == "Deleting").map(|it| it.message.clone()))
    };
    let (message, _) = eventually("the status says why nothing is made", 60, told).await?;
    ensure!(message.contains("namespace"), "{message}");
    goes::<ServiceAccount>(&world, &process, "hello").await?;
    goes::<ConfigMap>(&world, &process, "hello-config").await?;
    settles(&process).await?;

    let refused: Vec<_> =
        log.new_requests()?.into_iter().filter(|it| it.response_status.code == 403).collect();
    ensure!(refused.len() == 1, "{refused:#?}");
    let metrics = reqwest::get(format!("http://{listen}/metrics")).await?.text().await?;
    let alarming = metrics.lines().filter(|line| {
        line.contains(r#"outcome="error""#) || line.starts_with("relay_operator_cluster_condition{")
    });
    let alarming: Vec<_> = alarming.collect();
    ensure!(alarming.is_empty(), "{alarming:#?}");
    Ok(())
}
