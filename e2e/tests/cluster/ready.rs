//! From `kubectl apply` to Ready.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::ground::{Ground, condition, eventually};
use serde_json::json;
use tokio::process::Command;

#[tokio::test]
async fn an_empty_spec_is_ready_in_under_30_seconds() -> Result<()> {
    let ground = Ground::new("ready").await?;
    let elapsed = ground.ready_relay("hello", &json!({})).await?;
    println!("Ready after {:.1} s", elapsed.as_secs_f64());
    ensure!(elapsed < Duration::from_secs(30), "took {elapsed:?}");
    ground.remove().await
}

#[tokio::test]
async fn f08_kubectl_wait_for_ready_succeeds() -> Result<()> {
    let ground = Ground::new("kubectl-wait").await?;
    ground.apply_relay("hello", &json!({})).await?;
    let wait = ["wait", "--for=condition=Ready", "relaycluster/hello", "--timeout=60s"];
    let status = Command::new("kubectl").args(["--namespace", &ground.namespace]).args(wait).status().await?;
    ensure!(status.success(), "{status}");
    ground.remove().await
}

#[tokio::test]
async fn f08_ready_is_false_or_unknown_from_the_first_second_on() -> Result<()> {
    let ground = Ground::new("first-second").await?;
    let began = Instant::now();
    ground.apply_relay("hello", &json!({})).await?;
    let seen = || async {
        let relay = ground.relays().get("hello").await?;
        Ok(condition(&relay, "Ready").map(|it| it.status.clone()))
    };
    let (first, _) = eventually("Ready exists", 5, seen).await?;
    println!("Ready={first} after {} ms", began.elapsed().as_millis());
    ensure!(
        first != "True" && began.elapsed() < Duration::from_secs(1),
        "{first} after {:?}",
        began.elapsed()
    );
    ground.remove().await
}
