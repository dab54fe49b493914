//! An upgrade of the operator replaces no pod (F13).
//!
//! `previous/` has what an operator of an earlier commit (`c2dfd69`) rendered for two specs, an object
//! on each line, as its own tests kept them: its relays have no spread, no anti-affinity and other
//! variables, and no record of what they were made from. Applied under the operator's name, they are
//! what such an operator leaves behind.

use anyhow::{Context as _, Result, ensure};
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Resource, ResourceExt};
use relay_operator::api::RelayCluster;
use relay_operator::options::Options;
use serde::Serialize;
use serde_json::{Value, json};

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

const EMPTY: &str = include_str!("previous/empty.jsonl");
const FULL: &str = include_str!("previous/full.jsonl");

/// Identity of the owner in the recorded objects.
const OWNER: &str = "11111111-2222-3333-4444-555555555555";

/// The spec of [`FULL`], as far as it had a meaning then.
fn full() -> Value {
    json!({
        "replicas": 30, "image": "registry.example/relay:2", "imagePullPolicy": "Always",
        "imagePullSecrets": [{"name": "pull"}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "nodeSelector": {"pool": "relays"}, "tolerations": [{"key": "relays", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "arch", "operator": "In", "values": ["amd64"]}]}]}}},
        "topologySpreadConstraints": [], "priorityClassName": "high",
        "podLabels": {"team": "chat"}, "podAnnotations": {"example.com/note": "x"},
        "cors": {"origins": ["https://a.example", "https://b.example"]}, "log": {"level": "Debug"},
        "heartbeat": {"intervalSeconds": 60, "timeoutSeconds": 15},
        "limits": {"maxMessageBytes": 1024, "maxConnections": 9, "maxConnectionsPerUser": 2, "maxQueueBytes": 4096},
        "publicAccounts": ["ops", "news_bot"], "publish": {"access": "Open"},
        "redis": {"mode": "External", "external": {"urlSecretRef": {"name": "bus", "key": "uri"}}},
        "service": {"type": "LoadBalancer", "annotations": {"lb": "internal"}, "port": 8000},
        "drain": {"maxDisconnectsPerSecond": 7, "timeoutSeconds": 60},
        "rollout": {"maxSurgePercent": 10, "progressDeadlineSeconds": 90},
    })
}

fn relays(world: &World) -> Api<RelayCluster> {
    Api::namespaced(world.client.clone(), NAMESPACE)
}

/// Makes `hello` as the earlier operator left it.
async fn left_behind(world: &World, spec: &Value, objects: &str) -> Result<()> {
    world.with_relay(spec).await?;
    let relay = relays(world).get("hello").await?;
    let uid = relay.uid().context("no uid")?;
    let mut revision = String::new();
    for line in objects.lines() {
        let text = line.replace("ns.demo", &format!("{NAMESPACE}.hello")).replace("demo", "hello");
        let mut object: DynamicObject = serde_json::from_str(&text.replace(OWNER, &uid))?;
        object.metadata.namespace = Some(NAMESPACE.to_owned());
        if object.types.as_ref().is_some_and(|types| types.kind == "Deployment") {
            revision = object.labels().get("relaycluster.dev/revision").cloned().context("no revision")?;
            object.data["spec"]["replicas"] = relay.spec.replicas.into();
        }
        apply(world, &object).await?;
    }
    let rollout = json!({ "revision": revision, "updated": relay.spec.replicas, "remaining": 0 });
    let status = json!({ "observedGeneration": relay.metadata.generation, "rollout": rollout });
    let params = PatchParams::default();
    relays(world).patch_status("hello", &params, &Patch::Merge(json!({ "status": status }))).await?;
    Ok(())
}

async fn apply(world: &World, object: &DynamicObject) -> Result<()> {
    let types = object.types.clone().context("no kind")?;
    let resource = ApiResource::from_gvk(&(&types).try_into()?);
    let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), NAMESPACE, &resource);
    let params = PatchParams::apply("relay-operator").force();
    api.patch(&object.name_any(), &params, &Patch::Apply(object)).await?;
    Ok(())
}

/// What must not change where pods must not be replaced.
#[derive(Debug, PartialEq)]
struct Pods {
    name: String,
    uid: Option<String>,
    generation: Option<i64>,
    spec: Value,
}

