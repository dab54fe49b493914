//! What the hub counts, for whoever shows it: cheap to add to, read as totals since the start.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use relay_contract::admin;

use super::{CloseCode, DropReason, Transport};
use crate::sync::lock;

/// All counts of a hub. Each is independent: no order between them is promised.
#[derive(Debug, Default)]
pub struct Counts {
    published: AtomicU64,
    delivered: AtomicU64,
    drops: Drops,
    live: AtomicU64,
    recovered: AtomicU64,
    not_recovered: AtomicU64,
    comings: Mutex<Comings>,
}

/// Messages that a connection did not get, by reason.
#[derive(Debug, Default)]
struct Drops {
    queue_full: AtomicU64,
    node_budget: AtomicU64,
    closing: AtomicU64,
    disconnected: AtomicU64,
}

/// Who came and went. Touched once by a connection at each end of its life.
#[derive(Debug, Default)]
struct Comings {
    kinds: BTreeMap<(Transport, &'static str), Kind>,
    ends: BTreeMap<(Transport, CloseCode), u64>,
}

/// Connections of one transport and profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// Those that live.
    pub live: u64,
    /// Those that began.
    pub opened: u64,
}

impl Counts {
    pub(super) fn published(&self) {
        self.published.fetch_add(1, Relaxed);
    }

    pub(super) fn delivered(&self, connections: u64) {
        self.delivered.fetch_add(connections, Relaxed);
    }

    pub(super) fn dropped(&self, reason: DropReason, count: u64) {
        if count > 0 {
            self.drops.of(reason).fetch_add(count, Relaxed);
        }
    }

    pub(super) fn resumed(&self, recovered: bool) {
        let count = if recovered { &self.recovered } else { &self.not_recovered };
        count.fetch_add(1, Relaxed);
    }

    pub(super) fn opened(&self, transport: Transport, profile: &'static str) {
        self.live.fetch_add(1, Relaxed);
        let mut comings = lock(&self.comings);
        let kind = comings.kinds.entry((transport, profile)).or_default();
        kind.live += 1;
        kind.opened += 1;
    }

    pub(super) fn closed(&self, transport: Transport, profile: &'static str, code: CloseCode) {
        self.live.fetch_sub(1, Relaxed);
        let mut comings = lock(&self.comings);
        comings.kinds.entry((transport, profile)).or_default().live -= 1;
        *comings.ends.entry((transport, code.counted())).or_default() += 1;
    }

    /// Messages that a client of this node published.
    pub fn total_published(&self) -> u64 {
        self.published.load(Relaxed)
    }

    /// Messages given to connections; one message to two connections counts twice.
    pub fn total_delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// Messages dropped for `reason`.
    pub fn total_dropped(&self, reason: DropReason) -> u64 {
        self.drops.of(reason).load(Relaxed)
    }

    /// Connections that came back with a position, by whether they missed nothing.
    pub fn total_resumed(&self) -> [(bool, u64); 2] {
        [(true, self.recovered.load(Relaxed)), (false, self.not_recovered.load(Relaxed))]
    }

    /// Number of live connections.
    pub fn live(&self) -> u64 {
        self.live.load(Relaxed)
    }

    /// Connections by transport and profile, as far as there were any.
    pub fn kinds(&self) -> BTreeMap<(Transport, &'static str), Kind> {
        lock(&self.comings).kinds.clone()
    }

    /// Ended connections by transport and close code.
    pub fn ends(&self) -> BTreeMap<(Transport, CloseCode), u64> {
        lock(&self.comings).ends.clone()
    }

    /// Live connections by transport and by profile.
    pub fn connections(&self) -> admin::Connections {
        let mut counts = admin::Connections::default();
        for ((transport, profile), kind) in &lock(&self.comings).kinds {
            counts.total += kind.live;
            *counts.by_profile.entry((*profile).to_owned()).or_default() += kind.live;
            match transport {
                Transport::WebSocket => counts.websocket += kind.live,
                Transport::SocketIo => counts.socketio += kind.live,
                Transport::Sse => counts.sse += kind.live,
            }
        }
        counts
    }
}

impl Drops {
    fn of(&self, reason: DropReason) -> &AtomicU64 {
        match reason {
            DropReason::QueueFull => &self.queue_full,
            DropReason::NodeBudget => &self.node_budget,
            DropReason::Closing => &self.closing,
            DropReason::Disconnected => &self.disconnected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_connection_counts_as_opened_and_no_more_as_live() {
        let counts = Counts::default();
        counts.opened(Transport::Sse, "push");
        counts.closed(Transport::Sse, "push", CloseCode::Normal);
        let kind = counts.kinds()[&(Transport::Sse, "push")];
        assert_eq!((kind, counts.live()), (Kind { live: 0, opened: 1 }, 0));
    }
}
