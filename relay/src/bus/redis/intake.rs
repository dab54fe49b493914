//! The stream that workers outside write to (requirement 003-22), and who of the relays reads it.
//!
//! One relay at a time is the reader, or the entries of one conversation would overtake each other
//! on their way through several. It says so in a key that ends by itself after [`HOLD`]. What it
//! reads stays pending until it is done, and is deleted then; a relay that becomes the reader begins
//! with what the former one left pending. All read as one consumer of one group: who the reader is
//! is told by the key, and consumers that are gone need no care.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, Value, cmd};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::RedisBus;
use super::layout::Layout;
use super::slot::Slot;
use crate::bus::{BusError, Entry};

/// Time after which the place of a reader that is gone is free.
const HOLD: Duration = Duration::from_secs(5);
/// Time between two tries to become the reader, and after a failure.
const STANDBY: Duration = Duration::from_secs(1);
/// Longest that one read waits for entries; it takes a connection of the pool for so long.
const WAIT: Duration = Duration::from_millis(500);
/// Time after which what was read and is not done is looked for: a reader that was held up may have
/// read it and left it to its successor.
const SWEEP: Duration = Duration::from_secs(5);
/// Entries that are read together.
const BATCH: usize = 256;
/// Name of the group, and of its one consumer.
const GROUP: &str = "relays";
/// Field of an entry that holds what it says.
const BODY: &[u8] = b"body";

/// This process's part in it.
pub(super) struct Intake {
    owner: String,
    stream: String,
    reader: String,
    /// Whether this process is the reader, for those who must not wait.
    reads: Arc<AtomicBool>,
    turn: Mutex<Turn>,
}

/// What is known from one read to the next.
#[derive(Default)]
struct Turn {
    /// Whether this process was the reader when it last looked.
    reads: bool,
    /// Whether the group is there, as far as known.
    grouped: bool,
    swept: Option<Instant>,
    /// Entries that are done and not known to be deleted. Bounded by one batch: the next is read
    /// after these are.
    done: Vec<String>,
    /// The last failure, which is said once.
    failure: Option<String>,
}

/// Entries as Redis lists them: id, then names and values by turns; nothing in place of those that
/// were deleted meanwhile.
type Listed = Vec<(String, Option<Vec<Vec<u8>>>)>;

impl Intake {
    /// The part of the process that is called `owner` among all.
    pub(super) fn new(owner: &str, layout: &Layout) -> Self {
        let (stream, reader) = (layout.intake(), layout.reader());
        Self { owner: owner.to_owned(), stream, reader, reads: Arc::default(), turn: Mutex::default() }
    }

