//! The manifest for plain kubectl.

use anyhow::{Result, ensure};
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
