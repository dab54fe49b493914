//! Nothing of a Secret gets out of Secrets while relays and Redis really run: not into a log, an event, a
//! status, an argument or any other object.

use anyhow::{Context, Result, ensure};
use e2e::clients::{Connection, Publisher, WsClient};
use e2e::cluster::{Cluster, Provider};
use e2e::ground::{Ground, TEST_MANAGER, eventually};
use e2e::install::NAMESPACE as OPERATOR;
use e2e::leaks::{self, Texts};
use jsonwebtoken::{EncodingKey, Header, encode};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::{Api, ListParams, LogParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::user_redis;

const SECONDS: u64 = 90;
const SIGNING_KEY: &str = "canary-hmac-Wm4tTqYz8uLc2xNb6vKs0dJf";
const PASSWORD: &str = "canary-redis-9sHk3LpXe7QvTz";
const WRONG_PASSWORD: &str = "canary-wrong-4gRb8MnUy1WcDj";

async fn secret(ground: &Ground, name: &str, data: Value) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": data,
    });
    let apply = PatchParams::apply(TEST_MANAGER);
    ground.api::<Secret>().patch(name, &apply, &Patch::Apply(secret)).await?;
    Ok(())
}

/// Three clusters that log everything: one with a Redis of its own, one with the user's, and one whose
/// password for that is wrong.
async fn plant(ground: &Ground) -> Result<()> {
    secret(ground, "issuer", json!({ "hmac": SIGNING_KEY })).await?;
    let auth = json!({ "method": "JWT", "jwt": { "secretRef": { "name": "issuer", "key": "hmac" } } });
    let spec =
        |redis: Value| json!({ "replicas": 1, "auth": auth, "log": { "level": "Debug" }, "redis": redis });
    let outside = user_redis::spec(ground, PASSWORD).await?;
    let url = format!("redis://:{WRONG_PASSWORD}@{}:6379", user_redis::NAME);
    secret(ground, "wrong", json!({ "url": url })).await?;
    let wrong = json!({ "mode": "External", "external": { "urlSecretRef": { "name": "wrong" } } });
    ground.apply_relay("hello", &spec(json!({}))).await?;
    ground.apply_relay("outside", &spec(outside)).await?;
    ground.apply_relay("locked", &spec(wrong)).await?;
    Ok(())
}

/// Shows what opens a door, and what does not, at both doors of a cluster; returns what it has shown.
async fn knock(ground: &Ground, cluster: &str) -> Result<Texts> {
    let service = ground.service(cluster).await?;
    let claims = json!({ "sub": "alice", "exp": 4_000_000_000_u64 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SIGNING_KEY.as_bytes()))?;
    let address = service.address();
    let mut client = WsClient::open(&format!("ws://{address}/ws?user_id=alice&token={token}")).await?;
    let key = ground.secret(&format!("{cluster}-keys"), "publishKey").await?;
    let wrong = "canary-publish-2aFv6JkOe5RtGh";
    let refused = Publisher::new(address, Some(wrong.to_owned()))?.push("alice", json!({})).await;
    ensure!(refused.is_err(), "a wrong key was taken");
    Publisher::new(address, Some(key))?.push("alice", json!({ "message": "hello" })).await?;
    let message = client.message().await?;
    ensure!(message.to_string().contains("hello"), "{message}");
    let forged = format!("{token}canary");
    let end = WsClient::open(&format!("ws://{address}/ws?user_id=alice&token={forged}")).await?.next().await;
    ensure!(end.is_err(), "a forged token was taken");
    Ok(Texts::from([("the token".to_owned(), token), ("a wrong key".to_owned(), wrong.to_owned())]))
}

/// All that pods of a namespace have logged.
async fn logs(ground: &Ground, namespace: &str) -> Result<Texts> {
    let pods = Api::<Pod>::namespaced(ground.client.clone(), namespace);
    let mut logs = Texts::new();
    for pod in pods.list(&ListParams::default()).await? {
        let name = pod.name_any();
        // One that does not run yet has none.
        if let Ok(text) = pods.logs(&name, &LogParams::default()).await {
            logs.insert(format!("log of {name}"), text);
        }
    }
    Ok(logs)
}

/// The arguments of all processes of a node.
fn arguments(cluster: &Cluster, node: &str) -> Result<String> {
    let script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '";
    Ok(cluster.run_on_node(node, &["sh", "-c", script])?)
}

async fn places(ground: &Ground) -> Result<Texts> {
    let mut places = leaks::dump(&ground.client).await?;
    places.extend(logs(ground, &ground.namespace).await?);
    places.extend(logs(ground, OPERATOR).await?);
    let cluster = Cluster::attach()?;
    if cluster.provider() == Provider::Local {
        for node in ["node1", "node2", "node3"] {
            places.insert(format!("processes of {node}"), arguments(&cluster, node)?);
        }
    }
    Ok(places)
}

/// Waits until a relay of `locked` says why Redis does not let it in.
async fn is_locked_out(ground: &Ground) -> Result<()> {
    let said = || async {
        let logs = logs(ground, &ground.namespace).await?;
        let mut of_locked = logs.iter().filter(|(name, _)| name.contains("locked-"));
        Ok(of_locked.any(|(_, text)| text.contains("WRONGPASS")).then_some(()))
    };
    eventually("a relay logs WRONGPASS", SECONDS, said).await.map(drop)
}

#[tokio::test]
async fn f16_no_value_of_a_secret_is_anywhere_but_in_secrets_while_relays_run() -> Result<()> {
    let ground = Ground::new("canary").await?;
    plant(&ground).await?;
    let mut secrets = Texts::new();
    for cluster in ["hello", "outside"] {
        ground.wait_for(cluster, "Ready", "True", SECONDS).await?;
        secrets.extend(knock(&ground, cluster).await?);
    }
    is_locked_out(&ground).await?;
    secrets.extend(leaks::secrets(&ground.client, &ground.namespace).await?);
    for value in [SIGNING_KEY, PASSWORD, WRONG_PASSWORD] {
        secrets.insert(value.to_owned(), value.to_owned());
    }
    let places = places(&ground).await?;
    let bytes: usize = places.values().map(String::len).sum();
    println!("{} values looked for in {} places, {bytes} bytes", secrets.len(), places.len());
    for place in [
        "log of hello-",
        "log of hello-redis-0",
        "log of outside-",
        "log of relay-operator",
        "Event e2e-canary/",
    ] {
        let found = places.iter().find(|(name, text)| name.starts_with(place) && !text.is_empty());
        found.with_context(|| format!("nothing in {place}"))?;
    }
    let leaks = leaks::leaks(&secrets, &places);
    ensure!(leaks.is_empty(), "{leaks:?}");
    ground.delete::<Pod>(user_redis::NAME).await?;
    ground.remove().await
}