fn pods<K: Resource + Serialize>(workload: &K) -> Result<Pods> {
    let whole = serde_json::to_value(workload)?;
    Ok(Pods {
        name: workload.name_any(),
        uid: workload.uid(),
        generation: workload.meta().generation,
        spec: whole.get("spec").cloned().context("no spec")?,
    })
}

async fn workloads(world: &World) -> Result<Vec<Pods>> {
    let (client, all) = (&world.client, ListParams::default());
    let relays = Api::<Deployment>::namespaced(client.clone(), NAMESPACE).list(&all).await?;
    let redis = Api::<StatefulSet>::namespaced(client.clone(), NAMESPACE).list(&all).await?;
    relays.iter().map(pods).chain(redis.iter().map(pods)).collect()
}

async fn pending(world: &World) -> Result<String> {
    let status = relays(world).get("hello").await?.status.unwrap_or_default();
    Ok(status.rollout.unwrap_or_default().upgrade_pending)
}

/// The present operator takes over what an earlier one left behind.
async fn takes_over(spec: &Value, objects: &str) -> Result<(World, Process)> {
    let world = World::start().await?;
    left_behind(&world, spec, objects).await?;
    let before = workloads(&world).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    let looked = || async { Ok((pending(&world).await? == "relays").then_some(())) };
    eventually("the status tells what the operator would change", 60, looked).await?;
    settles(&process).await?;
    let mut after = workloads(&world).await?;
    // The API server counts a new annotation of a Deployment, its record, as a generation.
    let same = |(now, then): (&mut Pods, &Pods)| now.generation = then.generation;
    after.iter_mut().zip(&before).for_each(same);
    let shown = |all: &[Pods]| all.iter().map(|it| format!("{it:?}\n")).collect::<String>();
    ensure!(before == after, "{}became\n{}", shown(&before), shown(&after));
    Ok((world, process))
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_relays_and_redis_of_an_earlier_operator_are_kept_until_the_spec_changes() -> Result<()> {
    let (world, process) = takes_over(&json!({}), EMPTY).await?;
    drop(process);
    let second = Process::start(world.config().await?, Fate::to_live())?;
    settles(&second).await?;
    ensure!(second.fate.writes().is_empty(), "{:?}", second.fate.writes());

    let before = workloads(&world).await?;
    world.edit(&json!({ "cors": { "origins": ["*"] } })).await?;
    settles(&second).await?;
    ensure!(workloads(&world).await? == before, "a live setting brought new pods");

    world.edit(&json!({ "podLabels": { "team": "chat" } })).await?;
    let is_new = |it: &Pods| it.spec.pointer("/template/metadata/labels/team").is_some();
    let rolls = || async { Ok(workloads(&world).await?.iter().any(is_new).then_some(())) };
    eventually("a change of the spec makes a revision", 60, rolls).await?;
    let told = || async { Ok(pending(&world).await?.is_empty().then_some(())) };
    eventually("nothing is pending any more", 60, told).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_full_cluster_of_an_earlier_operator_is_kept_and_its_template_is_healed() -> Result<()> {
    let (world, _process) = takes_over(&full(), FULL).await?;
    let before = workloads(&world).await?;
    let name = &before.first().context("no Deployment")?.name;
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let edit = json!({ "spec": { "template": { "spec": { "hostNetwork": true } } } });
    let params = PatchParams { field_manager: Some(TEST_MANAGER.to_owned()), ..PatchParams::default() };
    deployments.patch(name, &params, &Patch::Merge(edit)).await?;
    let healed = || async {
        let now = pods(&deployments.get(name).await?)?;
        Ok((before.first().map(|it| &it.spec) == Some(&now.spec)).then_some(()))
    };
    eventually("the spec is what the earlier operator made", 60, healed).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_other_default_images_of_an_operator_reach_no_running_pod() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&json!({})).await?;
    let first = Process::start(world.config().await?, Fate::to_live())?;
    let made = || async { Ok((workloads(&world).await?.len() == 2).then_some(())) };
    eventually("relays and Redis are asked for", 60, made).await?;
    settles(&first).await?;
    drop(first);
    let before = workloads(&world).await?;
    let options =
        Options { relay_image: "relay:2".into(), redis_image: "redis:2".into(), ..Options::default() };
    let second = Process::with(world.config().await?, Fate::to_live(), options)?;
    let told = || async { Ok((pending(&world).await? == "relays and Redis").then_some(())) };
    eventually("the status tells what is pending", 60, told).await?;
    settles(&second).await?;
    ensure!(workloads(&world).await? == before, "pods are replaced");
    Ok(())
}
