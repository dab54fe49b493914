//! Volumes of the pods. Secrets are files that only the pod's group may read.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, KeyToPath, SecretVolumeSource, Volume, VolumeMount,
};

use super::super::names::Names;
use super::super::validate::{Redis, Validated};
use super::pod::mount;
use super::redis;

/// Directory of the settings file.
pub(super) const SETTINGS: &str = "/etc/relay/settings";
/// Directory of the admin token and the publish key.
pub(super) const KEYS: &str = "/etc/relay/keys";
/// Directory of what a relay needs to reach Redis.
pub(super) const REDIS: &str = "/etc/relay/redis";
/// File with the URL of the user's Redis.
pub(super) const URL: &str = "url";

/// `r--r-----`: for the pod's group, which `fsGroup` sets.
const GROUP_MAY_READ: i32 = 0o440;
/// `r--r--r--`: what is no secret.
const ALL_MAY_READ: i32 = 0o444;

/// Volumes of a relay.
pub(super) fn relay(cluster: &Validated) -> Vec<Volume> {
    let names = Names(&cluster.root.name);
    let settings = ConfigMapVolumeSource {
        name: names.config(),
        default_mode: Some(ALL_MAY_READ),
        ..ConfigMapVolumeSource::default()
    };
    let mut volumes = vec![
        Volume { name: "settings".to_owned(), config_map: Some(settings), ..Volume::default() },
        secret("keys", names.keys(), None),
    ];
    match &cluster.redis {
        Redis::Managed { .. } => {
            volumes.push(secret("redis", names.redis(), Some((redis::PASSWORD, redis::PASSWORD))));
        }
        Redis::External { url } => volumes.push(secret("redis", url.name.clone(), Some((&url.key, URL)))),
        Redis::Memory => {}
    }
    volumes
}

/// Where a relay has its volumes. None is mounted by `subPath`: such a file never changes again.
pub(super) fn relay_mounts(cluster: &Validated) -> Vec<VolumeMount> {
    let mut mounts = vec![mount("settings", SETTINGS, true), mount("keys", KEYS, true)];
    if cluster.redis != Redis::Memory {
        mounts.push(mount("redis", REDIS, true));
    }
    mounts
}

/// A Secret as files: one key under one name, or all of them.
pub(super) fn secret(volume: &str, secret: String, item: Option<(&str, &str)>) -> Volume {
    let items =
        item.map(|(key, path)| vec![KeyToPath { key: key.to_owned(), path: path.to_owned(), mode: None }]);
    let source = SecretVolumeSource {
        secret_name: Some(secret),
        default_mode: Some(GROUP_MAY_READ),
        items,
        ..SecretVolumeSource::default()
    };
    Volume { name: volume.to_owned(), secret: Some(source), ..Volume::default() }
}

/// A directory that lives as long as its pod.
pub(super) fn scratch(volume: &str) -> Volume {
    Volume { name: volume.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
}
