//! One case: a scenario in a namespace of its own, with an operator of its own, and one fault.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use e2e::ground::{TEST_MANAGER, eventually};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::Options;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::ending::Ending;
use super::fault::{Counts, Fault};
use super::hands::Hands;
use super::proxy::Proxy;
use super::relays::Relays;
use super::scenario::Scenario;
use crate::process::Running;
use crate::snapshot::differences;
use crate::world::World;

/// How long a case may take on the slowest machine.
const LIMIT: Duration = Duration::from_secs(180);

/// No write for so long means that the operator has nothing left to do.
const QUIET: Duration = Duration::from_millis(1500);

/// Where cases run, any number side by side.
pub(super) struct Stage {
    pub(super) world: World,
    config: kube::Config,
    hands: Hands,
    relays: Relays,
    namespaces: Mutex<usize>,
}

/// What a case came to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) ending: Ending,
    pub(super) replaced: std::collections::BTreeSet<String>,
    /// Requests of the first operator from the scenario's step on.
    pub(super) counts: Counts,
    /// Writes of all operators from the scenario's step on.
    pub(super) writes: Vec<String>,
    /// How many of them took effect.
    pub(super) took: usize,
    /// The fewest ready relays from the step on.
    pub(super) lowest: usize,
    /// Whether the fault happened.
    pub(super) fired: bool,
}

impl Stage {
    pub(super) async fn set() -> Result<Self> {
        let world = World::start().await?;
        let mut config = world.config().await?;
        // As the program has it.
        config.default_retry = false;
        let hands = Hands::start(world.client.clone());
        let relays = Relays::start().await?;
        Ok(Self { world, config, hands, relays, namespaces: Mutex::default() })
    }

    /// Runs a case; `expected` is how it must end, or `None` to see how it does.
    pub(super) async fn run(
        &self,
        scenario: Scenario,
        fault: Option<Fault>,
        expected: Option<&Ending>,
    ) -> Result<Outcome> {
        let namespace = self.namespace().await?;
        let case = Case { stage: self, namespace: &namespace, scenario, expected };
        let outcome = tokio::time::timeout(LIMIT, case.play(fault)).await;
        let lowest = self.hands.leave(&namespace);
        match outcome {
            Ok(outcome) => Ok(Outcome { lowest, ..outcome? }),
            Err(_) => bail!("not within {} s: {}", LIMIT.as_secs(), case.difference().await?),
        }
    }

    /// How many requests an operator sends in each of several periods, that begin with its first one, when
    /// this goes wrong for good with the making of a cluster.
    pub(super) async fn storm(&self, fault: Fault, period: Duration, periods: usize) -> Result<Vec<usize>> {
        let namespace = self.namespace().await?;
        let case = Case { stage: self, namespace: &namespace, scenario: Scenario::Create, expected: None };
        let proxy = Proxy::default();
        proxy.arm(Some(fault));
        case.step().await?;
        let _operator = self.operator(&namespace, &proxy, Duration::from_secs(600))?;
        let begins = || async { Ok((proxy.requests() > 0).then_some(())) };
        eventually("the operator asks for something", 60, begins).await?;
        let mut counts = Vec::new();
        for number in 0..periods {
            let before = if number == 0 { 0 } else { proxy.requests() };
            sleep(period).await;
            counts.push(proxy.requests() - before);
        }
        self.hands.leave(&namespace);
        Ok(counts)
    }

    /// A new namespace, with the Secret that the scenarios refer to. All names have one length.
    async fn namespace(&self) -> Result<String> {
        let number = {
            let mut number = self.namespaces.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *number += 1;
            *number
        };
        let name = format!("case-{number:05}");
        let client = &self.world.client;
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let params = PatchParams::apply(TEST_MANAGER);
        Api::<Namespace>::all(client.clone()).patch(&name, &params, &Patch::Apply(object)).await?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "given" },
            "stringData": { "url": "redis://redis.example:6379" },
        });
        let secrets = Api::<Secret>::namespaced(client.clone(), &name);
        secrets.patch("given", &params, &Patch::Apply(secret)).await?;
        self.hands.enter(&name);
        Ok(name)
    }

    fn operator(&self, namespace: &str, proxy: &Proxy, resync: Duration) -> Result<Running> {
        let options = Options {
            watch_namespace: Some(namespace.to_owned()),
            admin_port: self.relays.port,
            probe_every: Duration::from_secs(2),
            resync,
            ..Options::default()
        };
        let proxy = proxy.clone();
        Running::start(self.config.clone(), options, move |client| client.with_layer(&proxy).build())
    }
}

