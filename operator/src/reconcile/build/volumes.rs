//! Volumes of the pods. Secrets are files that only the pod's group may read.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, KeyToPath, ProjectedVolumeSource, SecretProjection,
    SecretVolumeSource, Volume, VolumeMount, VolumeProjection,
};

use super::super::names::Names;
use super::super::validate::{Redis, SecretFile, Validated};
use super::pod::mount;
use super::redis;

/// Directory of the settings file.
pub(super) const SETTINGS: &str = "/etc/relay/settings";
/// Directory of the admin token and the publish key.
pub(super) const KEYS: &str = "/etc/relay/keys";
/// Directory of what a relay needs to reach Redis.
pub(super) const REDIS: &str = "/etc/relay/redis";
/// Directory of the keys that tell who clients are.
pub(super) const AUTH: &str = "/etc/relay/auth";

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
        Redis::Managed(_) => {
            volumes.push(secret("redis", names.redis(), Some((redis::PASSWORD, redis::PASSWORD))));
        }
        Redis::External(external) => {
            let url = [&external.url].into_iter();
            volumes.push(files("redis", url.chain(&external.files)));
        }
        Redis::Memory => {}
    }
    if !cluster.auth.files.is_empty() {
        volumes.push(files("auth", cluster.auth.files.iter()));
    }
    volumes
}

/// Where a relay has its volumes. None is mounted by `subPath`: such a file never changes again.
pub(super) fn relay_mounts(cluster: &Validated) -> Vec<VolumeMount> {
    let mut mounts = vec![mount("settings", SETTINGS, true), mount("keys", KEYS, true)];
    if cluster.redis != Redis::Memory {
        mounts.push(mount("redis", REDIS, true));
    }
    if !cluster.auth.files.is_empty() {
        mounts.push(mount("auth", AUTH, true));
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

/// Keys of several Secrets as files of one directory. One of them alone is a volume of its Secret.
fn files<'a>(volume: &str, files: impl Iterator<Item = &'a SecretFile>) -> Volume {
    let files: Vec<_> = files.collect();
    if let [SecretFile { file, reference, .. }] = files.as_slice() {
        return secret(volume, reference.name.clone(), Some((&reference.key, file)));
    }
    let sources = files.into_iter().map(|SecretFile { file, reference, .. }| VolumeProjection {
        secret: Some(SecretProjection {
            name: reference.name.clone(),
            items: Some(vec![KeyToPath { key: reference.key.clone(), path: (*file).to_owned(), mode: None }]),
            optional: None,
        }),
        ..VolumeProjection::default()
    });
    let projected =
        ProjectedVolumeSource { default_mode: Some(GROUP_MAY_READ), sources: Some(sources.collect()) };
    Volume { name: volume.to_owned(), projected: Some(projected), ..Volume::default() }
}

/// A directory that lives as long as its pod.
pub(super) fn scratch(volume: &str) -> Volume {
    Volume { name: volume.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
}
