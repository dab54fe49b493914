//! The revisions of a cluster, from its Deployments and pods.

use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use super::names::REVISION;
use super::observed::Observed;
use super::rollout::Revision;

/// The revision of a Deployment.
#[must_use]
pub fn name_of(deployment: &Deployment) -> String {
    deployment.labels().get(REVISION).cloned().unwrap_or_default()
}

/// How many pods a Deployment asks for; the API server's default is 1.
#[must_use]
pub fn desired_of(deployment: &Deployment) -> u32 {
    let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas);
    replicas.map_or(1, |replicas| u32::try_from(replicas).unwrap_or_default())
}

/// All revisions that exist. The watch of pods and the Deployment's own status both say how many
/// relays are ready, and each may be behind: for certain ready are as many as both say, and as many
/// as one of them says may be. A decision to end a relay must not rest on what was true once.
#[must_use]
pub fn observed(observed: &Observed) -> Vec<Revision> {
    let of = |deployment: &Deployment| {
        let name = name_of(deployment);
        let mine = || observed.pods.iter().filter(|pod| pod.revision == name);
        let seen = mine().filter(|pod| pod.ready && !pod.terminating).count();
        let status = deployment.status.as_ref();
        let told = status.and_then(|status| status.ready_replicas).unwrap_or_default();
        let (seen, told) = (count(seen), u32::try_from(told).unwrap_or_default());
        Revision {
            desired: desired_of(deployment),
            ready: seen.min(told),
            maybe_ready: seen.max(told),
            pods: count(mine().count()),
            name,
        }
    };
    observed.deployments().map(of).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
