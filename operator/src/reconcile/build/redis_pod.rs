//! The pod of the managed Redis.
//!
//! It needs an image with `redis-server` and `redis-cli` on its PATH and nothing else: no shell,
//! no entry point. No secret is in its arguments.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, EnvVar, EnvVarSource, ExecAction, PodSecurityContext, PodSpec, PodTemplateSpec, Probe,
    SecretKeySelector, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ObjectMeta;

use super::super::names::{Names, REDIS, labels};
use super::super::secret_value::SecretValue;
use super::super::validate::{Managed, Validated};
use super::pod::{mount, port};
use super::probes::{Pace, restricted_container, runtime_default};
use super::{redis, volumes};

/// Port of Redis.
pub(crate) const PORT: u16 = 6379;
/// Name of the volume with the data.
pub(super) const DATA: &str = "data";
/// Annotation that changes with the password, so that the server reads its access list again.
pub(super) const ACL_HASH: &str = "relaycluster.dev/acl-hash";
/// User of the official image.
const USER: i64 = 999;
/// Directory of the access list.
pub(super) const ACL: &str = "/etc/redis-acl";

pub(super) fn template(cluster: &Validated, managed: &Managed, password: &SecretValue) -> PodTemplateSpec {
    let acl_hash: String = password.sha256().chars().take(16).collect();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(&cluster.root.name, REDIS)),
            annotations: Some(BTreeMap::from([(ACL_HASH.to_owned(), acl_hash)])),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(cluster, managed)),
    }
}

fn pod(cluster: &Validated, managed: &Managed) -> PodSpec {
    let mut pod = skeleton(cluster, redis::ACL_FILE);
    if managed.storage.is_none() {
        pod.volumes.get_or_insert_default().push(volumes::scratch(DATA));
    }
    pod.containers = vec![container(&Names(&cluster.root.name).redis(), managed)];
    pod
}

/// A pod of Redis with this access list, and without a container yet.
pub(super) fn skeleton(cluster: &Validated, acl_file: &str) -> PodSpec {
    let names = Names(&cluster.root.name);
    let acl = volumes::secret("acl", names.redis(), Some((acl_file, acl_file)));
    let pull_secrets = cluster.spec.image_pull_secrets.clone();
    PodSpec {
        service_account_name: Some(names.main()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: Some(pull_secrets).filter(|secrets| !secrets.is_empty()),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(runtime_default()),
            ..PodSecurityContext::default()
        }),
        termination_grace_period_seconds: Some(10),
        volumes: Some(vec![acl]),
        ..PodSpec::default()
    }
}

fn container(secret: &str, managed: &Managed) -> Container {
    Container {
        name: REDIS.to_owned(),
        image: Some(managed.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(command(managed.storage.is_some())),
        ports: Some(vec![port("redis", PORT)]),
        env: Some(vec![from_secret("REDISCLI_AUTH", secret, redis::PASSWORD)]),
        resources: Some(managed.resources.clone()),
        readiness_probe: Some(ping()),
        liveness_probe: Some(listening()),
        security_context: Some(restricted_container()),
        volume_mounts: Some(vec![mount("acl", ACL, true), mount(DATA, "/data", false)]),
        ..Container::default()
    }
}

/// With a volume every write is in a log on it, by default within a second; without one nothing is
/// kept on disk.
fn command(keeps: bool) -> Vec<String> {
    let acl = format!("{ACL}/{}", redis::ACL_FILE);
    let append = if keeps { "yes" } else { "no" };
    let words = ["redis-server", "--aclfile", &acl, "--save", "", "--appendonly", append, "--dir", "/data"];
    words.map(str::to_owned).to_vec()
}

/// A password in the environment, where `redis-cli` looks for its own, so that it stands in no argument.
pub(super) fn from_secret(name: &str, secret: &str, key: &str) -> EnvVar {
    let secret_key_ref = SecretKeySelector { name: secret.to_owned(), key: key.to_owned(), optional: None };
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource { secret_key_ref: Some(secret_key_ref), ..EnvVarSource::default() }),
    }
}

/// Ready when a command is answered; `-e` makes a refusal a failure.
fn ping() -> Probe {
    let command = ["redis-cli", "-h", "127.0.0.1", "-e", "ping"].map(str::to_owned).to_vec();
    let exec = ExecAction { command: Some(command) };
    Probe { exec: Some(exec), ..Pace { period: 3, timeout: 3, failures: 2 }.probe() }
}

/// Alive while the port takes connections, however busy the server is.
fn listening() -> Probe {
    let tcp_socket = TCPSocketAction { port: IntOrString::String("redis".to_owned()), host: None };
    let probe = Pace { period: 10, timeout: 5, failures: 6 }.probe();
    Probe { tcp_socket: Some(tcp_socket), initial_delay_seconds: Some(5), ..probe }
}
