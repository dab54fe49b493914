//! How much relays take, how often, and what they keep.

use super::broken::Broken;
use crate::api::{HistorySpec, LimitsSpec, RateLimitsSpec};

pub(super) fn check(limits: &LimitsSpec, broken: &mut Broken) {
    let table = [
        ("spec.limits.maxMessageBytes", limits.max_message_bytes, 256, 16_777_216),
        ("spec.limits.maxConnections", limits.max_connections, 0, 1_000_000),
        ("spec.limits.maxConnectionsPerUser", limits.max_connections_per_user, 1, 10_000),
        ("spec.limits.maxChannelsPerConnection", limits.max_channels_per_connection, 4, 100_000),
        ("spec.limits.maxQueueBytes", limits.max_queue_bytes, 1_024, 268_435_456),
        ("spec.limits.maxQueueMessages", limits.max_queue_messages, 1, 1_000_000),
        ("spec.limits.maxNodeQueueMebibytes", limits.max_node_queue_mebibytes, 1, 1_048_576),
        ("spec.limits.idleTimeoutSeconds", limits.idle_timeout_seconds, 1, 86_400),
    ];
    broken.ranges(table);
}

pub(super) fn check_rates(rates: &RateLimitsSpec, broken: &mut Broken) {
    let most = 10_000_000;
    let table = [
        ("spec.rateLimits.connectionsPerMinute", rates.connections_per_minute, 0, most),
        ("spec.rateLimits.messagesPerSecond", rates.messages_per_second, 0, most),
        ("spec.rateLimits.userMessagesPerMinute", rates.user_messages_per_minute, 0, most),
        ("spec.rateLimits.tokensPerMinute", rates.tokens_per_minute, 0, most),
        ("spec.rateLimits.eventsPerSecond", rates.events_per_second, 0, most),
        ("spec.rateLimits.publishesPerSecond", rates.publishes_per_second, 0, most),
        ("spec.rateLimits.channelMessagesPerSecond", rates.channel_messages_per_second, 0, most),
        ("spec.rateLimits.requests", rates.requests, 0, most),
        ("spec.rateLimits.requestsWindowSeconds", rates.requests_window_seconds, 1, 86_400),
    ];
    broken.ranges(table);
}

pub(super) fn check_history(history: &HistorySpec, broken: &mut Broken) {
    for (kind, kept) in history.kinds() {
        broken.range(&format!("spec.history.{kind}.size"), kept.size, 1, 100_000);
        broken.range(&format!("spec.history.{kind}.seconds"), kept.seconds, 1, 604_800);
    }
}
