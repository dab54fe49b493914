//! A managed Redis with sentinels loses its primary, by accident and on purpose.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, Session, SseClient, WsClient};
use e2e::ground::{Ground, eventually};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::DeleteParams;
use relay_operator::api::RedisServersStatus;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Time between two messages of the traffic.
const PACE: Duration = Duration::from_millis(20);

fn spec(memory: &str) -> Value {
    let managed = json!({ "sentinel": {}, "resources": { "limits": { "memory": memory } } });
    json!({
        "replicas": 2,
        "history": { "users": { "size": 100_000, "seconds": 600 } },
        "redis": { "managed": managed },
    })
}

async fn servers(ground: &Ground) -> Result<RedisServersStatus> {
    let redis = ground.status("hello").await?.redis.context("status.redis")?;
    redis.servers.context("status.redis.servers")
}

/// Waits until there are a primary, two replicas with all it has, and three sentinels, and nothing is
/// left to replace; the primary.
async fn whole(ground: &Ground) -> Result<String> {
    let whole = || async {
        let now = servers(ground).await?;
        let all = now.replicas_in_sync == 2 && now.sentinels_agreeing == 3 && now.quorum && now.outdated == 0;
        Ok(now.primary.filter(|_| all))
    };
    eventually("all servers and sentinels are well", 180, whole).await.map(|(primary, _)| primary)
}

async fn uids(ground: &Ground) -> Result<BTreeSet<String>> {
    Ok(ground.relay_pods("hello").await?.iter().filter_map(ResourceExt::uid).collect())
}

/// Traffic of one publisher, which sends a number until it is acknowledged.
struct Traffic {
    stop: watch::Sender<bool>,
    task: JoinHandle<Sent>,
}

/// What became of the traffic.
struct Sent {
    acknowledged: Vec<u64>,
    longest_pause: Duration,
}

impl Traffic {
    fn start(publisher: Publisher) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, task: tokio::spawn(publish(publisher, stopped)) }
    }

    async fn end(self) -> Result<Sent> {
        self.stop.send_replace(true);
        Ok(self.task.await?)
    }
}

async fn publish(publisher: Publisher, stopped: watch::Receiver<bool>) -> Sent {
    let mut sent = Sent { acknowledged: Vec::new(), longest_pause: Duration::ZERO };
    let (mut pace, mut last) = (tokio::time::interval(PACE), Instant::now());
    for number in 1.. {
        pace.tick().await;
        if *stopped.borrow() {
            break;
        }
        if publisher.push("alice", json!({ "number": number })).await.is_ok() {
            sent.acknowledged.push(number);
            sent.longest_pause = sent.longest_pause.max(last.elapsed());
            last = Instant::now();
        }
    }
    sent
}

fn number(message: &Value) -> Option<u64> {
    let at = |value: &Value| value.get("number").and_then(Value::as_u64);
    at(message).or_else(|| at(message.get("data")?))
}

/// Which of the acknowledged numbers are not among the messages.
fn missing(sent: &Sent, messages: &[Value]) -> Vec<u64> {
    let had: BTreeSet<_> = messages.iter().filter_map(number).collect();
    sent.acknowledged.iter().copied().filter(|number| !had.contains(number)).collect()
}

