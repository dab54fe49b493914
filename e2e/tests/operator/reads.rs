//! What a visit reads: each object once, and none that its cluster neither asks for nor has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use e2e::audit::{AuditLog, Request};
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

/// Objects that are read by their names, with the number of times.
type Reads = BTreeMap<String, usize>;

/// What is asked of the API server from now on.
struct Listener(Mutex<AuditLog>);

impl Listener {
    fn new(log: AuditLog) -> Self {
        Self(Mutex::new(log))
    }

    /// What was read by name.
    fn reads(&self) -> Result<Reads> {
        let mut reads = Reads::new();
        // Which kinds there are is asked for without one.
        for it in self.requests("get")?.iter().filter(|it| !it.object_ref.resource.is_empty()) {
            *reads.entry(format!("{} {}", it.object_ref.resource, it.object_ref.name)).or_default() += 1;
        }
        Ok(reads)
    }

    fn requests(&self, verb: &str) -> Result<Vec<Request>> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(log.new_requests()?.into_iter().filter(|it| it.verb == verb).collect())
    }
}

/// Waits until the operator watches these kinds, which it does once it has taken note of a list.
async fn watches(log: &Listener, kinds: &[&str]) -> Result<()> {
    let seen = Mutex::new(BTreeSet::new());
    let all = || async {
        let requests = log.requests("watch")?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(requests.into_iter().map(|it| it.object_ref.resource));
        Ok(kinds.iter().all(|kind| seen.contains(*kind)).then_some(()))
    };
    eventually("the operator watches", 60, all).await.map(drop)
}

/// Has an operator make a cluster, edits it, and tells what the visits after the edit read.
async fn after_an_edit(spec: &Value, edited: &Value) -> Result<Reads> {
    let world = World::start().await?;
    let path = world.server().audit_log();
    let log = Listener::new(AuditLog::from_the_start(&path));
    world.with_relay(spec).await?;
    given(&world).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    watches(&log, &["ingresses", "statefulsets"]).await?;
    settles(&process).await?;

    let log = Listener::new(AuditLog::from_now(&path)?);
    let before = process.fate.writes().len();
    world.edit(edited).await?;
    let done = || async { Ok((process.fate.writes().len() > before).then_some(())) };
    eventually("the operator does what the edit asks", 60, done).await?;
    settles(&process).await?;
    let reads = log.reads()?;
    println!("{reads:#?}");
    Ok(reads)
}

/// A Secret with everything that a spec may refer to.
async fn given(world: &World) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "given" },
        "stringData": { "url": "redis://redis.example:6379", "password": "p" },
    });
    let secrets = Api::<Secret>::namespaced(world.client.clone(), NAMESPACE);
    secrets.patch("given", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(secret)).await?;
    Ok(())
}

/// Fails unless just these were read, and none twice in one visit.
fn are(reads: &Reads, expected: &[&str]) -> Result<()> {
    let names: Vec<_> = reads.keys().map(String::as_str).collect();
    ensure!(names == expected, "{names:#?}");
    let visits = reads.get("relayclusters hello").copied().unwrap_or_default();
    ensure!(reads.values().all(|times| *times <= visits), "in {visits} visits: {reads:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_visit_reads_nothing_that_its_cluster_neither_asks_for_nor_has() -> Result<()> {
    let reads = after_an_edit(&json!({}), &json!({ "log": { "level": "Debug" } })).await?;
    are(
        &reads,
        &[
            "configmaps hello-config",
            "networkpolicies hello",
            "networkpolicies hello-redis",
            "poddisruptionbudgets hello",
            "relayclusters hello",
            "secrets hello-keys",
            "secrets hello-redis",
            "serviceaccounts hello",
            "services hello",
            "services hello-pods",
            "services hello-redis",
            "statefulsets hello-redis",
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_secret_that_several_fields_refer_to_is_read_once() -> Result<()> {
    let spec = |level: &str| {
        json!({
            "log": { "level": level },
            "redis": { "mode": "External", "external": {
                "urlSecretRef": { "name": "given" },
                "passwordSecretRef": { "name": "given", "key": "password" },
            }},
        })
    };
    let reads = after_an_edit(&spec("Info"), &spec("Debug")).await?;
    let (secret, visits) = (reads.get("secrets given"), reads.get("relayclusters hello"));
    ensure!(secret.is_some() && secret <= visits, "{reads:#?}");
    Ok(())
}
