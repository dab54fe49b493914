//! Histories that connections of this node follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::bus::{Bus, Channel, Log};
use crate::sync::lock;

/// How many channels of each history have connections here: rooms of a namespace share one.
#[derive(Debug, Default)]
pub(super) struct Follows(Mutex<HashMap<Arc<Log>, u64>>);

impl Follows {
    /// A channel has its first connection. Answers the history that it belongs to, if `bus` keeps it.
    pub(super) fn begin(&self, channel: &Channel, bus: &dyn Bus) -> Option<Arc<Log>> {
        let log = Log::of(channel).filter(|_| bus.keeps(channel)).map(Arc::new)?;
        // The bus is told under the lock, so that comings and goings keep their order.
        let mut follows = lock(&self.0);
        if let Some((known, count)) =
            follows.get_key_value(&log).map(|(known, count)| (known.clone(), *count))
        {
            follows.insert(known.clone(), count + 1);
            return Some(known);
        }
        follows.insert(log.clone(), 1);
        bus.follow(&log, true);
        Some(log)
    }

    /// A channel of `log` has no connections any more.
    pub(super) fn end(&self, log: &Arc<Log>, bus: Option<&dyn Bus>) {
        let mut follows = lock(&self.0);
        match follows.get_mut(log) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                follows.remove(log);
                if let Some(bus) = bus {
                    bus.follow(log, false);
                }
            }
        }
    }
}
