//! The operator is killed at every write of a first reconcile, before the request and before the
//! reply; the next one brings the cluster to the same objects.

use anyhow::{Result, ensure};
use e2e::ground::eventually;
use e2e::mortal::{Fate, Moment};
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::snapshot::{self, Snapshot};
use crate::world::World;

/// Lets one operator do its work undisturbed.
async fn undisturbed(world: &World) -> Result<(Snapshot, Vec<String>)> {
    world.with_relay(&json!({})).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    let made = || async {
        let all = snapshot::take(&world.client).await?;
        Ok(all.keys().any(|key| key.starts_with("Deployment")).then_some(()))
    };
    eventually("there is a Deployment", 60, made).await?;
    settles(&process).await?;
    Ok((snapshot::take(&world.client).await?, process.fate.writes()))
}

/// Ends an operator at one write, lets the next finish, and returns what is there.
async fn interrupted(world: &World, write: usize, moment: Moment) -> Result<Snapshot> {
    world.with_relay(&json!({})).await?;
    let first = Process::start(world.config().await?, Fate::to_die(write, moment))?;
    let died = || async { Ok(tokio::time::timeout(std::time::Duration::ZERO, first.fate.died()).await.ok()) };
    eventually("the first operator died", 60, died).await?;
    drop(first);
    let second = Process::start(world.config().await?, Fate::to_live())?;
    settles(&second).await?;
    snapshot::take(&world.client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_an_operator_killed_at_any_write_of_a_first_reconcile_converges_to_the_same_objects() -> Result<()>
{
    let world = World::start().await?;
    let (expected, writes) = undisturbed(&world).await?;
    ensure!(writes.len() >= 10, "{writes:#?}");
    let mut cases = 0;
    for (index, request) in writes.iter().enumerate() {
        for moment in [Moment::BeforeTheWrite, Moment::BeforeTheReply] {
            let actual = interrupted(&world, index + 1, moment).await?;
            let differences = snapshot::differences(&expected, &actual);
            ensure!(differences.is_empty(), "killed {moment:?}: {request}:\n{}", differences.join("\n"));
            cases += 1;
        }
    }
    println!("{cases} cases, {} writes: {writes:#?}", writes.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_operator_writes_nothing() -> Result<()> {
    let world = World::start().await?;
    undisturbed(&world).await?;
    let second = Process::start(world.config().await?, Fate::to_live())?;
    settles(&second).await?;
    ensure!(second.fate.writes().is_empty(), "{:?}", second.fate.writes());
    Ok(())
}
