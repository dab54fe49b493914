//! Nothing of a Secret gets out of Secrets: not into a log line, an event, a status, an argument, a
//! managed field, or any other object.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use e2e::ground::{TEST_MANAGER, eventually};
use e2e::leaks;
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::process::Process;
use crate::world::{NAMESPACE, World};

/// Planted in Secrets of the user, and in a Secret whose name the operator wants for its own.
const PLANTED: &str = "canary-7Hq2mVx9pLwZ4tRk";

/// All that was logged by this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes all log lines from now on, of everything that is logged at `debug` and above.
    fn start() -> Result<Self> {
        let log = Self::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
        subscriber.try_init().map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(log)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Three clusters: one that generates its secrets, one that is given one, and one that is stuck
/// because a foreign Secret has the name of its own.
async fn plant(world: &World) -> Result<()> {
    world.with_relay(&json!({})).await?;
    let url = format!("redis://:{PLANTED}@redis.example:6379");
    secret(&world.client, "given", json!({ "url": url })).await?;
    let external = json!({ "mode": "External", "external": { "urlSecretRef": { "name": "given" } } });
    relay(&world.client, "external", json!({ "redis": external })).await?;
    secret(&world.client, "stuck-keys", json!({ "admin-token": PLANTED, "publish-key": PLANTED })).await?;
    relay(&world.client, "stuck", json!({})).await
}

async fn secret(client: &Client, name: &str, data: Value) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": data,
    });
    apply::<Secret>(client, name, &secret).await
}

async fn relay(client: &Client, name: &str, spec: Value) -> Result<()> {
    let relay = json!({
        "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
        "metadata": { "name": name }, "spec": spec,
    });
    apply::<RelayCluster>(client, name, &relay).await
}

async fn apply<K>(client: &Client, name: &str, object: &Value) -> Result<()>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api = Api::<K>::namespaced(client.clone(), NAMESPACE);
    api.patch(name, &PatchParams::apply(TEST_MANAGER).force(), &Patch::Apply(object)).await?;
    Ok(())
}

/// Waits until the operator has done all it can do for the three.
async fn looked_at(client: &Client) -> Result<()> {
    let relays = Api::<RelayCluster>::namespaced(client.clone(), NAMESPACE);
    let deployments = Api::<Deployment>::namespaced(client.clone(), NAMESPACE);
    let done = || async {
        let told = relays.list(&ListParams::default()).await?.items;
        let all = told.iter().all(|relay| relay.status.as_ref().is_some_and(|it| !it.conditions.is_empty()));
        let made = deployments.list(&ListParams::default()).await?.items.len() >= 2;
        Ok((all && made).then_some(()))
    };
    eventually("the operator has looked at all clusters", 60, done).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_no_value_of_a_secret_is_anywhere_but_in_secrets() -> Result<()> {
    let log = Log::start()?;
    let world = World::start().await?;
    plant(&world).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    looked_at(&world.client).await?;
    let mut secrets = leaks::secrets(&world.client, NAMESPACE).await?;
    secrets.insert("planted".to_owned(), PLANTED.to_owned());
    let mut places = leaks::dump(&world.client).await?;
    drop(process);
    places.insert("the log".to_owned(), log.text());

    let generated = secrets.keys().filter(|place| place.starts_with("hello-")).count();
    ensure!(generated >= 3, "the operator generated {:?}", secrets.keys());
    let dumped = ["RelayCluster relays/stuck", "Deployment", "ConfigMap", "Event"];
    for kind in dumped {
        let found = places.keys().find(|place| place.starts_with(kind));
        found.with_context(|| format!("no {kind} among {:?}", places.keys()))?;
    }
    ensure!(log.text().contains("starting") || log.text().len() > 1000, "nothing was logged");
    let leaks = leaks::leaks(&secrets, &places);
    println!(
        "{} values looked for in {} objects and {} bytes of log",
        secrets.len(),
        places.len(),
        log.text().len()
    );
    ensure!(leaks.is_empty(), "{leaks:?}");
    Ok(())
}
