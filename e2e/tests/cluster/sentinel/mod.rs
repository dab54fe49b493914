//! A managed Redis with sentinels loses its primary, by accident and on purpose, and more than that.

mod broken;
mod loss;

use anyhow::{Result, ensure};
use e2e::clients::number;
use e2e::ground::eventually;
use e2e::scene::{NAME, Scene, USER};
use k8s_openapi::api::core::v1::Pod;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use tokio::time::Instant;

fn managed(memory: &str) -> Value {
    json!({ "sentinel": {}, "resources": { "limits": { "memory": memory } } })
}

#[tokio::test]
async fn f11_relays_deliver_again_when_the_primary_of_a_managed_redis_was_killed() -> Result<()> {
    let scene = Scene::new("sentinel-kill", &managed("128Mi")).await?;
    let ground = &scene.ground;
    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    ground.api::<Pod>().delete(&scene.primary, &now).await?;
    let other = || async { Ok(ground.servers(NAME).await?.primary.filter(|it| *it != scene.primary)) };
    let (_, elapsed) = eventually("another server is the primary", 60, other).await?;
    println!("another primary in the status after {:.1} s", elapsed.as_secs_f64());
    let crosses = || async {
        if scene.publisher.push(USER, json!({ "number": 7 })).await.is_err() {
            return Ok(None);
        }
        Ok(scene.session.journal().messages.iter().any(|it| number(it) == Some(7)).then_some(()))
    };
    eventually("a message crosses", 60, crosses).await?;
    scene.whole().await?;
    ground.wait_for(NAME, "RedisReady", "True", 60).await?;
    scene.is_undisturbed().await?;
    ground.remove().await
}

#[tokio::test]
async fn f11_a_roll_of_a_managed_redis_with_history_loses_nothing_acknowledged() -> Result<()> {
    let scene = Scene::new("sentinel-roll", &managed("128Mi")).await?;
    let position = scene.position().await?;
    let traffic = scene.traffic(1);
    let began = Instant::now();
    scene.change(&managed("144Mi")).await?;
    let rolling = || async { Ok((scene.ground.servers(NAME).await?.outdated > 0).then_some(())) };
    eventually("servers are being replaced", 30, rolling).await?;
    let now = scene.whole().await?;
    println!("a roll of {:.0} s", began.elapsed().as_secs_f64());
    scene.ground.wait_for(NAME, "Ready", "True", 60).await?;
    let sent = traffic.end().await?;
    scene.has_arrived(&sent).await?;
    scene.is_kept(&sent, &position).await?;
    ensure!(now != scene.primary, "the primary was not handed over");
    ensure!(sent.acknowledged.len() > 100, "too little traffic");
    scene.is_undisturbed().await?;
    scene.ground.remove().await
}
