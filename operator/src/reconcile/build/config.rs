//! The ConfigMap with the settings that relays re-read while they run.
//!
//! It is no part of the revision: a change of it disconnects nobody. Its last line, the generation,
//! depends on what is stored and comes later ([`configuration`](super::super::configuration)).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use relay_contract::settings;

use super::super::names::{Names, RELAY};
use super::super::validate::Validated;
use super::metadata;
use crate::api::{HistorySpec, LimitsSpec, Profile, ProfilesSpec, RateLimitsSpec, RelayClusterSpec};

/// Key of the settings file in the ConfigMap.
pub const FILE: &str = "relay.env";

pub(super) fn build(cluster: &Validated) -> ConfigMap {
    let data = BTreeMap::from([(FILE.to_owned(), file(cluster))]);
    ConfigMap {
        metadata: metadata(cluster, Names(&cluster.root.name).config(), RELAY),
        data: Some(data),
        ..ConfigMap::default()
    }
}

/// A setting of the file.
type Line = (&'static str, String);

/// `NAME=value` lines. `validate` has made sure that no value can end its line.
fn file(cluster: &Validated) -> String {
    let spec = &cluster.spec;
    let lines = [general(spec), limits(&spec.limits), rates(&spec.rate_limits), profiles(spec)];
    lines.into_iter().flatten().map(|(name, value)| format!("{name}={value}\n")).collect()
}

fn general(spec: &RelayClusterSpec) -> Vec<Line> {
    vec![
        (settings::CORS_ORIGINS, spec.cors.origins.join(",")),
        (settings::LOG_LEVEL, spec.log.level.as_str().to_owned()),
        (settings::WS_PING_INTERVAL, spec.heartbeat.interval_seconds.to_string()),
        (settings::WS_PING_TIMEOUT, spec.heartbeat.timeout_seconds.to_string()),
        (settings::PUBLIC_ACCOUNTS, spec.public_accounts.join(",")),
        (settings::TRUSTED_PROXIES, spec.trusted_proxies.join(",")),
        (settings::HISTORY, history(&spec.history)),
    ]
}

/// How much is kept of each kind; which kinds are kept at all is settled at the [start](super::boot).
fn history(history: &HistorySpec) -> String {
    let kinds = history.kinds().map(|(kind, kept)| format!("{kind}={}/{}", kept.size, kept.seconds));
    kinds.collect::<Vec<_>>().join(",")
}

fn limits(limits: &LimitsSpec) -> Vec<Line> {
    vec![
        (settings::MAX_MESSAGE_SIZE, limits.max_message_bytes.to_string()),
        (settings::MAX_TOTAL_CONNECTIONS, limits.max_connections.to_string()),
        (settings::MAX_CONNECTIONS_PER_PLAYER, limits.max_connections_per_user.to_string()),
        (settings::MAX_CHANNELS_PER_CONNECTION, limits.max_channels_per_connection.to_string()),
        (settings::MAX_QUEUE_BYTES, limits.max_queue_bytes.to_string()),
        (settings::MAX_QUEUE_ITEMS, limits.max_queue_messages.to_string()),
        (settings::CONNECTION_TIMEOUT, limits.idle_timeout_seconds.to_string()),
    ]
}

fn rates(rates: &RateLimitsSpec) -> Vec<Line> {
    vec![
        (settings::RATE_LIMIT_SCOPE, rates.scope.as_str().to_owned()),
        (settings::CONNECTION_RATE_LIMIT, rates.connections_per_minute.to_string()),
        (settings::MESSAGE_RATE_LIMIT, rates.messages_per_second.to_string()),
        (settings::USER_MESSAGE_RATE_LIMIT, rates.user_messages_per_minute.to_string()),
        (settings::TOKEN_RATE_LIMIT, rates.tokens_per_minute.to_string()),
        (settings::STREAM_RATE_LIMIT, rates.events_per_second.to_string()),
        (settings::PUBLISH_RATE_LIMIT, rates.publishes_per_second.to_string()),
        (settings::CHANNEL_RATE_LIMIT, rates.channel_messages_per_second.to_string()),
        (settings::RATE_LIMIT_REQUESTS, rates.requests.to_string()),
        (settings::RATE_LIMIT_WINDOW, rates.requests_window_seconds.to_string()),
    ]
}

fn profiles(spec: &RelayClusterSpec) -> Vec<Line> {
    let ProfilesSpec { push, stream, socketio, .. } = &spec.profiles;
    let transports: Vec<_> = socketio.transports.iter().map(|transport| transport.as_str()).collect();
    let anonymous = if stream.anonymous { "allow" } else { "deny" };
    vec![
        (settings::OVERFLOW, overflow(spec)),
        (settings::DUPLICATE_POLICY, push.duplicates.as_str().to_owned()),
        (settings::WS_ANONYMOUS, anonymous.to_owned()),
        (settings::SOCKETIO_TRANSPORTS, transports.join(",")),
        (settings::SOCKETIO_MAX_HTTP_BUFFER_SIZE, socketio.max_message_bytes.to_string()),
        (settings::SOCKETIO_ALLOW_EIO3, socketio.allow_version2.to_string()),
        (settings::SOCKETIO_CHAT_WORKER, socketio.chat_worker.clone()),
    ]
}

/// `disconnect,stream=latest_only`: the policy of all, and those that differ.
fn overflow(spec: &RelayClusterSpec) -> String {
    let mut words = vec![spec.limits.overflow.as_str().to_owned()];
    for profile in Profile::ALL {
        let own = spec.profiles.of(profile).1;
        words.extend(own.map(|policy| format!("{}={}", profile.as_str(), policy.as_str())));
    }
    words.join(",")
}
