//! Sends what is in the outbox, batch by batch: the next once Redis has confirmed the one before.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult, Value};
use tokio::time::{Instant, timeout};

use super::fault::Fault;
use super::link::Link;
use super::outbox::Outgoing;
use super::partition::Partitions;

/// Longest that the outbox is sent after the shutdown was asked for.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

impl Link {
    /// Sends what is in the outbox for its partitions, and what comes into it.
    pub(super) async fn send(&self, mut commands: MultiplexedConnection) -> Fault {
        loop {
            let batch = self.outbox.peek(self.shard.sendable());
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
        let publish = if self.endpoint.sharded() { "SPUBLISH" } else { "PUBLISH" };
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for item in batch {
            let channel = self.layout.live(item.partition);
            pipeline.cmd(publish).arg(channel).arg(item.frame.as_ref());
        }
        let answers: RedisResult<Vec<RedisResult<Value>>> =
            pipeline.ignore_errors().query_async(commands).await;
        self.settle(batch, answers.map_err(Fault::call("publish"))?)
    }

    /// Confirms what was published: of each partition what came before the first refusal, for what
    /// came after it goes out again behind that.
    fn settle(&self, batch: &[Outgoing], answers: Vec<RedisResult<Value>>) -> Result<(), Fault> {
        let (mut sent, mut stuck, mut fault) = (Vec::with_capacity(batch.len()), Partitions::NONE, None);
        let mut relays = 0;
        for (item, answer) in batch.iter().zip(answers) {
            if let Ok(Value::Int(heard)) = answer {
                relays = relays.max(heard.unsigned_abs());
            }
            match answer {
                Ok(_) if !stuck.contains(item.partition) => sent.push(item.clone()),
                Ok(_) => {}
                Err(error) => {
                    stuck.insert(item.partition);
                    if !self.routes.strays(item.partition, &error) {
                        fault = Some(Fault::call("publish")(error));
                    }
                }
            }
        }
        // Whoever came since the last probe is waited for after an outage, too.
        self.audience.note(relays, Instant::now());
        self.outbox.confirm(&sent);
        self.tally.published.add(sent.len() as u64);
        if !stuck.is_empty() {
            // Opened again when somebody has looked whose they are.
            self.shard.close(stuck);
            self.routes.look();
        }
        fault.map_or(Ok(()), Err)
    }

    /// Sends what is left, if it can within [`FLUSH_DEADLINE`].
    pub(super) async fn flush(&self, mut commands: MultiplexedConnection) {
        let all = async {
            loop {
                let batch = self.outbox.peek(self.shard.sendable());
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
