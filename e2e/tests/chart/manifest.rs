//! The manifest for plain kubectl.

use std::process::Command;

use anyhow::{Result, ensure};
use e2e::apiserver::ApiServer;
use e2e::binaries::Binaries;
use e2e::ground::eventually;
use e2e::manifest;
use e2e::place::Place;
use kube::CustomResourceExt;
use relay_operator::api::RelayCluster;
use serde_json::{Value, json};

use crate::render::{at, is, one, parse};

fn committed() -> Result<String> {
    Ok(std::fs::read_to_string(manifest::path())?)
}

#[test]
fn the_committed_manifest_is_not_stale() -> Result<()> {
    ensure!(committed()? == manifest::render(&Place::find()?)?, "run `make generate`");
    Ok(())
}

#[test]
fn the_manifest_begins_with_the_namespace_that_its_objects_are_in() -> Result<()> {
    let objects = parse(&committed()?)?;
    let name = at(one(&objects, "Namespace")?, "/metadata/name")?.clone();
    ensure!(objects.first().is_some_and(|first| is(first, "Namespace")));
    let strange: Vec<_> =
        objects.iter().filter_map(|it| it.pointer("/metadata/namespace")).filter(|it| **it != name).collect();
    ensure!(strange.is_empty(), "{strange:?}");
    Ok(())
}

#[test]
fn the_manifest_has_the_definition() -> Result<()> {
    let objects = parse(&committed()?)?;
    let definition = at(one(&objects, "CustomResourceDefinition")?, "/metadata/name")?;
    ensure!(*definition == json!(RelayCluster::crd_name()));
    Ok(())
}

#[test]
fn nothing_in_the_manifest_is_of_helm() -> Result<()> {
    let text = committed()?;
    ensure!(!text.contains("helm.sh/") && !text.contains(": Helm"));
    ensure!(!parse(&text)?.iter().any(|object: &Value| is(object, "Pod")));
    Ok(())
}

/// What `kubectl` prints when it talks to this server; its cache is that server's alone.
fn kubectl(server: &ApiServer, arguments: &[&str]) -> Result<String> {
    let mut kubectl = Command::new(Binaries::cached(&Place::find()?)?.path("kubectl")?);
    kubectl.arg("--kubeconfig").arg(server.kubeconfig()).arg("--cache-dir").arg(server.directory());
    let output = kubectl.args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn apply(server: &ApiServer) -> Result<String> {
    kubectl(server, &["apply", "-f", &manifest::path().display().to_string()])
}

#[tokio::test]
async fn kubectl_applies_the_manifest_and_changes_nothing_the_second_time() -> Result<()> {
    let server = ApiServer::start().await?;
    let first = apply(&server)?;
    ensure!(first.lines().count() > 5 && first.lines().all(|line| line.ends_with(" created")), "{first}");
    let second = apply(&server)?;
    ensure!(second.lines().all(|line| line.ends_with(" unchanged")), "{second}");
    Ok(())
}

#[tokio::test]
async fn kubectl_explains_an_optional_word_in_its_own_words() -> Result<()> {
    let server = ApiServer::start().await?;
    apply(&server)?;
    let explain = || async {
        let said = kubectl(&server, &["explain", "relaycluster.spec.profiles.push.overflow"])?;
        Ok(Some(said.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    let (said, _) = eventually("kubectl explains the kind", 30, explain).await?;
    ensure!(said.contains("`spec.limits.overflow` without it") && said.contains("DropOldest"), "{said}");
    Ok(())
}
