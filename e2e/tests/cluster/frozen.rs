//! A rollout begins while Redis is away: it waits, and nobody is disconnected for relays that could not
//! give them what they missed.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Session, WsClient};
use e2e::ground::{Ground, eventually, holds};
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::user_redis::{end, run, spec};

const PASSWORD: &str = "of-a-redis-that-goes";
/// For so long the old relays are watched: new ones that reach Redis are ready within two or three.
const SECONDS: u64 = 10;

fn changed(redis: &Value) -> Value {
    json!({ "redis": redis, "podAnnotations": { "example.com/revision": "2" } })
}

#[tokio::test]
async fn f11_a_rollout_waits_while_redis_is_away_and_goes_on_when_it_is_back() -> Result<()> {
    let ground = Ground::new("frozen").await?;
    let redis = spec(&ground, PASSWORD).await?;
    ground.ready_relay("hello", &json!({ "redis": redis })).await?;
    let old = ground.ready_pods("hello").await?;
    let here = ground.pod(old.first().context("no relay")?).await?;
    let session = Session::start::<WsClient>(here.address().to_owned(), "alice".to_owned());
    let connected = || async { Ok(session.journal().connected.then_some(())) };
    eventually("alice is connected", 30, connected).await?;

    end(&ground).await?;
    ground.wait_for("hello", "RedisReady", "False", 60).await?;
    ground.apply_relay("hello", &changed(&redis)).await?;
    let begun = || async {
        let pods = ground.relay_pods("hello").await?;
        let new = pods.iter().find(|pod| !old.contains(&pod.name_any()));
        let phase = new.and_then(|pod| pod.status.as_ref()?.phase.clone());
        Ok((phase.as_deref() == Some("Running")).then_some(()))
    };
    eventually("a new relay runs", 60, begun).await?;
    let disturbed = || async {
        let ready = ground.ready_pods("hello").await?;
        Ok((ready != old || !session.journal().ends.is_empty())
            .then(|| format!("{ready:?} are ready, not {old:?}")))
    };
    holds("the old relays serve alone", SECONDS, disturbed).await?;

    run(&ground, PASSWORD).await?;
    ground.wait_for("hello", "Ready", "True", 120).await?;
    ensure!(ground.ready_pods("hello").await?.iter().all(|pod| !old.contains(pod)), "old relays serve");
    let ends = session.journal().ends;
    ensure!(ends.iter().all(|end| end.is_graceful()), "{ends:?}");
    end(&ground).await?;
    ground.remove().await
}
