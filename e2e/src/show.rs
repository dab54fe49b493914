//! The part of the demo that a person watches: a RelayCluster at work.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;
use tokio::process::Command;

use crate::clients::{Connection, Publisher, Session, SseClient, WsClient};
use crate::ground::{Ground, Reach, eventually};
use crate::progress::Progress;

/// Namespace of the demo.
pub const NAMESPACE: &str = "demo";

/// Attempts to get two connections through the Service to different pods.
const ATTEMPTS: usize = 50;

/// Shows a RelayCluster at work on a cluster where the operator is installed.
///
/// # Errors
/// If anything does not happen as it should.
pub async fn show(progress: &Progress) -> Result<()> {
    let ground = Ground::at(NAMESPACE).await?;
    apply_and_wait(&ground, progress).await?;
    let service = ground.service("hello").await?;
    let publisher =
        Publisher::new(service.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;
    deliver_across_pods(&service, &publisher, progress).await?;
    survive_a_killed_pod(&ground, &service, &publisher, progress).await?;
    heal_a_deleted_child(&ground, progress).await?;
    ground.wait_for("hello", "Ready", "True", 60).await?;
    kubectl(&["get", "relayclusters"]).await?;
    kubectl(&["describe", "relaycluster", "hello"]).await
}

async fn apply_and_wait(ground: &Ground, progress: &Progress) -> Result<()> {
    progress.say("kubectl apply: RelayCluster hello, spec: {replicas: 3}");
    let elapsed = ground.ready_relay("hello", &json!({ "replicas": 3 })).await?;
    progress.say(format!("  it is Ready after {:.1} s", elapsed.as_secs_f64()));
    Ok(())
}

async fn deliver_across_pods(service: &Reach, publisher: &Publisher, progress: &Progress) -> Result<()> {
    progress.say("a WebSocket and an SSE client of alice connect through the Service");
    let mut websocket = WsClient::connect(service.address(), "alice").await?;
    let mut sse = elsewhere(service, websocket.node()).await?;
    progress.say(format!("  WebSocket is on {}, SSE is on {}", websocket.node(), sse.node()));
    let (node, _) = publisher.push("alice", json!({ "message": "hello, alice" })).await?;
    progress.say(format!("  POST /sse/push, once, was taken by {node}"));
    for (kind, message) in [("WebSocket", websocket.message().await?), ("SSE", sse.message().await?)] {
        progress.say(format!("  {kind} received {message}"));
    }
    Ok(())
}

/// An event stream of alice on another pod than `node`.
async fn elsewhere(service: &Reach, node: &str) -> Result<SseClient> {
    for _ in 0..ATTEMPTS {
        let client = SseClient::connect(service.address(), "alice").await?;
        if client.node() != node {
            return Ok(client);
        }
    }
    anyhow::bail!("{ATTEMPTS} connections through the Service all went to {node}")
}

async fn survive_a_killed_pod(
    ground: &Ground,
    service: &Reach,
    publisher: &Publisher,
    progress: &Progress,
) -> Result<()> {
    let address = service.address().to_owned();
    let bob = Session::start::<WsClient>(address.clone(), "bob".to_owned());
    let carol = Session::start::<SseClient>(address, "carol".to_owned());
    let sessions = [("bob (WebSocket)", "bob", &bob), ("carol (SSE)", "carol", &carol)];
    let connected = || async { Ok(sessions.iter().all(|(_, _, it)| it.journal().connected).then_some(())) };
    eventually("both are connected", 20, connected).await?;

    let victim = bob.journal().nodes.first().context("no pod")?.clone();
    progress.say(format!("kubectl delete pod {victim}, while bob and carol are connected"));
    ground.api::<Pod>().delete(&victim, &DeleteParams::default()).await?;
    eventually("bob was told to come back", 60, || async { Ok(bob.journal().ends.first().map(drop)) })
        .await?;
    eventually("both are connected again", 60, connected).await?;
    for (name, id, session) in sessions {
        publisher.push(id, json!({ "message": "welcome back" })).await?;
        eventually(&format!("{name} hears"), 20, || async {
            Ok(session.journal().messages.first().map(drop))
        })
        .await?;
        let journal = session.journal();
        ensure!(journal.ends.iter().all(crate::clients::End::is_graceful), "{name}: {:?}", journal.ends);
        progress.say(format!(
            "  {name} was on {}, ended with {:?}, and hears again",
            journal.nodes.join(", "),
            journal.ends
        ));
    }
    Ok(())
}

async fn heal_a_deleted_child(ground: &Ground, progress: &Progress) -> Result<()> {
    let deployments = ground.api::<Deployment>();
    let listed = deployments.list(&ListParams::default()).await?;
    let deployment = listed.items.first().context("no Deployment")?;
    let name = deployment.name_any();
    progress.say(format!("kubectl delete deployment {name} --cascade=orphan"));
    deployments.delete(&name, &DeleteParams::orphan()).await?;
    let back = || async { Ok(deployments.get_opt(&name).await?.filter(|it| it.uid() != deployment.uid())) };
    let (_, elapsed) = eventually("the Deployment is back", 10, back).await?;
    progress.say(format!("  it is back after {:.1} s", elapsed.as_secs_f64()));
    Ok(())
}

async fn kubectl(arguments: &[&str]) -> Result<()> {
    println!("\n$ kubectl --namespace {NAMESPACE} {}", arguments.join(" "));
    let status = Command::new("kubectl").args(["--namespace", NAMESPACE]).args(arguments).status().await?;
    ensure!(status.success(), "kubectl: {status}");
    Ok(())
}
