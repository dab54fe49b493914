//! An upgrade of the operator under running clusters: `make upgrade` runs it, after an earlier operator
//! was installed.
#![allow(clippy::print_stdout, reason = "a measurement says what it found")]

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use e2e::clients::{Session, WsClient};
use e2e::cluster::Cluster;
use e2e::ground::{Ground, eventually};
use e2e::install;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};

/// What an operator writes at a workload that it keeps as it is.
const RECORD: &str = "relaycluster.dev/template";
/// Where the definition describes a managed Redis with sentinels.
const SENTINEL: &str =
    "/schema/openAPIV3Schema/properties/spec/properties/redis/properties/managed/properties/sentinel";

/// What must be the same before and after.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    /// UIDs of pods by name, and how often their containers began.
    pods: BTreeMap<String, (String, i32)>,
    /// Generations of workloads with a record, by kind and name.
    workloads: BTreeMap<String, i64>,
}

impl Standing {
    /// Of the workloads, those that `recorded` says had a record before.
    async fn of(ground: &Ground, recorded: Option<&Self>) -> Result<Self> {
        let all = ListParams::default();
        let pods = ground.api::<Pod>().list(&all).await?;
        let deployments = ground.api::<Deployment>().list(&all).await?;
        let sets = ground.api::<StatefulSet>().list(&all).await?;
        let deployments =
            deployments.iter().map(|it| (format!("Deployment/{}", it.name_any()), &it.metadata));
        let sets = sets.iter().map(|it| (format!("StatefulSet/{}", it.name_any()), &it.metadata));
        let workloads = deployments.chain(sets).filter(|(name, metadata)| match recorded {
            Some(before) => before.workloads.contains_key(name),
            None => metadata.annotations.iter().flatten().any(|(key, _)| key == RECORD),
        });
        Ok(Self {
            pods: pods
                .iter()
                .map(|pod| (pod.name_any(), (pod.uid().unwrap_or_default(), starts(pod))))
                .collect(),
            workloads: workloads.map(|(name, it)| (name, it.generation.unwrap_or_default())).collect(),
        })
    }
}

fn starts(pod: &Pod) -> i32 {
    let statuses = pod.status.iter().flat_map(|it| it.container_statuses.iter().flatten());
    statuses.map(|it| it.restart_count).sum()
}

/// Clusters of each kind that the operator that is installed now knows.
async fn clusters(ground: &Ground) -> Result<Vec<(&'static str, Value)>> {
    let mut clusters = vec![("plain", json!({ "replicas": 2 }))];
    let definitions = Api::<CustomResourceDefinition>::all(ground.client.clone());
    let definition = definitions.get("relayclusters.relaycluster.dev").await?;
    let version = serde_json::to_value(definition.spec.versions.first())?;
    if version.pointer(SENTINEL).is_some() {
        let redis = json!({ "managed": { "sentinel": {} } });
        clusters.push((
            "sentinel",
            json!({ "replicas": 2, "redis": redis, "history": { "users": { "size": 100, "seconds": 60 } } }),
        ));
    }
    Ok(clusters)
}

/// A client at each cluster.
async fn clients(ground: &Ground, clusters: &[(&str, Value)]) -> Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for (name, _) in clusters {
        let service = ground.service(name).await?;
        sessions.push(Session::start::<WsClient>(service.address().to_owned(), "alice".to_owned()));
    }
    let all = || async { Ok(sessions.iter().all(|it| it.journal().connected).then_some(())) };
    eventually("all clients are connected", 30, all).await?;
    Ok(sessions)
}

#[tokio::test]
#[ignore = "needs a cluster with an earlier operator: `make upgrade FROM=REVISION`"]
async fn f13_an_upgrade_of_the_operator_replaces_no_pod() -> Result<()> {
    let ground = Ground::new("upgrade").await?;
    let clusters = clusters(&ground).await?;
    for (name, spec) in &clusters {
        ground.ready_relay(name, spec).await?;
    }
    let clients = clients(&ground, &clusters).await?;
    let before = Standing::of(&ground, None).await?;
    install::install(&install::chart(), &Cluster::attach()?.images()?).await?;
    // What changes without a new process shows that the new operator is at work.
    for (name, spec) in &clusters {
        let mut spec = spec.clone();
        spec["log"] = json!({ "level": "Debug" });
        ground.apply_relay(name, &spec).await?;
        ground.wait_for(name, "Ready", "True", 120).await?;
        let rollout = serde_json::to_value(ground.status(name).await?.rollout)?;
        println!("{name}: left as it is: {}", rollout["upgradePending"]);
    }
    let after = Standing::of(&ground, Some(&before)).await?;
    println!("{} pods, {} workloads with records", after.pods.len(), after.workloads.len());
    ensure!(before == after, "{before:#?}\n{after:#?}");
    ensure!(clients.iter().all(|it| it.journal().ends.is_empty()), "a client lost its connection");
    ground.remove().await
}
