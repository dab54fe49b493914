//! How much clients and publishers may do; 0 is no limit.

use super::known::{limits, tokens};
use super::reader::Reader;
use crate::rate::{Quotas, Scope};

pub(super) fn quotas(r: &mut Reader<'_>) -> Quotas {
    Quotas {
        connections: r.small(limits::CONNECTION_RATE_LIMIT),
        requests: r.small(limits::RATE_LIMIT_REQUESTS),
        window: r.seconds(limits::RATE_LIMIT_WINDOW),
        tokens: r.small(tokens::TOKEN_RATE_LIMIT),
        user_messages: r.small(limits::USER_MESSAGE_RATE_LIMIT),
        messages: r.small(limits::MESSAGE_RATE_LIMIT),
        publishes: r.small(limits::PUBLISH_RATE_LIMIT),
        channel: r.small(limits::CHANNEL_RATE_LIMIT),
        channels: r.small(limits::MAX_CHANNELS_PER_CONNECTION),
        scope: r.value(limits::RATE_LIMIT_SCOPE, Scope::Cluster),
    }
}
