//! A managed Redis with sentinels: its objects, and the ways from and to other kinds of Redis.

use anyhow::{Result, ensure};
use e2e::ground::eventually;
use e2e::mortal::Fate;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::Api;
use serde_json::{Value, json};

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

/// A cluster without relays, of which Kubernetes would have to run none.
fn cluster(redis: Value) -> Value {
    json!({ "replicas": 0, "redis": redis })
}

async fn there<K: relay_operator::reconcile::apply::writer::Child>(
    world: &World,
    name: &str,
) -> Result<bool> {
    Ok(Api::<K>::namespaced(world.client.clone(), NAMESPACE).get_opt(name).await?.is_some())
}

/// How many of the objects of servers and sentinels there are, of six.
async fn pieces(world: &World) -> Result<usize> {
    let mut all = Vec::new();
    for name in ["hello-redis-data", "hello-sentinel"] {
        all.push(there::<StatefulSet>(world, name).await?);
        all.push(there::<Service>(world, name).await?);
        all.push(there::<PodDisruptionBudget>(world, name).await?);
    }
    Ok(all.into_iter().filter(|there| *there).count())
}

async fn are_there(world: &World, expected: usize, one: bool) -> Result<()> {
    let are = || async {
        let all =
            pieces(world).await? == expected && there::<StatefulSet>(world, "hello-redis").await? == one;
        Ok(all.then_some(()))
    };
    eventually(&format!("{expected} pieces, one server: {one}"), 60, are).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_servers_and_sentinels_are_made_once_and_not_written_again() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&cluster(json!({ "managed": { "sentinel": {} } }))).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    are_there(&world, 6, false).await?;
    settles(&process).await?;
    let secrets = Api::<Secret>::namespaced(world.client.clone(), NAMESPACE);
    let before = secrets.get("hello-redis").await?.data;
    drop(process);

    let second = Process::start(world.config().await?, Fate::to_live())?;
    settles(&second).await?;
    ensure!(second.fate.writes().is_empty(), "{:?}", second.fate.writes());
    ensure!(secrets.get("hello-redis").await?.data == before, "a password is another one");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_one_server_and_sentinels_follow_each_other_by_way_of_another_mode_only() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&cluster(json!({}))).await?;
    let _process = Process::start(world.config().await?, Fate::to_live())?;
    are_there(&world, 0, true).await?;
    let refused = world.edit(&cluster(json!({ "managed": { "sentinel": {} } }))).await;
    let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(refused.contains("spec.redis.managed.sentinel: cannot be added or removed"), "{refused}");

    world.edit(&cluster(json!({ "mode": "None" }))).await?;
    are_there(&world, 0, false).await?;
    world.edit(&cluster(json!({ "managed": { "sentinel": {} } }))).await?;
    are_there(&world, 6, false).await?;
    world.edit(&cluster(json!({ "mode": "None" }))).await?;
    are_there(&world, 0, false).await?;
    let gone = || async { Ok((!there::<Secret>(&world, "hello-redis").await?).then_some(())) };
    eventually("the passwords are gone", 30, gone).await.map(drop)
}
