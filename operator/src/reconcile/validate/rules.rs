//! The rules of the schema that are written in CEL.
//!
//! They are parsed once: that takes longer than all the rest of a visit.

use std::sync::LazyLock;

use kube::CustomResourceExt as _;
use kube::core::cel::{CompiledSchema, compile_schema, validate_compiled};
use serde_json::Value;

use super::broken::Broken;
use crate::api::RelayCluster;

static RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(&schema()));

fn schema() -> Value {
    let versions = RelayCluster::crd().spec.versions;
    let schema = versions.first().and_then(|version| version.schema.as_ref());
    serde_json::to_value(schema.and_then(|it| it.open_api_v3_schema.as_ref())).unwrap_or_default()
}

/// Which of them a cluster breaks, in their own words, which begin with the field.
pub(super) fn broken(cluster: &RelayCluster) -> Broken {
    let cluster = match serde_json::to_value(cluster) {
        Ok(cluster) => cluster,
        Err(error) => return Broken(vec![format!("spec: {error}")]),
    };
    match validate_compiled(&RULES, &cluster, None) {
        Ok(()) => Broken::default(),
        Err(errors) => Broken(errors.into_vec().into_iter().map(|error| error.message).collect()),
    }
}
