//! Settings of the stream profile.

use std::time::Duration;

use super::names;
use super::reader::Reader;
use crate::hub::Overflow;
use crate::profiles::stream::{Options, Workers};

/// What changes while the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Whether `/ws` without a user is a socket of its own (conflict X-02).
    pub anonymous: bool,
    /// Events that one socket may send per second; 0 is no limit (requirement 001-21).
    pub rate_limit: u32,
}

pub(super) fn limits(r: &mut Reader<'_>) -> StreamLimits {
    let anonymous = match r.text(names::WS_ANONYMOUS) {
        None | Some("allow") => true,
        Some("deny") => false,
        Some(other) => {
            r.problem(names::WS_ANONYMOUS, format!("{other:?} is neither allow nor deny"));
            true
        }
    };
    StreamLimits { anonymous, rate_limit: r.small(names::STREAM_RATE_LIMIT, 0, 0..=10_000_000) }
}

pub(super) fn options(r: &mut Reader<'_>) -> Options {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let min = r.small(names::STREAM_MIN_WORKERS, 2, 1..=256);
    let max = r.small(names::STREAM_MAX_WORKERS, 16, 1..=256);
    if min > max {
        r.problem(
            names::STREAM_MIN_WORKERS,
            format!("{min} is more than STREAM_MAX_WORKERS, which is {max}"),
        );
    }
    let overflow = r.value(names::STREAM_OVERFLOW, Overflow::DropOldest);
    if overflow == Overflow::Disconnect {
        r.problem(
            names::STREAM_OVERFLOW,
            "the buffer belongs to all clients: nobody can be disconnected for it",
        );
    }
    Options {
        capacity: count(r.small(names::STREAM_BUFFER_SIZE, 10_000, 1..=1_000_000)),
        overflow,
        workers: Workers { min: count(min), max: count(max) },
        batch_size: count(r.small(names::STREAM_BATCH_SIZE, 100, 1..=10_000)),
        batch_timeout: Duration::from_millis(r.number(names::STREAM_BATCH_TIMEOUT_MS, 100, 0..=60_000)),
    }
}
