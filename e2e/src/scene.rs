//! Two relays that keep a history in a managed Redis with sentinels: a client at one, a publisher at the other.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::clients::{Connection, Publisher, Sent, Session, SseClient, Traffic, WsClient, number};
use crate::ground::{Ground, Reach, condition, eventually};

/// Name of the RelayCluster.
pub const NAME: &str = "hello";
/// The user who listens, and is published to.
pub const USER: &str = "alice";
/// Longest wait for what takes a moment on a busy machine.
const SECONDS: u64 = 60;

/// The relays, their Redis and their clients.
pub struct Scene {
    /// Where they are.
    pub ground: Ground,
    /// The client, who would come back if it had to.
    pub session: Session,
    /// The publisher.
    pub publisher: Publisher,
    /// Pod of the server that was the primary when all began.
    pub primary: String,
    relays: BTreeSet<String>,
    _here: Reach,
    there: Reach,
}

fn spec(managed: &Value) -> Value {
    json!({
        "replicas": 2,
        "history": { "users": { "size": 100_000, "seconds": 600 } },
        "redis": { "managed": managed },
    })
}

async fn uids(ground: &Ground) -> Result<BTreeSet<String>> {
    Ok(ground.relay_pods(NAME).await?.iter().filter_map(ResourceExt::uid).collect())
}

impl Scene {
    /// Waits until all are well and the client is connected. `managed` is `spec.redis.managed`.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn new(name: &str, managed: &Value) -> Result<Self> {
        let ground = Ground::new(name).await?;
        ground.ready_relay(NAME, &spec(managed)).await?;
        let primary = ground.whole_servers(NAME).await?;
        let pods = ground.ready_pods(NAME).await?;
        let [one, two] = pods.as_slice() else { bail!("two pods, not {pods:?}") };
        let (here, there) = (ground.pod(one).await?, ground.pod(two).await?);
        let session = Session::start::<WsClient>(here.address().to_owned(), USER.to_owned());
        let connected = || async { Ok(session.journal().connected.then_some(())) };
        eventually("the client is connected", SECONDS, connected).await?;
        let key = ground.secret(&format!("{NAME}-keys"), "publishKey").await?;
        let publisher = Publisher::new(there.address(), Some(key))?;
        Ok(Self { relays: uids(&ground).await?, ground, session, publisher, primary, _here: here, there })
    }

    /// Publishes to the client from now on, beginning with this number.
    pub fn traffic(&self, first: u64) -> Traffic {
        Traffic::start(self.publisher.clone(), USER, first)
    }

    /// Changes `spec.redis.managed`.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub async fn change(&self, managed: &Value) -> Result<()> {
        self.ground.apply_relay(NAME, &spec(managed)).await?;
        Ok(())
    }

    /// Waits until a condition has this status and reason; returns its message.
    ///
    /// # Errors
    /// If it does not within a minute.
    pub async fn says(&self, kind: &str, status: &str, reason: &str) -> Result<String> {
        let said = || async {
            let relay = self.ground.relays().get(NAME).await?;
            let found = condition(&relay, kind).filter(|it| it.status == status && it.reason == reason);
            Ok(found.map(|it| it.message.clone()))
        };
        let what = format!("{kind}={status} {reason}");
        let (message, elapsed) = eventually(&what, SECONDS, said).await?;
        println!("{what} after {:.1} s: {message}", elapsed.as_secs_f64());
        Ok(message)
    }

    /// Waits until all servers and sentinels are well; returns the pod of the primary.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn whole(&self) -> Result<String> {
        self.ground.whole_servers(NAME).await
    }

    /// The position of a message of this moment: what a client comes back with that has all before it.
    ///
    /// # Errors
    /// If there is none.
    pub async fn position(&self) -> Result<String> {
        let mut client = SseClient::connect(self.there.address(), USER).await?;
        self.publisher.push(USER, json!({ "number": 0 })).await?;
        while number(&client.message().await?) != Some(0) {}
        client.position.context("a position")
    }

    /// Waits until the client has all of this.
    ///
    /// # Errors
    /// If something is missing.
    pub async fn has_arrived(&self, sent: &Sent) -> Result<()> {
        let arrived =
            || async { Ok(sent.missing(&self.session.journal().messages).is_empty().then_some(())) };
        let arrived = eventually("all that was acknowledged arrived", SECONDS, arrived).await;
        let missing = sent.missing(&self.session.journal().messages).len();
        let pause = sent.longest_pause.as_secs_f64();
        println!("{} acknowledged, {missing} missing, longest pause {pause:.1} s", sent.acknowledged.len());
        arrived.map(drop)
    }

    /// Reads what Redis keeps since a position, until all of this was among it.
    ///
    /// # Errors
    /// If something is missing.
    pub async fn is_kept(&self, sent: &Sent, position: &str) -> Result<()> {
        let asked = format!("{USER}?lastEventId={position}");
        let mut client = SseClient::connect(self.there.address(), &asked).await?;
        let mut kept = Vec::new();
        while !sent.missing(&kept).is_empty() {
            kept.push(client.message().await.with_context(|| format!("{} were kept", kept.len()))?);
        }
        Ok(())
    }

    /// Checks that the client never lost its connection, and no relay was replaced.
    ///
    /// # Errors
    /// If one was.
    pub async fn is_undisturbed(&self) -> Result<()> {
        let ends = self.session.journal().ends;
        ensure!(ends.is_empty(), "{ends:?}");
        ensure!(uids(&self.ground).await? == self.relays, "relay pods were replaced");
        Ok(())
    }

    /// Waits until the traffic goes on: one more message is acknowledged.
    ///
    /// # Errors
    /// If none is within a minute.
    pub async fn goes_on(&self, traffic: &Traffic) -> Result<Duration> {
        let before = traffic.acknowledged();
        let more = || async { Ok((traffic.acknowledged() > before).then_some(())) };
        eventually("messages are acknowledged", SECONDS, more).await.map(|((), elapsed)| elapsed)
    }
}
