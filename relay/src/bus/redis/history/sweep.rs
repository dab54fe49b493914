//! What is done for histories when a connection to a primary was made: what was missed while there
//! was none is looked for, and a primary that has less than this node saw is told.

use std::collections::HashMap;
use std::sync::Arc;

use redis::Pipeline;

use super::Histories;
use super::ground::Ground;
use super::keys::Keys;
use super::meta::Meta;
use super::reading::{META_GRACE, millis};
use crate::bus::redis::fault::Fault;
use crate::bus::redis::partition::{Partition, Partitions};
use crate::bus::{Epoch, Log, Position};

/// Histories that are asked for with one round trip.
const BATCH: usize = 256;

impl Histories {
    /// Compares the histories of these partitions, as this node saw them, with those of the primary
    /// on `ground`. Answers the partitions with some that are elsewhere, or on their way.
    pub(super) async fn sweep(
        self: &Arc<Self>,
        ground: &Ground,
        partitions: Partitions,
    ) -> Result<Partitions, Fault> {
        let mut elsewhere = Partitions::NONE;
        let logs: Vec<_> = self.seen_of(partitions).into_iter().collect();
        for batch in logs.chunks(BATCH) {
            let mut pipeline = Pipeline::with_capacity(batch.len());
            let mut asked = Vec::with_capacity(batch.len());
            for (log, seen) in batch {
                let Some(kept) = self.policy.of(log.class()) else { continue };
                let keys = Keys::of(log, kept, &self.layout);
                let mut call = ground.open();
                call.arg(&keys.meta)
                    .arg(&keys.stream)
                    .arg(ground.generation())
                    .arg(Epoch::random().to_string());
                call.arg(millis(kept.ttl + META_GRACE));
                if let Some(seen) = seen {
                    call.arg(seen.epoch.to_string()).arg(seen.seq);
                }
                pipeline.add_command(call);
                asked.push(log);
            }
            let answers: Vec<redis::RedisResult<Vec<String>>> = pipeline
                .ignore_errors()
                .query_async(&mut ground.connection())
                .await
                .map_err(Fault::call("compare histories"))?;
            for (log, answer) in asked.into_iter().zip(answers) {
                match answer {
                    Ok(answer) => self.compare(log, &answer),
                    Err(error) if self.routes.strays(Partition::of(log.as_str()), &error) => {
                        elsewhere.insert(Partition::of(log.as_str()));
                    }
                    Err(source) => return Err(Fault::Call { doing: "compare histories", source }),
                }
            }
        }
        Ok(elsewhere)
    }

    fn compare(self: &Arc<Self>, log: &Log, answer: &[String]) {
        let Ok(meta) = Meta::parse(answer) else { return };
        let mut seen = self.seen.lock();
        let outcome = seen.tracker.sweep(log, meta.top);
        self.settle(log, outcome);
    }

    /// Where this node saw the histories of these partitions: those that it follows, and those that
    /// had a message lately.
    fn seen_of(&self, partitions: Partitions) -> HashMap<Log, Option<Position>> {
        let seen = self.seen.lock();
        let mut logs: HashMap<Log, Option<Position>> = seen.tracker.seen().into_iter().collect();
        for (log, position) in seen.lately.all() {
            logs.entry(log.clone()).or_default().get_or_insert(position);
        }
        logs.retain(|log, _| partitions.contains(Partition::of(log.as_str())));
        logs
    }
}
