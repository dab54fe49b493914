//! What is kept of sessions: one hash each, with the life that wrote it.
//!
//! Both steps are scripts, as those of the history are: an earlier life must not write over a later
//! one, and of two nodes that a client tries at a time one gets the later life.

use std::time::Duration;

use futures::future::join_all;
use redis::Cmd;

use super::layout::Layout;
use super::partition::Partition;
use super::routes::{CallError, Routes};
use crate::bus::Snapshot;

/// Snapshots that are under way at a time.
const BATCH: usize = 256;

/// Writes the value of a life, or forgets the session for an empty one, unless a later life did; answers
/// whether it was.
const KEEP: &str = "local life = redis.call('HGET', KEYS[1], 'life') \
    if life and tonumber(life) > tonumber(ARGV[1]) then return 0 end \
    if ARGV[2] == '' then redis.call('DEL', KEYS[1]) return 1 end \
    redis.call('HSET', KEYS[1], 'life', ARGV[1], 'value', ARGV[2]) \
    redis.call('PEXPIRE', KEYS[1], ARGV[3]) \
    return 1";

/// Begins another life; answers its number and the value.
const REVIVE: &str = "local value = redis.call('HGET', KEYS[1], 'value') \
    if not value then return false end \
    return {redis.call('HINCRBY', KEYS[1], 'life', 1), value}";

/// The command that writes `snapshot` at `key`.
fn keep(key: &str, snapshot: &Snapshot) -> Cmd {
    let mut command = redis::cmd("EVAL");
    let value = snapshot.value.as_deref().unwrap_or_default();
    let ttl = u64::try_from(snapshot.ttl.as_millis()).unwrap_or(u64::MAX).max(1);
    command.arg(KEEP).arg(1).arg(key).arg(snapshot.life).arg(value).arg(ttl);
    command
}

/// Writes snapshots at their keys, wherever those are.
pub(super) async fn keep_all(
    snapshots: &[Snapshot],
    layout: &Layout,
    routes: &Routes,
) -> Result<Vec<bool>, CallError> {
    let mut kept = Vec::with_capacity(snapshots.len());
    for batch in snapshots.chunks(BATCH) {
        // On one connection they go out together: it sends without waiting for answers.
        let answers = join_all(batch.iter().map(async |snapshot| {
            let command = keep(&layout.snapshot(&snapshot.id), snapshot);
            routes.call::<bool>(Partition::of(&snapshot.id).slot(), &command).await
        }));
        for answer in answers.await {
            kept.push(answer?);
        }
    }
    Ok(kept)
}

/// The command that revives the session at `key`.
pub(super) fn revive(key: &str) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(REVIVE).arg(1).arg(key);
    command
}

/// The snapshot that its answer is.
pub(super) fn revived(id: &str, answer: Option<(u64, String)>) -> Option<Snapshot> {
    let (life, value) = answer?;
    Some(Snapshot { id: id.to_owned(), life, value: Some(value), ttl: Duration::ZERO })
}