#[tokio::test]
async fn f11_relays_deliver_again_when_the_primary_of_a_managed_redis_was_killed() -> Result<()> {
    let ground = Ground::new("sentinel-kill").await?;
    ground.ready_relay("hello", &spec("128Mi")).await?;
    let primary = whole(&ground).await?;
    let pods = ground.ready_pods("hello").await?;
    let [one, two] = pods.as_slice() else { anyhow::bail!("two pods, not {pods:?}") };
    let (here, there) = (ground.pod(one).await?, ground.pod(two).await?);
    let (before, session) =
        (uids(&ground).await?, Session::start::<WsClient>(here.address().to_owned(), "alice".to_owned()));
    let publisher = Publisher::new(there.address(), Some(ground.secret("hello-keys", "publishKey").await?))?;

    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    ground.api::<Pod>().delete(&primary, &now).await?;
    let other = || async { Ok(servers(&ground).await?.primary.filter(|it| *it != primary)) };
    let (_, elapsed) = eventually("another server is the primary", 60, other).await?;
    println!("another primary in the status after {:.1} s", elapsed.as_secs_f64());
    let crosses = || async {
        if publisher.push("alice", json!({ "number": 7 })).await.is_err() {
            return Ok(None);
        }
        Ok(session.journal().messages.iter().any(|it| number(it) == Some(7)).then_some(()))
    };
    eventually("a message crosses", 60, crosses).await?;
    whole(&ground).await?;
    ground.wait_for("hello", "RedisReady", "True", 60).await?;
    ensure!(session.journal().ends.is_empty(), "{:?}", session.journal().ends);
    ensure!(uids(&ground).await? == before, "relay pods were replaced");
    ground.remove().await
}

#[tokio::test]
async fn f11_a_roll_of_a_managed_redis_with_history_loses_nothing_acknowledged() -> Result<()> {
    let ground = Ground::new("sentinel-roll").await?;
    ground.ready_relay("hello", &spec("128Mi")).await?;
    let primary = whole(&ground).await?;
    let pods = ground.ready_pods("hello").await?;
    let [one, two] = pods.as_slice() else { anyhow::bail!("two pods, not {pods:?}") };
    let (here, there) = (ground.pod(one).await?, ground.pod(two).await?);
    let key = ground.secret("hello-keys", "publishKey").await?;
    let publisher = Publisher::new(there.address(), Some(key))?;
    let (before, session) =
        (uids(&ground).await?, Session::start::<WsClient>(here.address().to_owned(), "alice".to_owned()));
    let connected = || async { Ok(session.journal().connected.then_some(())) };
    eventually("the client is connected", 20, connected).await?;
    let mut first = SseClient::connect(here.address(), "alice").await?;
    publisher.push("alice", json!({ "number": 0 })).await?;
    while number(&first.message().await?) != Some(0) {}
    let position = first.position.clone().context("a position")?;
    drop(first);

    let traffic = Traffic::start(publisher);
    let began = Instant::now();
    ground.apply_relay("hello", &spec("144Mi")).await?;
    let rolling = || async { Ok((servers(&ground).await?.outdated > 0).then_some(())) };
    eventually("servers are being replaced", 30, rolling).await?;
    let now = whole(&ground).await?;
    let took = began.elapsed();
    ground.wait_for("hello", "Ready", "True", 60).await?;
    let sent = traffic.end().await?;

    let arrived = || async { Ok(missing(&sent, &session.journal().messages).is_empty().then_some(())) };
    let arrived = eventually("all that was acknowledged arrived", 30, arrived).await;
    let mut again = SseClient::connect(there.address(), &format!("alice?lastEventId={position}")).await?;
    let mut kept = Vec::new();
    while !missing(&sent, &kept).is_empty() {
        kept.push(again.message().await.with_context(|| format!("{} were kept", kept.len()))?);
    }
    println!(
        "roll of {:.0} s: {} acknowledged, {} missing, longest pause {:.1} s; {} in Redis afterwards",
        took.as_secs_f64(),
        sent.acknowledged.len(),
        missing(&sent, &session.journal().messages).len(),
        sent.longest_pause.as_secs_f64(),
        kept.iter().filter_map(number).count(),
    );
    arrived?;
    ensure!(now != primary, "the primary was not handed over");
    ensure!(sent.acknowledged.len() > 100, "too little traffic");
    ensure!(session.journal().ends.is_empty(), "{:?}", session.journal().ends);
    ensure!(uids(&ground).await? == before, "relay pods were replaced");
    ground.remove().await
}
