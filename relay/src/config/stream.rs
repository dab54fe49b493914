//! Settings of the stream profile.

use super::known::stream as known;
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
    let anonymous = match r.text(known::WS_ANONYMOUS) {
        None | Some("allow") => true,
        Some("deny") => false,
        Some(other) => {
            r.problem(known::WS_ANONYMOUS, format!("{other:?} is neither allow nor deny"));
            true
        }
    };
    StreamLimits { anonymous, rate_limit: r.small(known::STREAM_RATE_LIMIT) }
}

pub(super) fn options(r: &mut Reader<'_>) -> Options {
    let min = r.size(known::STREAM_MIN_WORKERS);
    let max = r.size(known::STREAM_MAX_WORKERS);
    if min > max {
        r.problem(
            known::STREAM_MIN_WORKERS,
            format!("{min} is more than STREAM_MAX_WORKERS, which is {max}"),
        );
    }
    let overflow = r.value(known::STREAM_OVERFLOW, Overflow::DropOldest);
    if overflow == Overflow::Disconnect {
        r.problem(
            known::STREAM_OVERFLOW,
            "the buffer belongs to all clients: nobody can be disconnected for it",
        );
    }
    Options {
        capacity: r.size(known::STREAM_BUFFER_SIZE),
        overflow,
        workers: Workers { min, max },
        batch_size: r.size(known::STREAM_BATCH_SIZE),
        batch_timeout: r.milliseconds(known::STREAM_BATCH_TIMEOUT_MS),
    }
}
