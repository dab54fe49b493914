//! The PodDisruptionBudget: drained nodes take a tenth of the relays at a time, or the share that the
//! spec gives, over all revisions.
//!
//! A single relay gets none, because a budget that can never be kept blocks its node for ever;
//! relays that are not ready never block one.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::names::{Names, RELAY, selector};
use super::super::validate::Validated;
use super::metadata;

pub(super) fn build(cluster: &Validated) -> Option<PodDisruptionBudget> {
    let spec = &cluster.spec.disruption;
    (spec.budget && cluster.replicas > 1).then(|| PodDisruptionBudget {
        metadata: metadata(cluster, Names(&cluster.root.name).main(), RELAY),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(
                i32::try_from(spec.most_away(cluster.replicas)).unwrap_or(i32::MAX),
            )),
            selector: Some(LabelSelector {
                match_labels: Some(selector(&cluster.root.name, RELAY)),
                ..LabelSelector::default()
            }),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    })
}
