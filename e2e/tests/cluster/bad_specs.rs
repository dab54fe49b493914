//! Specs that cannot be realised: refused with the field's name, or stalled with what to do; what ran goes on.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, WsClient};
use e2e::ground::{Ground, condition, eventually};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::user_redis;

/// What `kubectl apply` says to a RelayCluster with this spec.
async fn kubectl_apply(ground: &Ground, spec: &Value) -> Result<String> {
    let manifest = json!({
        "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
        "metadata": { "name": "bad", "namespace": ground.namespace }, "spec": spec,
    });
    let piped = std::process::Stdio::piped;
    let mut kubectl = Command::new("kubectl")
        .args(["apply", "-f", "-"])
        .stdin(piped())
        .stderr(piped())
        .stdout(piped())
        .spawn()?;
    let mut input = kubectl.stdin.take().context("no standard input")?;
    input.write_all(manifest.to_string().as_bytes()).await?;
    drop(input);
    let output = kubectl.wait_with_output().await?;
    ensure!(!output.status.success(), "it was accepted");
    Ok(String::from_utf8(output.stderr)?)
}

async fn is_refused_by_name_of_the_field(name: &str, spec: Value, field: &str) -> Result<()> {
    let ground = Ground::new(name).await?;
    let words = kubectl_apply(&ground, &spec).await?;
    ensure!(words.contains(field), "{words}");
    ground.remove().await
}

#[tokio::test]
async fn f12_negative_replicas_are_refused() -> Result<()> {
    is_refused_by_name_of_the_field("negative", json!({ "replicas": -1 }), "spec.replicas").await
}

#[tokio::test]
async fn f12_an_unknown_field_is_refused() -> Result<()> {
    is_refused_by_name_of_the_field("unknown-field", json!({ "replicaz": 1 }), "spec.replicaz").await
}

#[tokio::test]
async fn f12_two_replicas_without_redis_are_refused() -> Result<()> {
    let spec = json!({ "replicas": 2, "redis": { "mode": "None" } });
    is_refused_by_name_of_the_field("no-redis", spec, "spec.replicas").await
}

/// Waits until `hello` is stalled for `reason`, and checks that the message holds `word`.
async fn is_stalled(ground: &Ground, reason: &str, word: &str) -> Result<()> {
    ground.wait_for("hello", "Stalled", "True", 90).await?;
    let relay = ground.relays().get("hello").await?;
    let stalled = condition(&relay, "Stalled").context("no condition")?;
    println!("{}: {}", stalled.reason, stalled.message);
    ensure!(stalled.reason == reason, "{}: {}", stalled.reason, stalled.message);
    ensure!(stalled.message.contains(word), "{}", stalled.message);
    Ok(())
}

/// Checks that the relays of `hello` still deliver.
async fn still_serves(ground: &Ground) -> Result<()> {
    let service = ground.service("hello").await?;
    let mut client = WsClient::connect(service.address(), "alice").await?;
    let publisher =
        Publisher::new(service.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;
    publisher.push("alice", json!({ "message": "still here" })).await?;
    ensure!(client.message().await?.to_string().contains("still here"));
    Ok(())
}

#[tokio::test]
async fn f08_an_image_that_does_not_exist_stalls_while_the_last_good_state_serves() -> Result<()> {
    let ground = Ground::new("bad-image").await?;
    ground.ready_relay("hello", &json!({})).await?;
    ground.apply_relay("hello", &json!({ "image": "localhost/no-such-image:1" })).await?;
    is_stalled(&ground, "ImagePullFailed", "localhost/no-such-image:1").await?;
    still_serves(&ground).await?;
    ground.apply_relay("hello", &json!({})).await?;
    ground.wait_for("hello", "Ready", "True", 60).await.context("after going back")?;
    ground.remove().await
}

#[tokio::test]
async fn f08_a_missing_secret_stalls_while_the_last_good_state_serves() -> Result<()> {
    let ground = Ground::new("missing-secret").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let external = json!({
        "redis": { "mode": "External", "external": { "urlSecretRef": { "name": "shared", "key": "url" } } },
    });
    ground.apply_relay("hello", &external).await?;
    is_stalled(&ground, "SecretNotFound", "shared").await?;
    still_serves(&ground).await?;

    let url = user_redis::run(&ground, "of-the-user").await?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "shared" }, "stringData": { "url": url },
    });
    let apply = PatchParams::apply(e2e::ground::TEST_MANAGER);
    ground.api::<Secret>().patch("shared", &apply, &Patch::Apply(secret)).await?;
    ground.wait_for("hello", "Ready", "True", 90).await.context("after the Secret is there")?;
    // Those that are about to end still take clients, and have another bus than the new ones.
    let new_ones = || async { Ok((ground.relay_pods("hello").await?.len() == 2).then_some(())) };
    eventually("only the new relays are left", 60, new_ones).await?;
    still_serves(&ground).await?;
    ground.delete::<Pod>(user_redis::NAME).await?;
    ground.remove().await
}
