//! The pod of a relay: all that makes a revision.

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, Lifecycle, LifecycleHandler, ObjectFieldSelector,
    PodSecurityContext, PodSpec, PodTemplateSpec, SleepAction, VolumeMount,
};
use kube::api::ObjectMeta;
use relay_contract::settings;

use super::super::names::{Names, RELAY, RESTARTED_AT, SERVING, labels};
use super::super::validate::{Redis, Validated};
use super::probes::{Pace, admin, restricted_container, runtime_default};
use super::{boot, config, keys, spread, volumes};

/// Seconds that a relay keeps serving after it was told to end, so that load balancers stop
/// sending clients to it first. The wait is the kubelet's own: it needs no shell in the image.
pub const PRE_STOP_SECONDS: i64 = 5;

/// Seconds beyond wait and drain after which a relay that has not ended is killed.
const MARGIN_SECONDS: i64 = 20;

/// User that relays run as.
const USER: i64 = 65_532;

/// Seconds from the order to end until a pod is killed.
#[must_use]
pub fn grace_seconds(cluster: &Validated) -> i64 {
    PRE_STOP_SECONDS + i64::from(cluster.spec.drain.timeout_seconds) + MARGIN_SECONDS
}

/// The template of a cluster's relays, without the label that carries its revision.
pub(super) fn template(cluster: &Validated) -> PodTemplateSpec {
    let mut all_labels = labels(&cluster.root.name, RELAY);
    all_labels.insert(SERVING.to_owned(), "true".to_owned());
    all_labels.extend(cluster.spec.pod_labels.clone());
    let mut annotations = cluster.spec.pod_annotations.clone();
    annotations.extend(cluster.root.restarted_at.clone().map(|at| (RESTARTED_AT.to_owned(), at)));
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(all_labels),
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(cluster)),
    }
}

fn pod(cluster: &Validated) -> PodSpec {
    let spec = &cluster.spec;
    PodSpec {
        service_account_name: Some(Names(&cluster.root.name).main()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: some(spec.image_pull_secrets.clone()),
        node_selector: Some(spec.node_selector.clone()).filter(|labels| !labels.is_empty()),
        tolerations: some(spec.tolerations.clone()),
        affinity: Some(spread::affinity(cluster)),
        topology_spread_constraints: some(spread::constraints(cluster)),
        priority_class_name: spec.priority_class_name.clone(),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(runtime_default()),
            ..PodSecurityContext::default()
        }),
        termination_grace_period_seconds: Some(grace_seconds(cluster)),
        containers: vec![container(cluster)],
        volumes: Some(volumes::relay(cluster)),
        ..PodSpec::default()
    }
}

fn container(cluster: &Validated) -> Container {
    let sleep =
        LifecycleHandler { sleep: Some(SleepAction { seconds: PRE_STOP_SECONDS }), ..Default::default() };
    Container {
        name: RELAY.to_owned(),
        image: Some(cluster.image.clone()),
        image_pull_policy: Some(cluster.spec.image_pull_policy.as_str().to_owned()),
        ports: Some(vec![port("http", settings::CLIENT_PORT), port("admin", settings::ADMIN_PORT)]),
        env: Some(environment(cluster)),
        resources: Some(cluster.resources.clone()),
        startup_probe: Some(admin("/startupz", Pace { period: 1, timeout: 2, failures: 120 })),
        liveness_probe: Some(admin("/livez", Pace { period: 10, timeout: 5, failures: 6 })),
        readiness_probe: Some(admin("/readyz", Pace { period: 2, timeout: 2, failures: 3 })),
        lifecycle: Some(Lifecycle { pre_stop: Some(sleep), ..Lifecycle::default() }),
        security_context: Some(restricted_container()),
        volume_mounts: Some(volumes::relay_mounts(cluster)),
        ..Container::default()
    }
}

fn environment(cluster: &Validated) -> Vec<EnvVar> {
    let drain = &cluster.spec.drain;
    let mut all =
        vec![env(settings::HOST, "0.0.0.0"), env(settings::PORT, settings::CLIENT_PORT.to_string())];
    if cluster.auth.anonymous {
        // A relay asks for this word before it believes its clients; the status tells people.
        all.push(env(settings::INSECURE, "true"));
    }
    all.extend([
        downward(settings::NODE_NAME, "metadata.name"),
        downward(settings::POD_IP, "status.podIP"),
        env(settings::ADMIN_LISTEN, format!("0.0.0.0:{}", settings::ADMIN_PORT)),
        env(settings::CONFIG_FILE, format!("{}/{}", volumes::SETTINGS, config::FILE)),
        env(settings::ADMIN_TOKEN_FILE, format!("{}/{}", volumes::KEYS, keys::ADMIN_TOKEN)),
        env(settings::DRAIN_TIMEOUT_SECONDS, drain.timeout_seconds.to_string()),
        env(settings::DRAIN_RATE, drain.max_disconnects_per_second.to_string()),
    ]);
    if cluster.publish_key {
        all.push(env(settings::PUBLISH_KEY_FILE, format!("{}/{}", volumes::KEYS, keys::PUBLISH_KEY)));
    }
    all.extend(bus(cluster));
    all.extend(boot::settings(cluster));
    all
}

/// Where the bus is, and whose part of it is ours. A URL of the user's is a secret itself; ours is an address and a password.
fn bus(cluster: &Validated) -> Vec<EnvVar> {
    let namespace = env(settings::REDIS_NAMESPACE, redis_namespace(cluster));
    match &cluster.redis {
        Redis::Managed(managed) => {
            let file = format!("{}/{}", volumes::REDIS, super::redis::PASSWORD);
            let password = env(settings::REDIS_PASSWORD_FILE, &file);
            if managed.sentinel.is_none() {
                let url = format!("redis://{}:6379", Names(&cluster.root.name).redis());
                return vec![env(settings::REDIS_URL, url), password, namespace];
            }
            let sentinels = env(settings::REDIS_SENTINEL_PASSWORD_FILE, &file);
            vec![env(settings::REDIS_URL, super::sentinel::url(cluster)), password, sentinels, namespace]
        }
        Redis::External(external) => {
            let mut all = vec![boot::path(volumes::REDIS, &external.url), namespace];
            all.extend(external.files.iter().map(|file| boot::path(volumes::REDIS, file)));
            all.extend(
                external.sentinel_username.iter().map(|it| env(settings::REDIS_SENTINEL_USERNAME, it)),
            );
            all
        }
        Redis::Memory => Vec::new(),
    }
}

/// What all names of a cluster in Redis start with, so that clusters can share one. A namespace
/// has no dot, so that no two clusters of a Kubernetes have the same.
pub(super) fn redis_namespace(cluster: &Validated) -> String {
    format!("{}.{}", cluster.root.namespace, cluster.root.name)
}

/// An environment variable with what the pod is told of itself.
pub(super) fn downward(name: &str, field_path: &str) -> EnvVar {
    let field_ref =
        ObjectFieldSelector { api_version: Some("v1".to_owned()), field_path: field_path.to_owned() };
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() }),
    }
}

/// An environment variable with a value.
pub(super) fn env(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.into()), value_from: None }
}

/// A named TCP port of a container.
pub(super) fn port(name: &str, port: u16) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: port.into(),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }
}

/// A volume at a path, read-only or not.
pub(super) fn mount(name: &str, path: &str, read_only: bool) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}
