//! An operator that the chart installs for one namespace does all its work with the rights that it has
//! there.

use std::io::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use e2e::audit::AuditLog;
use e2e::binaries::Binaries;
use e2e::definitions;
use e2e::ground::eventually;
use e2e::install::{NAMESPACE as HOME, RELEASE, chart};
use e2e::mortal::Fate;
use e2e::place::Place;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams};
use relay_operator::api::RelayCluster;
use relay_operator::options::{Leader, Options};
use relay_operator::reconcile::around::kinds::{HttpRoute, PrometheusRule};
use serde_json::json;

use crate::process::Process;
use crate::settle::settles;
use crate::world::{NAMESPACE, World};

/// The user that the operator's pods are.
fn account() -> String {
    format!("system:serviceaccount:{HOME}:{RELEASE}")
}

/// What a program prints.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Gives the account the rights that it has in the chart, and no others.
fn grant(world: &World) -> Result<()> {
    let binaries = Binaries::cached(&Place::find()?)?;
    let mut helm = Command::new(binaries.path("helm")?);
    helm.args(["template", RELEASE]).arg(chart()).args(["--namespace", HOME]);
    helm.arg("--set").arg(format!("watchNamespace={NAMESPACE}"));
    helm.args(["--show-only", "templates/rbac.yaml", "--show-only", "templates/serviceaccount.yaml"]);
    let rights = output(&mut helm)?;
    let mut file = tempfile::NamedTempFile::new()?;
    write!(file, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {HOME}\n---\n{rights}")?;
    let mut kubectl = Command::new(binaries.path("kubectl")?);
    kubectl.arg("--kubeconfig").arg(world.server().kubeconfig());
    output(kubectl.args(["apply", "--server-side", "-f"]).arg(file.path())).map(drop)
}

/// Checks that the client is refused what is in other namespaces.
async fn is_confined(client: &Client) -> Result<()> {
    let elsewhere = Api::<Secret>::namespaced(client.clone(), "default").list(&ListParams::default()).await;
    let refused = matches!(&elsewhere, Err(kube::Error::Api(status)) if status.is_forbidden());
    ensure!(refused, "{:?}", elsewhere.map(|list| list.items.len()));
    Ok(())
}

/// Whether there is what the spec asks for, of kinds from the first to the last that are written.
async fn is_made(world: &World) -> Result<bool> {
    let client = || world.client.clone();
    Ok(Api::<StatefulSet>::namespaced(client(), NAMESPACE).get_opt("hello-redis").await?.is_some()
        && Api::<NetworkPolicy>::namespaced(client(), NAMESPACE).get_opt("hello").await?.is_some()
        && Api::<HttpRoute>::namespaced(client(), NAMESPACE).get_opt("hello").await?.is_some()
        && Api::<PrometheusRule>::namespaced(client(), NAMESPACE).get_opt("hello").await?.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_an_operator_of_one_namespace_works_with_the_rights_that_it_has_there() -> Result<()> {
    let world = World::start().await?;
    definitions::install(&world.client).await?;
    let spec = json!({
        "deletionPolicy": "Drain",
        "ingress": { "hosts": ["relay.example.com"] },
        "gateway": { "parentRefs": [{ "name": "public" }] },
        "monitoring": {},
    });
    world.with_relay(&spec).await?;
    grant(&world)?;
    let mut config = world.config().await?;
    config.auth_info.impersonate = Some(account());
    let client = Client::try_from(config.clone())?;
    is_confined(&client).await?;
    let mut log = AuditLog::from_now(&world.server().audit_log())?;

    let leader = Leader { client, namespace: HOME.to_owned(), identity: "alone".to_owned() };
    let options = Options { namespace: Some(HOME.to_owned()), leader: Some(leader), ..Options::default() };
    let process = Process::with(config, Fate::to_live(), options)?;
    eventually("all is there", 60, || async { Ok(is_made(&world).await?.then_some(())) }).await?;
    settles(&process).await?;
    world.edit(&json!({ "deletionPolicy": "Drain", "networkPolicy": { "enabled": false } })).await?;
    let policies = Api::<NetworkPolicy>::namespaced(world.client.clone(), NAMESPACE);
    let gone = || async { Ok(policies.get_opt("hello").await?.is_none().then_some(())) };
    eventually("what is not asked for any more is gone", 60, gone).await?;
    let relays = Api::<RelayCluster>::namespaced(world.client.clone(), NAMESPACE);
    relays.delete("hello", &DeleteParams::default()).await?;
    let gone = || async { Ok(relays.get_opt("hello").await?.is_none().then_some(())) };
    eventually("the cluster is let go", 60, gone).await?;

    let requests = log.new_requests()?.into_iter();
    let own: Vec<_> = requests
        .filter(|it| it.impersonated_user.as_ref().is_some_and(|user| user.username == account()))
        .collect();
    ensure!(own.iter().any(|it| it.object_ref.resource == "leases"), "it does not lead");
    let refused: Vec<_> = own.iter().filter(|it| it.response_status.code == 403).collect();
    ensure!(refused.is_empty(), "of {} requests: {refused:#?}", own.len());
    Ok(())
}
