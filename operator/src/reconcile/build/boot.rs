//! Settings that a relay starts with and keeps: a change of one makes a revision.
//!
//! One that is what relays do by themselves is not set: an operator that learns a new setting makes
//! no revision of clusters that do not use it (F13).

use k8s_openapi::api::core::v1::EnvVar;
use relay_contract::settings;

use super::super::validate::{SecretFile, Validated};
use super::pod::env;
use super::volumes;
use crate::api::{DualSpec, LimitsSpec, Profile, SocketIoSpec, StreamSpec};

pub(super) fn settings(cluster: &Validated) -> Vec<EnvVar> {
    let spec = &cluster.spec;
    let (socketio, usual) = (&spec.profiles.socketio, SocketIoSpec::default());
    let mut all = Vec::new();
    all.extend(history(cluster));
    all.extend(profiles(cluster));
    let node_queue = spec.limits.max_node_queue_mebibytes;
    let figures = [
        (settings::MAX_NODE_QUEUE_BYTES, node_queue, LimitsSpec::NODE_QUEUE_MEBIBYTES, 1 << 20),
        (settings::STREAM_BUFFER_SIZE, spec.profiles.stream.buffer_size, StreamSpec::BUFFER_SIZE, 1),
        (
            settings::SOCKETIO_PING_INTERVAL,
            socketio.ping_interval_seconds,
            usual.ping_interval_seconds,
            1_000,
        ),
        (settings::SOCKETIO_PING_TIMEOUT, socketio.ping_timeout_seconds, usual.ping_timeout_seconds, 1_000),
        (
            settings::SOCKETIO_MAX_DISCONNECTION_DURATION,
            socketio.recovery_seconds,
            usual.recovery_seconds,
            1_000,
        ),
        (settings::SESSION_TTL, spec.profiles.dual.session_seconds, DualSpec::SESSION_SECONDS, 1),
    ];
    all.extend(figures.into_iter().filter_map(figure));
    if spec.profiles.tokens.chunk_field {
        all.push(env(settings::TOKENS_COMPAT, "true"));
    }
    all.extend(cluster.auth.settings.iter().map(|(name, value)| env(name, value)));
    all.extend(cluster.auth.files.iter().map(|file| path(volumes::AUTH, file)));
    all
}

/// A figure in the relay's unit, unless it is the usual one.
fn figure((name, value, usual, unit): (&str, i32, i32, i64)) -> Option<EnvVar> {
    (value != usual).then(|| env(name, (i64::from(value) * unit).to_string()))
}

/// What is kept at all; how much is [live](super::config).
fn history(cluster: &Validated) -> Option<EnvVar> {
    let kinds = cluster.spec.history.kinds();
    let words: Vec<_> = kinds.map(|(kind, _)| kind).collect();
    (!words.is_empty()).then(|| env(settings::HISTORY_CLASSES, words.join(",")))
}

fn profiles(cluster: &Validated) -> Option<EnvVar> {
    let on: Vec<_> = cluster.spec.profiles.enabled().map(Profile::as_str).collect();
    (on.len() < Profile::ALL.len()).then(|| env(settings::PROFILES, on.join(",")))
}

/// The setting with the path of a file in this directory.
pub(super) fn path(directory: &str, file: &SecretFile) -> EnvVar {
    env(file.setting, format!("{directory}/{}", file.file))
}