struct Case<'a> {
    stage: &'a Stage,
    namespace: &'a str,
    scenario: Scenario,
    expected: Option<&'a Ending>,
}

impl Case<'_> {
    async fn play(&self, fault: Option<Fault>) -> Result<Outcome> {
        let proxy = Proxy::default();
        // A lost event is made good by the next look at everything; nothing else may wait for it.
        let missed = matches!(fault, Some(Fault::Watch(_, super::fault::Break::Missed)));
        let resync = Duration::from_secs(if missed { 4 } else { 600 });
        let before = self.scenario.before();
        if before.is_none() {
            proxy.arm(fault);
        }
        let first = self.stage.operator(self.namespace, &proxy, resync)?;
        if let Some(spec) = &before {
            self.apply(spec).await?;
            self.until(&proxy, Ending::is_ready).await?;
            proxy.arm(fault);
        }
        let start = self.read().await?;
        self.stage.hands.count(self.namespace);
        self.step().await?;
        let mut second = None;
        let ending = tokio::select! {
            ending = self.until(&proxy, |ending| self.is_over(ending)) => ending?,
            () = proxy.died() => {
                drop(first);
                let proxy = Proxy::default();
                proxy.arm(None);
                let _operator = self.stage.operator(self.namespace, &proxy, resync)?;
                let ending = self.until(&proxy, |ending| self.is_over(ending)).await?;
                second = Some(proxy);
                ending
            }
        };
        let proxies: Vec<_> = std::iter::once(&proxy).chain(&second).collect();
        let writes = proxies.iter().flat_map(|one| one.writes()).collect();
        let took = proxies.iter().map(|one| one.took()).sum();
        let replaced = ending.replaced_since(&start);
        Ok(Outcome {
            ending,
            replaced,
            counts: proxy.counts(),
            writes,
            took,
            lowest: 0,
            fired: proxy.fired(),
        })
    }

    async fn step(&self) -> Result<()> {
        if self.scenario.deletes() {
            self.relays().delete("hello", &DeleteParams::default()).await?;
        }
        match self.scenario.after() {
            Some(spec) => self.apply(&spec).await,
            None => Ok(()),
        }
    }

    async fn apply(&self, spec: &Value) -> Result<()> {
        let relay = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": "hello" }, "spec": spec,
        });
        let params = PatchParams::apply(TEST_MANAGER).force();
        self.relays().patch("hello", &params, &Patch::Apply(relay)).await?;
        Ok(())
    }

    fn relays(&self) -> Api<RelayCluster> {
        Api::namespaced(self.stage.world.client.clone(), self.namespace)
    }

    fn is_over(&self, ending: &Ending) -> bool {
        match self.expected {
            Some(expected) => differences(&expected.objects, &ending.objects).is_empty(),
            None if self.scenario.after().is_none() => ending.is_empty(),
            None => ending.is_ready(),
        }
    }

    /// Waits until things are `so`, and stay so when the operator has nothing left to do.
    async fn until(&self, proxy: &Proxy, so: impl Fn(&Ending) -> bool) -> Result<Ending> {
        let began = Instant::now();
        loop {
            if proxy.quiet() >= QUIET && began.elapsed() >= QUIET {
                let ending = self.read().await?;
                if so(&ending) && proxy.quiet() >= QUIET {
                    return Ok(ending);
                }
            }
            ensure!(began.elapsed() < LIMIT, "it does not end: {:#?}", proxy.writes());
            sleep(Duration::from_millis(300)).await;
        }
    }

    async fn read(&self) -> Result<Ending> {
        Ending::read(&self.stage.world.client, self.namespace).await
    }

    /// How far it is from its end.
    async fn difference(&self) -> Result<String> {
        let ending = self.read().await?;
        Ok(match self.expected {
            Some(expected) => differences(&expected.objects, &ending.objects).join("\n"),
            None => format!("{:#?}", ending.objects.get("RelayCluster hello")),
        })
    }
}
