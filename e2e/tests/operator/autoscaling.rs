//! The built-in autoscaler, with a relay that tells what the test has it tell.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::ground::{TEST_MANAGER, condition, eventually};
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::Options;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::process::Process;
use crate::world::{NAMESPACE, World};

/// Answers every request on a free port of the loopback interface as a relay with so many
/// connections would; returns the port.
async fn relay_with(connections: u64) -> Result<(u16, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let body = json!({
        "version": "1", "node": "a", "startedAt": 1, "accepting": true,
        "connections": { "total": connections, "websocket": connections },
        "bus": { "kind": "redis", "state": "ok" },
    });
    let serving = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // Whoever does not read its answer asks again.
            drop(answer(socket, &body.to_string()).await);
        }
    });
    Ok((port, serving))
}

async fn answer(mut socket: TcpStream, body: &str) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _ = socket.read(&mut request).await?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await
}

/// A pod that is ready at this machine's address, as the kubelet would report it.
async fn ready_pod(world: &World) -> Result<()> {
    let pods = Api::<Pod>::namespaced(world.client.clone(), NAMESPACE);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "a",
            "labels": {
                "app.kubernetes.io/managed-by": "relay-operator", "app.kubernetes.io/component": "relay",
                "relaycluster.dev/cluster": "hello", "relaycluster.dev/serving": "true",
            },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "a", "controller": true }],
        },
        "spec": { "containers": [{ "name": "relay", "image": "localhost/none:1" }] },
    });
    pods.patch("a", &PatchParams::apply(TEST_MANAGER), &Patch::Apply(pod)).await?;
    let status = json!({ "status": {
        "phase": "Running", "podIP": "127.0.0.1", "podIPs": [{ "ip": "127.0.0.1" }],
        "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" }],
    }});
    pods.patch_status("a", &PatchParams::default(), &Patch::Merge(status)).await?;
    Ok(())
}

async fn sizes(world: &World) -> Result<Vec<i32>> {
    let deployments = Api::<Deployment>::namespaced(world.client.clone(), NAMESPACE);
    let all = deployments.list(&ListParams::default()).await?;
    Ok(all.into_iter().filter_map(|one| one.spec?.replicas).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_the_autoscaler_follows_what_relays_tell_and_takes_none_away_when_they_fall_silent() -> Result<()>
{
    let world = World::start().await?;
    let spec = json!({ "autoscaling": { "min": 2, "max": 10, "targetConnectionsPerPod": 100 } });
    world.with_relay(&spec).await?;
    ready_pod(&world).await?;
    let (admin_port, relay) = relay_with(500).await?;
    let options = Options { admin_port, probe_every: Duration::from_secs(1), ..Options::default() };
    let _process = Process::with(world.config().await?, Fate::to_live(), options)?;
    let five = || async { Ok((sizes(&world).await? == [5]).then_some(())) };
    eventually("500 connections have 5 relays", 60, five).await?;

    relay.abort();
    let relays = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    let told = || async {
        let relay = relays.get("hello").await?;
        let limited = condition(&relay, "ScalingLimited").context("no condition")?;
        Ok((limited.status == "True" && limited.reason == "ReadingsMissing").then_some(relay))
    };
    let (relay, _) = eventually("the status names the silence", 60, told).await?;
    ensure!(relay.status.and_then(|status| status.desired_replicas) == Some(5), "it wants another number");
    ensure!(sizes(&world).await? == [5], "relays were taken away");
    ensure!(relay.spec.replicas == 2, "spec.replicas is the user's");
    Ok(())
}
