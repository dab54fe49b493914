//! What the pods of servers and sentinels have in common. No secret is in their arguments.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Container, EnvVar, PodAntiAffinity, PodTemplateSpec, Probe, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ObjectMeta;

use super::super::super::names::{Names, labels};
use super::super::pod::{downward, env, mount};
use super::super::probes::{Pace, restricted_container};
use super::super::redis_pod::{self, ACL, ACL_HASH, DATA};
use super::super::{redis, spread, volumes};
use super::{ADMIN_PASSWORD, Keys, Managed, PRIMARY, Validated, hosts};

/// Seconds that a server has to end: a primary lets its replicas catch up first, for up to 10.
const GRACE: i64 = 30;

/// A day. What does not listen has not ended and so waits, for a majority of the sentinels or for a primary
/// to watch: a restart would only make it wait longer, as the kubelet delays each one more.
const PATIENCE: Pace = Pace { period: 2, timeout: 2, failures: 43_200 };

/// A pod that keeps away from others of its component.
pub(super) fn template(
    cluster: &Validated,
    keys: &Keys,
    component: &str,
    container: Container,
    acl_file: &str,
    scratch: bool,
) -> PodTemplateSpec {
    let mut pod = redis_pod::skeleton(cluster, acl_file);
    if scratch {
        pod.volumes.get_or_insert_default().push(volumes::scratch(DATA));
    }
    pod.containers = vec![Container { name: component.to_owned(), ..container }];
    pod.termination_grace_period_seconds = Some(GRACE);
    pod.affinity = Some(Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(spread::all_apart(cluster, component)),
            required_during_scheduling_ignored_during_execution: None,
        }),
        ..Affinity::default()
    });
    let hash: String =
        format!("{}{}", short(&keys.redis_password.sha256()), short(&keys.redis_admin_password.sha256()));
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(&cluster.root.name, component)),
            annotations: Some(BTreeMap::from([(ACL_HASH.to_owned(), hash)])),
            ..ObjectMeta::default()
        }),
        spec: Some(pod),
    }
}

/// Enough of a hash to see that it changed.
fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// A container that starts by a script, which may wait until it knows how to begin.
pub(super) fn container(managed: &Managed, script: &str) -> Container {
    let listens = |pace: Pace| {
        let tcp_socket = TCPSocketAction { port: IntOrString::String("redis".to_owned()), host: None };
        Probe { tcp_socket: Some(tcp_socket), ..pace.probe() }
    };
    Container {
        image: Some(managed.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(["sh", "-c", script].map(str::to_owned).to_vec()),
        startup_probe: Some(listens(PATIENCE)),
        liveness_probe: Some(listens(Pace { period: 10, timeout: 5, failures: 6 })),
        security_context: Some(restricted_container()),
        volume_mounts: Some(vec![mount("acl", ACL, true), mount(DATA, "/data", false)]),
        ..Container::default()
    }
}

/// Who is who, and the passwords: of the relays' account to ask, of the other one to run Redis.
pub(super) fn environment(cluster: &Validated, set: &str) -> Vec<EnvVar> {
    let names = Names(&cluster.root.name);
    let all = |set: String| hosts(&set).collect::<Vec<_>>().join(" ");
    vec![
        downward("POD_NAME", "metadata.name"),
        // Kubernetes puts the variable above in its place.
        env("ME", format!("$(POD_NAME).{set}")),
        env("PRIMARY", PRIMARY),
        env("SERVERS", all(names.redis_data())),
        env("SENTINELS", all(names.sentinel())),
        redis_pod::from_secret("REDISCLI_AUTH", &names.redis(), redis::PASSWORD),
        redis_pod::from_secret("ADMIN_PASSWORD", &names.redis(), ADMIN_PASSWORD),
    ]
}
