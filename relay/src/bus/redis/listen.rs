//! Keeps a link subscribed to the partitions that its primary owns, and opens them for what waits.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::time::{MissedTickBehavior, interval};

use super::audience::Sample;
use super::fault::Fault;
use super::link::Link;
use super::partition::{Partition, Partitions};
use super::subscriber::Subscriber;

/// Time between two looks at whether all is subscribed, if nothing happens.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

impl Link {
    /// Subscribes to what comes to this primary, and lets go of what leaves it, until that fails.
    pub(super) async fn listen(&self, subscriber: &Subscriber, mut commands: MultiplexedConnection) -> Fault {
        let mut looked = self.shard.looked();
        let mut heard = subscriber.heard.partitions.subscribe();
        let mut ticks = interval(LOOK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looked.mark_unchanged();
            heard.mark_unchanged();
            if let Err(fault) = self.align(subscriber, &mut commands).await {
                return fault;
            }
            tokio::select! {
                _ = ticks.tick() => {}
                _ = looked.changed() => {}
                _ = heard.changed() => {}
            }
        }
    }

    async fn align(
        &self,
        subscriber: &Subscriber,
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        subscriber.hear_events(|| self.events.take()).await?;
        let owned = self.shard.owned();
        let foreign = subscriber.partitions().without(owned);
        if !foreign.is_empty() {
            subscriber.unsubscribe(foreign).await?;
        }
        let missing = owned.without(subscriber.partitions());
        if !missing.is_empty() {
            // Opened again after a knock, which tells what was not heard meanwhile.
            self.shard.close(missing);
            subscriber.subscribe(missing).await?;
        }
        let hears = subscriber.partitions();
        let refused = owned.without(hears);
        if !refused.is_empty() {
            // They have another owner, which whoever looks will tell.
            self.routes.look();
        }
        self.shard.close(self.shard.sendable().without(hears));
        self.open(owned.and(hears).without(self.shard.sendable()), subscriber, commands).await
    }

    /// Opens partitions once others hear them, too.
    async fn open(
        &self,
        fresh: Partitions,
        subscriber: &Subscriber,
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        // They are subscribed in order: who hears the last one hears all.
        let Some(last) = fresh.iter().last() else { return Ok(()) };
        self.gather(self.sample(last), subscriber, commands).await?;
        self.shard.open(fresh);
        Ok(())
    }

    /// What to count the subscribers of `partition` by.
    pub(super) fn sample(&self, partition: Partition) -> Sample<'_> {
        Sample { channel: self.layout.live(partition), sharded: self.endpoint.sharded() }
    }
}
