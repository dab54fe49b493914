//! Three pods with names of their own: what servers and sentinels have in common.

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use k8s_openapi::api::core::v1::{
    Container, EnvVar, PersistentVolumeClaim, PodTemplateSpec, Probe, ResourceRequirements, Service,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::super::names::selector;
use super::super::pod::port;
use super::super::record::Record;
use super::super::{inputs, metadata, services};
use super::{EACH, Keys, Managed, Validated, pod};

/// In what servers and sentinels differ.
pub(super) struct Part {
    /// Name of all its objects.
    pub(super) name: String,
    /// Word for it in labels.
    pub(super) component: &'static str,
    /// Port that its pods listen on.
    pub(super) port: u16,
    /// Which access list its pods read.
    pub(super) acl_file: &'static str,
    /// How its pods start.
    pub(super) script: &'static str,
    /// What that has to know beside who is who.
    pub(super) environment: Vec<EnvVar>,
    /// When its pods are ready.
    pub(super) ready: Probe,
    /// What its pods need.
    pub(super) resources: ResourceRequirements,
    /// How pods are replaced, in the words of a StatefulSet.
    pub(super) replaced: &'static str,
    /// Volumes that outlive its pods; without any what they hold goes with them.
    pub(super) claims: Option<Vec<PersistentVolumeClaim>>,
}

/// The objects of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedSet {
    /// What gives the pods their names.
    pub service: Service,
    /// The pods.
    pub pods: StatefulSet,
    /// At most one of them at a time is taken from its node.
    pub budget: PodDisruptionBudget,
}

/// Three pods, their Service and their budget.
pub(super) fn build(cluster: &Validated, managed: &Managed, keys: &Keys, part: Part) -> WantedSet {
    let service = service(cluster, &part);
    let budget = budget(cluster, &part);
    let template = template(cluster, managed, keys, &part);
    let mut recorded = metadata(cluster, part.name.clone(), part.component);
    Record { inputs: inputs::servers(cluster, keys), template: template.clone() }.write(&mut recorded);
    let pods = StatefulSetSpec {
        replicas: Some(EACH.into()),
        selector: selected(cluster, &part),
        service_name: Some(part.name),
        template,
        update_strategy: Some(StatefulSetUpdateStrategy {
            type_: Some(part.replaced.to_owned()),
            rolling_update: None,
        }),
        // With the default policy a pod that cannot start is not replaced by one that can.
        pod_management_policy: Some("Parallel".to_owned()),
        volume_claim_templates: part.claims,
        revision_history_limit: Some(1),
        ..StatefulSetSpec::default()
    };
    WantedSet { service, pods: StatefulSet { metadata: recorded, spec: Some(pods), status: None }, budget }
}

fn template(cluster: &Validated, managed: &Managed, keys: &Keys, part: &Part) -> PodTemplateSpec {
    let mut environment = pod::environment(cluster, &part.name);
    environment.extend(part.environment.iter().cloned());
    let container = Container {
        resources: Some(part.resources.clone()),
        ports: Some(vec![port("redis", part.port)]),
        env: Some(environment),
        readiness_probe: Some(part.ready.clone()),
        ..pod::container(managed, part.script)
    };
    pod::template(cluster, keys, part.component, container, part.acl_file, part.claims.is_none())
}

fn selected(cluster: &Validated, part: &Part) -> LabelSelector {
    let labels = selector(&cluster.root.name, part.component);
    LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }
}

/// A headless Service, which gives each pod a name, also while it is not ready: that is when others
/// have to find it.
fn service(cluster: &Validated, part: &Part) -> Service {
    let port = services::port("redis", part.port.into(), "redis");
    let labels = selector(&cluster.root.name, part.component);
    let meta = metadata(cluster, part.name.clone(), part.component);
    let mut service = services::service(meta, "ClusterIP", labels, vec![port]);
    if let Some(spec) = &mut service.spec {
        spec.cluster_ip = Some("None".to_owned());
        spec.publish_not_ready_addresses = Some(true);
    }
    service
}

fn budget(cluster: &Validated, part: &Part) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: metadata(cluster, part.name.clone(), part.component),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(selected(cluster, part)),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}
