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

/// `NAME=value` lines. `validate` has made sure that no value can end its line.
fn file(cluster: &Validated) -> String {
    let spec = &cluster.spec;
    let lines = [
        (settings::CORS_ORIGINS, spec.cors.origins.join(",")),
        (settings::LOG_LEVEL, spec.log.level.as_str().to_owned()),
        (settings::WS_PING_INTERVAL, spec.heartbeat.interval_seconds.to_string()),
        (settings::WS_PING_TIMEOUT, spec.heartbeat.timeout_seconds.to_string()),
        (settings::MAX_MESSAGE_SIZE, spec.limits.max_message_bytes.to_string()),
        (settings::MAX_TOTAL_CONNECTIONS, spec.limits.max_connections.to_string()),
        (settings::MAX_CONNECTIONS_PER_PLAYER, spec.limits.max_connections_per_user.to_string()),
        (settings::MAX_QUEUE_BYTES, spec.limits.max_queue_bytes.to_string()),
        (settings::PUBLIC_ACCOUNTS, spec.public_accounts.join(",")),
    ];
    lines.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}
