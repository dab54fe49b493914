//! The Deployment of one revision.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::names::{Names, RELAY, REVISION, selector};
use super::super::validate::Validated;
use super::metadata;
use super::record::Record;

/// The Deployment of these pods, under the name of their revision.
pub(in crate::reconcile) fn build(cluster: &Validated, revision: &str, record: &Record) -> Deployment {
    let mut metadata = metadata(cluster, Names(&cluster.root.name).deployment(revision), RELAY);
    record.write(&mut metadata);
    let mut template = record.template.clone();
    metadata.labels.get_or_insert_default().insert(REVISION.to_owned(), revision.to_owned());
    let pod = template.metadata.get_or_insert_default();
    pod.labels.get_or_insert_default().insert(REVISION.to_owned(), revision.to_owned());
    let mut match_labels = selector(&cluster.root.name, RELAY);
    match_labels.insert(REVISION.to_owned(), revision.to_owned());
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: Some(0),
            selector: LabelSelector { match_labels: Some(match_labels), ..LabelSelector::default() },
            template,
            strategy: Some(never_within()),
            revision_history_limit: Some(0),
            progress_deadline_seconds: Some(cluster.spec.rollout.progress_deadline_seconds),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// A revision's template never changes, except to undo an edit by hand: then one pod at a time,
/// and the new one first.
fn never_within() -> DeploymentStrategy {
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::Int(1)),
            max_unavailable: Some(IntOrString::Int(0)),
        }),
    }
}