    /// Whether this process is the reader, as far as it knows.
    pub(super) fn reads(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.reads)
    }

    /// The next entries, once there are any and this process is the reader.
    pub(super) async fn entries(&self, bus: &RedisBus) -> Vec<Entry> {
        loop {
            let mut turn = self.turn.lock().await;
            match self.take_turn(bus, &mut turn).await {
                Ok(Some(entries)) if !entries.is_empty() => return entries,
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(error) => turn.note(error.to_string()),
            }
            drop(turn);
            sleep(STANDBY).await;
        }
    }

    /// Forgets entries, at the latest before the next are read.
    pub(super) async fn done(&self, bus: &RedisBus, entries: Vec<Entry>) {
        let mut turn = self.turn.lock().await;
        turn.done.extend(entries.into_iter().map(|entry| entry.id));
        if let Err(error) = self.delete(bus, &mut turn).await {
            turn.note(error.to_string());
        }
    }

    /// Makes place for another reader. Best effort: it ends by itself.
    pub(super) async fn leave(&self, bus: &RedisBus) {
        if std::mem::take(&mut self.turn.lock().await.reads) {
            // The link has ended by now; the pool has not.
            let Some(address) = bus.routes.address(Slot::of(&self.reader)) else { return };
            let left: Result<(), _> = bus.pool.call(&address, cmd("DEL").arg(&self.reader)).await;
            if let Err(error) = left {
                tracing::debug!(%error, "the place of the reader ends by itself");
            }
        }
    }

    /// Reads once. `None`: another process is the reader.
    async fn take_turn(&self, bus: &RedisBus, turn: &mut Turn) -> Result<Option<Vec<Entry>>, BusError> {
        self.delete(bus, turn).await?;
        if !self.holds(bus, turn).await? {
            return Ok(None);
        }
        let read = self.read(bus, turn).await;
        // It may have been forgotten with everything else.
        turn.grouped = read.is_ok();
        let read = read?;
        turn.failure = None;
        // Who was held up while it read may have a successor, which looks for what was read here.
        Ok(self.holds(bus, turn).await?.then_some(read))
    }

    /// Whether this process is the reader, from now on for [`HOLD`].
    async fn holds(&self, bus: &RedisBus, turn: &mut Turn) -> Result<bool, BusError> {
        let held = self.hold(bus, turn).await;
        self.reads.store(matches!(held, Ok(true)), Ordering::Relaxed);
        held
    }

    async fn hold(&self, bus: &RedisBus, turn: &mut Turn) -> Result<bool, BusError> {
        let before = std::mem::take(&mut turn.reads);
        let hold = HOLD.as_millis() as u64;
        if before {
            let prolong: Option<String> =
                bus.ask(&self.reader, cmd("GETEX").arg(&self.reader).arg("PX").arg(hold)).await?;
            if prolong.as_deref() == Some(&*self.owner) {
                turn.reads = true;
                return Ok(true);
            }
        }
        let mut take = cmd("SET");
        take.arg(&self.reader).arg(&self.owner).arg("NX").arg("PX").arg(hold);
        turn.reads = bus.ask(&self.reader, &take).await?;
        // What the former reader left comes first.
        turn.swept = None;
        Ok(turn.reads)
    }

    async fn read(&self, bus: &RedisBus, turn: &mut Turn) -> Result<Vec<Entry>, BusError> {
        if !turn.grouped {
            let mut create = cmd("XGROUP");
            create.arg("CREATE").arg(&self.stream).arg(GROUP).arg(0).arg("MKSTREAM");
            // That it is there already is an error, too; any other comes back with the read.
            let _ = bus.ask::<()>(&self.stream, &create).await;
        }
        if turn.swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            let idle = turn.swept.map_or(0, |_| SWEEP.as_millis() as u64);
            let left = self.left(bus, idle).await?;
            if !left.is_empty() {
                // There may be more than one batch.
                return Ok(left);
            }
            turn.swept = Some(Instant::now());
        }
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(GROUP).arg("COUNT").arg(BATCH);
        read.arg("BLOCK").arg(WAIT.as_millis() as u64).arg("STREAMS").arg(&self.stream).arg(">");
        let read: Option<Vec<(String, Listed)>> = bus.ask(&self.stream, &read).await?;
        Ok(read.unwrap_or_default().into_iter().flat_map(|(_, listed)| entries(listed)).collect())
    }

    /// What was read and is not done since `idle` milliseconds.
    async fn left(&self, bus: &RedisBus, idle: u64) -> Result<Vec<Entry>, BusError> {
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.stream).arg(GROUP).arg(GROUP).arg(idle).arg("0-0").arg("COUNT").arg(BATCH);
        // The cursor, the entries, and since Redis 7 the ids of those that were deleted.
        let answer: Vec<Value> = bus.ask(&self.stream, &claim).await?;
        let listed = answer.into_iter().nth(1).map(Listed::from_redis_value).transpose();
        Ok(entries(listed.map_err(|error| BusError::Unavailable(error.to_string()))?.unwrap_or_default()))
    }

    async fn delete(&self, bus: &RedisBus, turn: &mut Turn) -> Result<(), BusError> {
        if turn.done.is_empty() {
            return Ok(());
        }
        bus.ask::<u64>(&self.stream, cmd("XACK").arg(&self.stream).arg(GROUP).arg(&turn.done)).await?;
        bus.ask::<u64>(&self.stream, cmd("XDEL").arg(&self.stream).arg(&turn.done)).await?;
        turn.done.clear();
        Ok(())
    }
}

impl Turn {
    fn note(&mut self, failure: String) {
        if self.failure.as_ref() != Some(&failure) {
            tracing::warn!(reason = failure, "What workers leave in Redis is not read");
            self.failure = Some(failure);
        }
    }
}

/// A deleted entry has nothing to say.
fn entries(listed: Listed) -> Vec<Entry> {
    let entry = |(id, fields): (String, Option<Vec<Vec<u8>>>)| {
        let fields = fields?;
        let body = fields.chunks_exact(2).find_map(|pair| match pair {
            [name, value] if name == BODY => Some(value.clone()),
            _ => None,
        });
        Some(Entry { id, body })
    };
    listed.into_iter().filter_map(entry).collect()
}
