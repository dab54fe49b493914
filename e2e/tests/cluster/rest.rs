//! A cluster that rests lets its clients go and keeps all the rest.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, Session, SseClient, WsClient, number};
use e2e::ground::{Ground, condition, eventually};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use kube::ResourceExt;
use serde_json::{Value, json};

fn spec(stopped: bool) -> Value {
    json!({
        "stopped": stopped, "drain": { "timeoutSeconds": 30 },
        "history": { "users": { "size": 100, "seconds": 600 } },
    })
}

/// What stays, and which one it is.
async fn kept(ground: &Ground) -> Result<BTreeMap<String, Option<String>>> {
    let mut all = BTreeMap::new();
    for name in ["hello", "hello-pods", "hello-redis"] {
        all.insert(format!("Service {name}"), ground.api::<Service>().get(name).await?.uid());
    }
    for name in ["hello-keys", "hello-redis"] {
        all.insert(format!("Secret {name}"), ground.api::<Secret>().get(name).await?.uid());
    }
    all.insert("settings".to_owned(), ground.api::<ConfigMap>().get("hello-config").await?.uid());
    all.insert("Redis".to_owned(), ground.api::<Pod>().get("hello-redis-0").await?.uid());
    Ok(all)
}

async fn says(ground: &Ground, kind: &str, status: &str) -> Result<()> {
    let relay = ground.relays().get("hello").await?;
    let found = condition(&relay, kind).with_context(|| format!("no {kind}"))?;
    ensure!(found.status == status && found.reason == "Stopped", "{found:?}");
    Ok(())
}

#[tokio::test]
async fn f19_a_cluster_that_rests_lets_its_clients_go_and_comes_back_with_what_it_kept() -> Result<()> {
    let ground = Ground::new("rest").await?;
    ground.ready_relay("hello", &spec(false)).await?;
    let service = ground.service("hello").await?;
    let key = ground.secret("hello-keys", "publishKey").await?;
    let publisher = Publisher::new(service.address(), Some(key))?;
    let session = Session::start::<WsClient>(service.address().to_owned(), "bob".to_owned());
    let connected = || async { Ok(session.journal().connected.then_some(())) };
    eventually("the client is connected", 30, connected).await?;
    let mut client = SseClient::connect(service.address(), "alice").await?;
    publisher.push("alice", json!({ "number": 1 })).await?;
    while number(&client.message().await?) != Some(1) {}
    let position = client.position.clone().context("a position")?;
    publisher.push("alice", json!({ "number": 2 })).await?;
    drop(client);
    let before = kept(&ground).await?;

    ground.apply_relay("hello", &spec(true)).await?;
    let none = || async { Ok(ground.relay_pods("hello").await?.is_empty().then_some(())) };
    let ((), elapsed) = eventually("no relay runs", 60, none).await?;
    println!("at rest after {:.1} s", elapsed.as_secs_f64());
    ground.wait_for("hello", "Ready", "True", 60).await?;
    says(&ground, "Ready", "True").await?;
    says(&ground, "Available", "False").await?;
    let end = session.journal().ends.first().cloned().context("the client is still connected")?;
    ensure!(end.is_graceful(), "{end:?}");
    ensure!(kept(&ground).await? == before, "something was not kept");

    ground.apply_relay("hello", &spec(false)).await?;
    ground.wait_for("hello", "Available", "True", 60).await?;
    eventually("the client is back", 30, connected).await?;
    let service = ground.service("hello").await?;
    let mut client = SseClient::connect(service.address(), &format!("alice?lastEventId={position}")).await?;
    while number(&client.message().await?) != Some(2) {}
    ensure!(kept(&ground).await? == before, "something was not kept");
    ground.remove().await
}
