//! An addition that rules out what the operator wants beside it.

use anyhow::Result;
use e2e::ground::eventually;
use e2e::mortal::Fate;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_budget_that_somebody_turned_around_is_as_it_was() -> Result<()> {
    let world = World::start().await?;
    world.with_relay(&json!({ "replicas": 2 })).await?;
    let process = Process::start(world.config().await?, Fate::to_live())?;
    settles(&process).await?;
    let budgets = Api::<PodDisruptionBudget>::namespaced(world.client.clone(), NAMESPACE);
    let before = budgets.get("hello").await?.spec;
    // Of the two there may be one: an apply of ours beside it is refused.
    let other = json!({ "spec": { "maxUnavailable": null, "minAvailable": 1 } });
    budgets.patch("hello", &PatchParams::default(), &Patch::Merge(other)).await?;
    let restored = || async { Ok((budgets.get("hello").await?.spec == before).then_some(())) };
    eventually("the budget is as it was", 60, restored).await.map(drop)
}
