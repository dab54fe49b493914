//! The names of one history in Redis.

use crate::bus::redis::layout::Layout;
use crate::bus::redis::partition::Partition;
use crate::bus::{Kept, Log};

/// Where one history is, and how much of it is kept.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// The partition, whose slot all of it is in.
    pub(super) partition: Partition,
    /// Hash of what is known beside the messages.
    pub(super) meta: String,
    /// The messages.
    pub(super) stream: String,
    /// How much is kept.
    pub(super) kept: Kept,
}

impl Keys {
    /// Those of `log`.
    pub(super) fn of(log: &Log, kept: Kept, layout: &Layout) -> Self {
        let partition = Partition::of(log.as_str());
        let (meta, stream) = (layout.meta(partition, log.as_str()), layout.log(partition, log.as_str()));
        Self { partition, meta, stream, kept }
    }
}
