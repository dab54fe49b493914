//! `kubectl describe relaycluster` is what the pages in docs/describe say.
//!
//! With `E2E_WRITE=1` the pages are written anew instead: read them before you commit them.

mod text;

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use e2e::clients::{Session, WsClient};
use e2e::cluster::Cluster;
use e2e::ground::{Ground, eventually};
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use tokio::process::Command;

use crate::user_redis;

const SECONDS: u64 = 90;
/// How often a rollout is watched until it was seen in its middle.
const ATTEMPTS: usize = 5;

fn page(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/describe").join(format!("{name}.txt"))
}

/// What `kubectl describe` says now.
async fn described(ground: &Ground) -> Result<String> {
    let arguments = ["--namespace", &ground.namespace, "describe", "relaycluster", "hello"];
    let output = Command::new("kubectl").args(arguments).stderr(Stdio::inherit()).output().await?;
    let images = Cluster::attach()?.images()?;
    let names =
        [(images.second_relay, "registry.example/relay:2"), (images.relay, "registry.example/relay:1")];
    Ok(text::normal(&String::from_utf8(output.stdout)?, &ground.namespace, &names))
}

/// What stands in the page; `None` where it is to be written.
fn wanted(name: &str) -> Result<Option<String>> {
    if std::env::var_os("E2E_WRITE").is_some() {
        return Ok(None);
    }
    let path = page(name);
    Ok(Some(std::fs::read_to_string(&path).with_context(|| path.display().to_string())?))
}

/// Whether a text is the page. Where that is to be written: whether all of `marks` are in it and it was
/// the same a moment ago; then it is written.
async fn is_page(
    ground: &Ground,
    name: &str,
    marks: &[&str],
    wanted: Option<&String>,
) -> Result<(bool, String)> {
    let text = described(ground).await?;
    let Some(wanted) = wanted else {
        let there = marks.iter().all(|mark| text.contains(mark)) && described(ground).await? == text;
        if there {
            std::fs::write(page(name), &text)?;
        }
        return Ok((there, text));
    };
    Ok((*wanted == text, text))
}

/// Waits until `kubectl describe` says what stands in the page.
async fn comes_to_say(ground: &Ground, name: &str, marks: &[&str]) -> Result<()> {
    let wanted = wanted(name)?;
    let last = std::sync::Mutex::new(String::new());
    let said = || async {
        let (is_it, text) = is_page(ground, name, marks, wanted.as_ref()).await?;
        last.lock().unwrap().clone_from(&text);
        Ok(is_it.then_some(()))
    };
    let waited = eventually(&format!("it says what docs/describe/{name}.txt says"), SECONDS, said).await;
    let text = last.lock().unwrap().clone();
    waited.map(drop).map_err(|error| error.context(difference(&wanted.unwrap_or_default(), &text)))
}

/// The lines that one of the two has alone.
fn difference(page: &str, text: &str) -> String {
    let lacks = |lines: &str, line: &str| !lines.lines().any(|it| it == line);
    let gone = page.lines().filter(|line| lacks(text, line)).map(|line| format!("- {line}"));
    let new = text.lines().filter(|line| lacks(page, line)).map(|line| format!("+ {line}"));
    let lines: Vec<_> = gone.chain(new).collect();
    let lines =
        if lines.is_empty() { format!("lines are in another order:\n{text}") } else { lines.join("\n") };
    format!("docs/describe differs (E2E_WRITE=1 writes it anew):\n{lines}")
}

#[tokio::test]
async fn f09_describe_of_a_healthy_cluster_is_as_documented() -> Result<()> {
    let ground = Ground::new("describe-healthy").await?;
    ground.ready_relay("hello", &json!({})).await?;
    let pods = ground.ready_pods("hello").await?;
    // The status names pods in this order, so that it is the same one in each run that has the client.
    let first = ground.pod(pods.iter().min().context("a pod")?).await?;
    let _client = Session::start::<WsClient>(first.address().to_owned(), "alice".to_owned());
    comes_to_say(&ground, "healthy", &["2/2 serving, 1 connection, Redis ok", "Normal   Ready"]).await?;
    ground.remove().await
}

#[tokio::test]
async fn f09_describe_of_a_rolling_cluster_is_as_documented() -> Result<()> {
    let image = Cluster::attach()?.images()?.second_relay;
    let wanted = wanted("rolling")?;
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let ground = Ground::new("describe-rolling").await?;
        ground.ready_relay("hello", &json!({})).await?;
        let generation = ground.apply_relay("hello", &json!({ "image": image })).await?.metadata.generation;
        loop {
            let marks = ["rollout 0/2", "RolloutStarted", "Starting"];
            let (is_it, text) = is_page(&ground, "rolling", &marks, wanted.as_ref()).await?;
            if is_it {
                return ground.remove().await;
            }
            if text.contains("rollout 0/2") {
                last = text;
            }
            let rollout = ground.status("hello").await?;
            let over = Some(rollout.observed_generation) == generation
                && rollout.rollout.is_some_and(|it| it.updated == 2);
            if over {
                break;
            }
        }
    }
    bail!("in no rollout; {}", difference(&wanted.unwrap_or_default(), &last))
}

#[tokio::test]
async fn f09_describe_of_a_cluster_with_a_broken_image_is_as_documented() -> Result<()> {
    let ground = Ground::new("describe-broken").await?;
    ground.ready_relay("hello", &json!({})).await?;
    ground.apply_relay("hello", &json!({ "image": "localhost/no-such-image:1" })).await?;
    comes_to_say(&ground, "broken-image", &["stalled: ImagePullFailed", "Warning  ImagePullFailed"]).await?;
    ground.remove().await
}

#[tokio::test]
async fn f09_describe_of_a_cluster_without_redis_is_as_documented() -> Result<()> {
    let ground = Ground::new("describe-redis").await?;
    let redis = user_redis::spec(&ground, "of-the-user").await?;
    ground.ready_relay("hello", &json!({ "redis": redis })).await?;
    ground.delete::<Pod>(user_redis::NAME).await?;
    comes_to_say(&ground, "redis-down", &["Redis down", "Warning  RedisLost", "refused"]).await?;
    ground.remove().await
}

#[tokio::test]
async fn f09_f19_describe_of_a_paused_cluster_is_as_documented() -> Result<()> {
    let ground = Ground::new("describe-paused").await?;
    ground.ready_relay("hello", &json!({})).await?;
    ground.apply_relay("hello", &json!({ "paused": true, "replicas": 3 })).await?;
    comes_to_say(&ground, "paused", &["not written", "Normal   Paused"]).await?;
    ground.remove().await
}
