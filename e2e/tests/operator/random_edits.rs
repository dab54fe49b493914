//! Random edits, each reverted: whatever a cluster was in between, its objects are those of the spec
//! that it has.
//!
//! `RANDOM_EDITS` is how many there are (5), and `RANDOM_EDITS_SEED` repeats those of an earlier run.

use anyhow::{Context as _, Result, ensure};
use e2e::ground::eventually;
use e2e::mortal::Fate;
use kube::Api;
use relay_operator::api::{self, RelayCluster};
use serde_json::{Value, json};

use crate::generator::Generator;
use crate::process::Process;
use crate::snapshot::{self, Snapshot};
use crate::world::{NAMESPACE, World};

/// The number in a variable of the environment.
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A generator by the definition, whose seed is printed.
fn generator() -> Result<Generator> {
    let seed = variable("RANDOM_EDITS_SEED").unwrap_or_else(rand::random);
    println!("RANDOM_EDITS_SEED={seed}");
    let definition = serde_json::to_value(api::crd()?)?;
    let mut schema =
        definition.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec").cloned().unwrap();
    // The objects of a paused cluster are those of the spec before.
    schema["properties"].as_object_mut().unwrap().remove("paused");
    Ok(Generator::new(schema, seed))
}

/// A world in which one operator runs.
struct Stage {
    world: World,
    operator: Process,
}

impl Stage {
    async fn set(spec: &Value) -> Result<Self> {
        let world = World::start().await?;
        world.with_relay(spec).await?;
        let operator = Process::start(world.config().await?, Fate::to_live())?;
        Ok(Self { world, operator })
    }

    /// The children, once the operator has seen the newest spec and writes no more.
    async fn children(&self) -> Result<Snapshot> {
        let relays = Api::<RelayCluster>::namespaced(self.world.client.clone(), NAMESPACE);
        let seen = || async {
            let relay = relays.get("hello").await?;
            let observed = relay.status.map(|status| status.observed_generation);
            Ok((observed.is_some() && observed == relay.metadata.generation).then_some(()))
        };
        eventually("the operator has seen the spec", 30, seen).await?;
        let writes = || self.operator.fate.writes().len();
        let last = std::cell::Cell::new(None);
        let quiet = || async {
            let (before, now) = (last.take(), (writes(), snapshot::take(&self.world.client).await?));
            last.set(Some(now.clone()));
            Ok((before.as_ref() == Some(&now)).then_some(now.1))
        };
        let (mut all, _) = eventually("the operator writes no more", 30, quiet).await?;
        let relay = all.remove("RelayCluster hello").unwrap_or_default();
        all.retain(|key, object| !(key.starts_with("Deployment ") && is_of_another_revision(&relay, object)));
        Ok(all)
    }

    /// Edits the cluster; its children afterwards.
    async fn become_(&self, spec: &Value) -> Result<Snapshot> {
        self.world.edit(spec).await.with_context(|| spec.to_string())?;
        self.children().await
    }
}

/// A Deployment without pods is removed once its controller has said so, and here is none.
fn is_of_another_revision(relay: &Value, deployment: &Value) -> bool {
    let revision = &relay["status"]["rollout"]["revision"];
    revision.is_string() && *revision != deployment["metadata"]["labels"]["relaycluster.dev/revision"]
}

/// Whether the API server called the object invalid.
fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(kube::Error::Api(status)) if status.is_invalid())
}

fn are_equal(what: &str, expected: &Snapshot, actual: &Snapshot) -> Result<()> {
    let differences = snapshot::differences(expected, actual);
    ensure!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_random_edits_that_are_reverted_leave_the_objects_as_they_were() -> Result<()> {
    let mut generator = generator()?;
    let empty = json!({ "replicas": 0 });
    let stage = Stage::set(&empty).await?;
    let first = stage.children().await?;
    for _ in 0..variable("RANDOM_EDITS").unwrap_or(5) {
        let (a, b) = (generator.spec(), generator.spec());
        let before = stage.become_(&a).await?;
        stage.become_(&b).await?;
        let after = stage.become_(&a).await?;
        are_equal(&format!("{a}\nthen {b}\nand back"), &before, &after)?;
    }
    // Deleting every field gives all defaults back.
    are_equal("after all edits, an empty spec again", &first, &stage.become_(&empty).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_an_invalid_edit_changes_nothing() -> Result<()> {
    let mut generator = generator()?;
    let good = generator.spec();
    let stage = Stage::set(&good).await?;
    let before = stage.children().await?;
    let mut refused = good.clone();
    refused["replicas"] = json!(-1);
    ensure!(stage.world.edit(&refused).await.is_err_and(|error| is_refusal(&error)), "{refused}");
    are_equal("a spec that the API server refuses", &before, &stage.children().await?)?;
    // A rule that the schema does not have: connection tokens that anybody could get.
    let mut stalled = good.clone();
    stalled["auth"] = json!({ "method": "None", "profiles": { "push": "Token" } });
    are_equal("a spec that the operator refuses", &before, &stage.become_(&stalled).await?)?;
    are_equal("the good spec again", &before, &stage.become_(&good).await?)
}
