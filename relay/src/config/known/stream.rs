//! The profile `stream`.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Profile("stream");
    /// Whether a socket on `/ws` may do without `user_id`.
    WS_ANONYMOUS: Text = text("allow", "allow, deny").live();
    /// Events that one socket may send per second; 0 is no limit.
    STREAM_RATE_LIMIT: Number = number(0, 0..=10_000_000, "events a second").live();
    /// Events that may wait to be processed.
    STREAM_BUFFER_SIZE: Number = number(10_000, 1..=1_000_000, "events");
    /// What happens to an event that finds the buffer full.
    STREAM_OVERFLOW: Text = text("drop_oldest", "drop_oldest, drop_newest, latest_only");
    /// Fewest tasks that process events.
    STREAM_MIN_WORKERS: Number = number(2, 1..=256, "tasks");
    /// Most of them.
    STREAM_MAX_WORKERS: Number = number(16, 1..=256, "tasks");
    /// Events that are published together at most.
    STREAM_BATCH_SIZE: Number = number(100, 1..=10_000, "events");
    /// Time that a batch may take to fill.
    STREAM_BATCH_TIMEOUT_MS: Number = number(100, 0..=60_000, "milliseconds");
}
