//! Two operators that look after one cluster, of which one leads.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::apiserver::ApiServer;
use e2e::audit::{AuditLog, Request};
use e2e::ground::{TEST_MANAGER, eventually};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::LEASE_NAME;
use serde_json::json;

use super::program::{Place, Program, build};
use crate::world::World;

/// Where pairs run, each in a namespace of its own.
pub(super) struct Stage {
    pub(super) world: World,
    program: PathBuf,
    directory: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn set() -> Result<Self> {
        let (world, program) = (World::start().await?, build()?);
        Ok(Self { world, program, directory: tempfile::tempdir()? })
    }

    fn server(&self) -> &ApiServer {
        self.world.server()
    }
}

/// A leader, a standby, and the cluster.
pub(super) struct Pair<'a> {
    stage: &'a Stage,
    namespace: String,
    /// The operator that leads at first.
    pub(super) first: Program,
    /// The operator that waits.
    pub(super) second: Program,
    log: AuditLog,
}

/// The two names.
pub(super) const FIRST: &str = "first";
pub(super) const SECOND: &str = "second";

impl<'a> Pair<'a> {
    /// Starts one operator, then the other, and waits until the second knows that it has to wait.
    pub(super) async fn start(stage: &'a Stage, number: usize) -> Result<Self> {
        let namespace = format!("pair-{number}");
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        let params = PatchParams::apply(TEST_MANAGER);
        let namespaces = Api::<Namespace>::all(stage.world.client.clone());
        namespaces.patch(&namespace, &params, &Patch::Apply(object)).await?;
        let log = AuditLog::from_now(&stage.server().audit_log())?;
        let place = |name| Place { name, namespace: &namespace, directory: stage.directory.path() };
        let start = |name| Program::start(&stage.program, &stage.server().kubeconfig(), &place(name));
        let first = start(FIRST)?;
        led_by(&stage.world.client, &namespace, FIRST, 60).await?;
        let second = start(SECOND)?;
        let mut pair = Self { stage, namespace, first, second, log };
        pair.asks_for(1).await?;
        pair.follows(1, 60).await?;
        pair.standby_waits().await?;
        Ok(pair)
    }

    fn client(&self) -> Client {
        self.stage.world.client.clone()
    }

    /// Makes the cluster ask for so many relays.
    pub(super) async fn asks_for(&self, replicas: i32) -> Result<()> {
        let relay = json!({
            "apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster",
            "metadata": { "name": "hello" }, "spec": { "replicas": replicas },
        });
        let relays = Api::<RelayCluster>::namespaced(self.client(), &self.namespace);
        relays.patch("hello", &PatchParams::apply(TEST_MANAGER).force(), &Patch::Apply(relay)).await?;
        Ok(())
    }

    /// Waits until somebody has made it so, and told of it; how long that took.
    pub(super) async fn follows(&self, replicas: i32, seconds: u64) -> Result<Duration> {
        let deployments = Api::<Deployment>::namespaced(self.client(), &self.namespace);
        let relays = Api::<RelayCluster>::namespaced(self.client(), &self.namespace);
        let followed = || async {
            let all = deployments.list(&ListParams::default()).await?;
            let sizes: Vec<_> = all.into_iter().filter_map(|one| one.spec?.replicas).collect();
            let relay = relays.get("hello").await?;
            let told = relay.status.map(|status| status.observed_generation) == relay.metadata.generation;
            Ok((told && sizes == [replicas]).then_some(()))
        };
        Ok(eventually(&format!("the Deployment asks for {replicas} pods"), seconds, followed).await?.1)
    }

    /// Waits until the second operator leads; how long that took.
    pub(super) async fn second_leads(&self, seconds: u64) -> Result<Duration> {
        led_by(&self.client(), &self.namespace, SECOND, seconds).await
    }

    async fn standby_waits(&mut self) -> Result<()> {
        let mut asked = false;
        for _ in 0..300 {
            asked |= self.requests()?.iter().any(|it| by(it, SECOND) && it.object_ref.resource == "leases");
            if asked {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the second operator never looked at the lease: {}", self.logs())
    }

    /// Requests of the two since the last call.
    pub(super) fn requests(&mut self) -> Result<Vec<Request>> {
        let mut requests = self.log.new_requests()?;
        requests.retain(|it| it.object_ref.namespace == self.namespace);
        Ok(requests)
    }

    /// What both logged, for the text of a failure.
    pub(super) fn logs(&self) -> String {
        let read = |program: &Program| std::fs::read_to_string(&program.log).unwrap_or_default();
        format!("first:\n{}\nsecond:\n{}", read(&self.first), read(&self.second))
    }
}

/// Whether a request was of this operator.
pub(super) fn by(request: &Request, name: &str) -> bool {
    request.impersonated_user.as_ref().is_some_and(|user| user.username == name)
}

/// Writes that took effect, and are not about the lease, as `verb resource name`.
pub(super) fn effects(requests: &[Request], name: &str) -> Vec<String> {
    let effects = requests.iter().filter(|it| by(it, name) && it.is_write());
    let effects = effects.filter(|it| it.object_ref.resource != "leases" && it.response_status.code < 300);
    effects.map(|it| format!("{} {} {}", it.verb, it.object_ref.resource, it.object_ref.name)).collect()
}

async fn led_by(client: &Client, namespace: &str, name: &str, seconds: u64) -> Result<Duration> {
    let leases = Api::<Lease>::namespaced(client.clone(), namespace);
    let held = || async {
        let holder = leases.get_opt(LEASE_NAME).await?.and_then(|lease| lease.spec?.holder_identity);
        Ok((holder.as_deref() == Some(name)).then_some(()))
    };
    let held = eventually(&format!("{name} leads in {namespace}"), seconds, held).await;
    Ok(held.context("the lease")?.1)
}
