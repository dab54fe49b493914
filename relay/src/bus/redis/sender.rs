//! Sends what is in the outbox, batch by batch: the next once Redis has confirmed the one before.

use std::time::Duration;

use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use tokio::time::timeout;

use super::audience;
use super::fault::Fault;
use super::link::Link;
use super::outbox::Outgoing;

/// Longest that the outbox is sent after the shutdown was asked for.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

impl Link {
    /// Sends what is in the outbox, and what comes into it, to at least `audience` relays.
    pub(super) async fn send(&self, mut commands: MultiplexedConnection, audience: u64) -> Fault {
        if let Err(fault) = audience::gather(self.layout.sample(), audience, &mut commands).await {
            return fault;
        }
        loop {
            let batch = self.outbox.peek(self.shard.owned());
            if batch.is_empty() {
                self.shard.filled.notified().await;
            } else if let Err(fault) = self.send_batch(&batch, &mut commands).await {
                return fault;
            }
        }
    }

    async fn send_batch(
        &self,
        batch: &[Outgoing],
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for item in batch {
            let channel = self.layout.live(item.partition);
            pipeline.cmd("PUBLISH").arg(channel).arg(item.frame.as_ref()).ignore();
        }
        pipeline.exec_async(commands).await.map_err(Fault::call("publish"))?;
        self.outbox.confirm(batch);
        self.tally.published.add(batch.len() as u64);
        Ok(())
    }

    /// Sends what is left, if it can within [`FLUSH_DEADLINE`].
    pub(super) async fn flush(&self, mut commands: MultiplexedConnection) {
        let all = async {
            loop {
                let batch = self.outbox.peek(self.shard.owned());
                if batch.is_empty() || self.send_batch(&batch, &mut commands).await.is_err() {
                    return;
                }
            }
        };
        // Out of time is the same as a Redis that is away: what waits is lost with the process.
        let _ = timeout(FLUSH_DEADLINE, all).await;
        let (left, _) = self.outbox.fill();
        if left > 0 {
            tracing::warn!(left, "messages to other nodes could not be sent before the end");
        }
    }
}
