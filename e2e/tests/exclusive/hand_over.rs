//! The operator ends while the servers of a managed Redis hand over.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::ground::{Ground, eventually};
use e2e::scene::{NAME, Scene};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::restart_the_operator;

/// So long nothing is acknowledged only while the primary takes no writes, or on a machine that stands still;
/// in a roll of one server that is left, that is the hand-over.
const HELD: Duration = Duration::from_millis(250);

fn managed(memory: &str) -> Value {
    json!({ "sentinel": {}, "resources": { "limits": { "memory": memory } } })
}

/// What a server says that it is: `master` or `slave`.
async fn role(ground: &Ground, ordinal: u8) -> Result<String> {
    let pod = format!("{NAME}-redis-data-{ordinal}");
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["--namespace", &ground.namespace, "exec", &pod, "--", "redis-cli", "-e", "role"]);
    let output = kubectl.output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    text.lines().next().map(str::to_owned).context("no answer")
}

#[tokio::test]
#[ignore = "takes a minute and a half of a stage in which nothing else runs"]
async fn f11_f15_a_hand_over_that_its_operator_does_not_outlive_is_finished_by_the_next_one() -> Result<()> {
    let scene = Scene::new("hand-over", &managed("128Mi")).await?;
    let ground = &scene.ground;
    let position = scene.position().await?;
    let traffic = scene.traffic(1);
    scene.change(&managed("144Mi")).await?;
    let hands_over = || async {
        Ok((ground.servers(NAME).await?.outdated == 1 && traffic.silent_for() > HELD).then_some(()))
    };
    eventually("the primary takes no writes", 180, hands_over).await?;
    restart_the_operator(ground).await?;

    let now = scene.whole().await?;
    ensure!(now != scene.primary, "the primary was not handed over");
    ground.wait_for(NAME, "Ready", "True", 60).await?;
    scene.goes_on(&traffic).await?;
    let sent = traffic.end().await?;
    let mut roles = Vec::new();
    for ordinal in 0..3 {
        roles.push(role(ground, ordinal).await?);
    }
    ensure!(roles.iter().filter(|it| *it == "master").count() == 1, "{roles:?}");
    scene.has_arrived(&sent).await?;
    scene.is_kept(&sent, &position).await?;
    scene.is_undisturbed().await?;
    ground.remove().await
}
