//! Partitions whose messages do not go on although there is a connection, such as those of a slot that
//! was left between two nodes of a Cluster: each call is answered, and nothing crosses.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relay_contract::admin::BusState;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::link::Shared;
use super::partition::{Partition, PerPartition};
use crate::sync::lock;

/// How long a message may be the next one, or a partition be without subscribers, before that is told.
const PATIENCE: Duration = Duration::from_secs(3);
/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is known of them, for people.
#[derive(Default)]
pub(super) struct Stalls(Mutex<Option<Stalled>>);

/// Messages that wait for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stalled {
    /// Of how many partitions.
    pub(super) partitions: u64,
    /// Why, one line without secrets.
    pub(super) reason: String,
}

impl Stalls {
    /// What waits; nothing, if nothing does for long or something else is wrong.
    pub(super) fn told(&self) -> Option<Stalled> {
        lock(&self.0).clone()
    }

    /// Logs what is news, once.
    fn tell(&self, stalled: Option<Stalled>) {
        let mut told = lock(&self.0);
        if *told == stalled {
            return;
        }
        match &stalled {
            Some(Stalled { reason, .. }) => tracing::warn!(reason, "Messages to other nodes wait"),
            None => tracing::info!("Messages to other nodes cross again"),
        }
        *told = stalled;
    }
}

/// How long one thing has been the same.
#[derive(Default)]
struct Same(Option<(u64, Instant)>);

impl Same {
    /// Notes what is there now. Answers how long it is, if anything is.
    fn note(&mut self, now: Option<u64>, at: Instant) -> Duration {
        self.0 = match (self.0, now) {
            (Some((before, since)), Some(now)) if before == now => Some((now, since)),
            (_, now) => now.map(|now| (now, at)),
        };
        self.0.map_or(Duration::ZERO, |(_, since)| at.saturating_duration_since(since))
    }
}

/// What of one partition should not stay as it is.
#[derive(Default)]
struct Lane {
    /// Order of the next message of those without a history, and of those with one.
    next: [Same; 2],
    /// It is not open.
    closed: Same,
}

/// Looks once a second, for ever.
pub(super) async fn watch(shared: Arc<Shared>) {
    let mut lanes = PerPartition::new(|_| Lane::default());
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = ticks.tick().await;
        let stalled = look(&shared, &mut lanes, now);
        let partitions = stalled.len() as u64;
        shared.tally.stalled(partitions);
        // Whatever else is wrong is the reason then.
        let is_well = shared.state.current().state == BusState::Ok;
        shared.stalls.tell(stalled.first().filter(|_| is_well).map(|first| {
            let mut reason = format!("messages of {partitions} of 128 partitions do not cross");
            // A string takes all.
            let _ = write!(reason, "; {}", shared.routes.why_stalled(*first));
            Stalled { partitions, reason }
        }));
    }
}

fn look(shared: &Shared, lanes: &mut PerPartition<Lane>, now: Instant) -> Vec<Partition> {
    let (outbox, journal) = (shared.outbox.next_orders(), shared.histories.next_orders());
    let mut stalls = |partition: &Partition| {
        let Lane { next: [plain, kept], closed } = lanes.get_mut(*partition);
        let is_closed = !shared.routes.is_open(*partition);
        let times = [
            plain.note(*outbox.get(*partition), now),
            kept.note(*journal.get(*partition), now),
            closed.note(is_closed.then_some(0), now),
        ];
        times.into_iter().any(|time| time > PATIENCE)
    };
    Partition::all().filter(|partition| stalls(partition)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_or_goes_is_not_the_same_any_more() {
        let (mut same, start) = (Same::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let seen = [(Some(1), 0), (Some(1), 5), (Some(2), 6), (None, 7), (Some(2), 8), (Some(2), 9)];
        let times = seen.map(|(now, seconds)| same.note(now, at(seconds)).as_secs());
        assert_eq!(times, [0, 5, 0, 0, 0, 1]);
    }
}
