//! Waits for the other relays, so that what waited through an outage is not sent to nobody.
//!
//! When Redis comes back its relays do, too, but each in its own time, and what is published
//! before one has subscribed is lost to it. So the first to be back holds its outbox until as many
//! have answered its [knock](super::knock) as are [expected](super::audience), or until all that can
//! have had the time to come back. The same goes for partitions that have moved to another node of a
//! Cluster.
//!
//! They are not only counted: a Redis that was cut off still has the subscriptions of before, which
//! nobody hears any more.

use std::collections::HashSet;
use std::time::Duration;

use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::audience::Sample;
use super::fault::{Fault, breaks_link};
use super::knock::Introduction;
use super::link::Link;
use super::subscriber::Subscriber;

/// Longest that the outbox is held: the longest wait between two dials, a dial, and the try of the
/// former subscriptions.
pub(super) const GATHER_DEADLINE: Duration = Duration::from_secs(6);
/// Time between two knocks: who was not there for the first hears the second. Who comes knocks, too,
/// and need not wait for it.
const KNOCK_INTERVAL: Duration = Duration::from_millis(250);
/// Knocks that wait for an answer; of more, the knock that comes after it is answered.
const MAX_CALLERS: usize = 1024;

/// Who knocked at a subscription, or answered.
#[derive(Clone, Default)]
pub(super) struct Callers {
    /// Incarnation and number of probe channels on which an answer is due.
    due: watch::Sender<HashSet<(u64, u64)>>,
    /// Incarnations that were heard of since the last gathering began.
    there: watch::Sender<HashSet<u64>>,
}

impl Callers {
    /// Notes who is there.
    pub(super) fn hear(&self, incarnation: u64) {
        self.there.send_if_modified(|there| there.len() < MAX_CALLERS && there.insert(incarnation));
    }

    /// Notes who waits for an answer, on which of its probe channels.
    pub(super) fn owe(&self, incarnation: u64, number: u64) {
        self.due.send_if_modified(|due| due.len() < MAX_CALLERS && due.insert((incarnation, number)));
    }
}

impl Link {
    /// Knocks, and waits until as many are there as are expected, of which this relay is one, but not
    /// for long.
    pub(super) async fn gather(
        &self,
        sample: Sample<'_>,
        subscriber: &Subscriber,
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        let expected = usize::try_from(self.audience.expected()).unwrap_or(usize::MAX);
        let callers = &subscriber.heard.callers;
        callers.there.send_replace(HashSet::from([self.inlet.incarnation()]));
        let mut there = callers.there.subscribe();
        let start = Instant::now();
        loop {
            self.knock(sample, subscriber, commands).await?;
            let all = there.wait_for(|there| there.len() >= expected);
            if timeout(KNOCK_INTERVAL, all).await.is_ok() || start.elapsed() >= GATHER_DEADLINE {
                return Ok(());
            }
        }
    }

    async fn knock(
        &self,
        sample: Sample<'_>,
        subscriber: &Subscriber,
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        let mut publish = redis::cmd(if sample.sharded { "SPUBLISH" } else { "PUBLISH" });
        let knock = self.introduction().encode_knock(subscriber.number);
        match publish.arg(sample.channel).arg(knock.as_ref()).exec_async(commands).await {
            Err(source) if breaks_link(&source) => Err(Fault::Call { doing: "knock", source }),
            // Where it is refused nobody answers.
            _ => Ok(()),
        }
    }

    /// Answers those who knock, until that fails.
    pub(super) async fn answer(&self, subscriber: &Subscriber, mut commands: MultiplexedConnection) -> Fault {
        let due = &subscriber.heard.callers.due;
        let mut knocks = due.subscribe();
        loop {
            if knocks.wait_for(|due| !due.is_empty()).await.is_err() {
                return Fault::Closed;
            }
            let answer = self.introduction().encode();
            let mut pipeline = Pipeline::new();
            for (incarnation, number) in due.send_replace(HashSet::new()) {
                let channel = self.layout.probe(incarnation, number);
                pipeline.cmd("PUBLISH").arg(channel).arg(answer.as_ref());
            }
            match pipeline.exec_async(&mut commands).await {
                Err(source) if breaks_link(&source) => return Fault::Call { doing: "answer", source },
                _ => {}
            }
        }
    }

    /// What this relay says of itself: how far it is in the partitions whose messages go through this
    /// connection, so that what is said overtakes none of them.
    fn introduction(&self) -> Introduction {
        let confirmed = self.outbox.confirmed_orders();
        let orders = self.shard.owned().iter().map(|partition| (partition, *confirmed.get(partition)));
        Introduction { incarnation: self.inlet.incarnation(), orders: orders.collect() }
    }
}
