//! The histories of one process: bounded all together, those not used for longest go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::ring::{Bounds, Ring};
use crate::bus::{Inbox, Log, Message, Position, Recovered};
use crate::sync::lock;

/// Bytes that all histories may have together.
const MAX_BYTES: usize = 64 << 20;
/// Bytes that one of them may have.
pub(super) const MAX_LOG_BYTES: usize = MAX_BYTES / 4;

/// Histories by log.
#[derive(Debug, Default)]
pub(super) struct Histories(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    logs: HashMap<Log, Entry>,
    /// Logs by when they were used last.
    uses: BTreeMap<u64, Log>,
    clock: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Life {
    /// Also locked while a message is delivered: the next one of its log waits.
    ring: Mutex<Ring>,
    /// Whether the log begins anew in another one.
    is_over: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    life: Arc<Life>,
    used: u64,
    /// Bytes of the ring when it was looked at last.
    bytes: usize,
}

impl Histories {
    /// Keeps a message and hands it to `inbox`, which has those before it.
    pub(super) fn append(&self, log: &Log, message: &Message, bounds: Bounds, inbox: &dyn Inbox) {
        self.with(log, |ring| {
            let message = ring.append(message, Instant::now(), bounds);
            inbox.receive(Message::clone(&message));
        });
    }

    /// What is kept of `log` after `since`.
    pub(super) fn after(&self, log: &Log, since: Option<Position>, bounds: Bounds) -> Recovered {
        self.with(log, |ring| ring.after(since, Instant::now(), bounds))
    }

    fn with<T>(&self, log: &Log, work: impl FnOnce(&mut Ring) -> T) -> T {
        loop {
            let life = lock(&self.0).touch(log);
            let mut ring = lock(&life.ring);
            if life.is_over.load(Ordering::Relaxed) {
                continue;
            }
            let done = work(&mut ring);
            let bytes = ring.bytes();
            drop(ring);
            lock(&self.0).account(log, &life, bytes);
            return done;
        }
    }
}

impl Table {
    fn touch(&mut self, log: &Log) -> Arc<Life> {
        self.clock += 1;
        let used = self.clock;
        let entry = self.logs.entry(log.clone()).or_insert_with(|| Entry {
            life: Arc::new(Life { ring: Mutex::new(Ring::new()), is_over: AtomicBool::new(false) }),
            used,
            bytes: 0,
        });
        self.uses.remove(&entry.used);
        entry.used = used;
        let life = entry.life.clone();
        self.uses.insert(used, log.clone());
        life
    }

    /// Notes how large a history is now, and drops others until all fit.
    fn account(&mut self, log: &Log, life: &Arc<Life>, bytes: usize) {
        let Some(entry) = self.logs.get_mut(log).filter(|entry| Arc::ptr_eq(&entry.life, life)) else {
            return;
        };
        self.bytes = self.bytes - entry.bytes + bytes;
        entry.bytes = bytes;
        while self.bytes > MAX_BYTES
            && let Some((_, oldest)) = self.uses.pop_first()
            && let Some(entry) = self.logs.remove(&oldest)
        {
            self.bytes -= entry.bytes;
            entry.life.is_over.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bus::Channel;

    const BOUNDS: Bounds = Bounds { size: 10, age: Duration::from_secs(60), bytes: MAX_LOG_BYTES };

    struct Nobody;

    impl Inbox for Nobody {
        fn receive(&self, _: Message) {}
    }

    fn log(user: usize) -> Log {
        Log::of(&Channel::user(&user.to_string())).unwrap()
    }

    #[test]
    fn the_histories_not_used_for_longest_make_room_for_others() {
        let (histories, large) = (Histories::default(), vec![b' '; MAX_BYTES / 10]);
        let first = histories.after(&log(0), None, BOUNDS).top;
        for user in 0..10 {
            let message = Message::new(Channel::user("a"), "message", large.clone());
            histories.append(&log(user), &message, BOUNDS, &Nobody);
        }
        assert!(!histories.after(&log(0), first, BOUNDS).complete);
        assert!(lock(&histories.0).bytes <= MAX_BYTES);
        let newest = Position { seq: 0, ..histories.after(&log(9), None, BOUNDS).top.unwrap() };
        assert!(histories.after(&log(9), Some(newest), BOUNDS).complete);
    }
}
