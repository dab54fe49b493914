//! What one process remembers for a while under keys that others choose, such as those of requests.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::BusError;
use crate::sync::lock;

/// Keys that are remembered.
const MAX_KEYS: usize = 10_000;
/// Bytes of values that are, all together.
const MAX_BYTES: usize = 16 << 20;

/// Values by key, each with its end.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Table>);

#[derive(Default)]
struct Table {
    values: HashMap<String, (String, Instant)>,
    bytes: usize,
}

impl Table {
    fn remove(&mut self, key: &str) {
        if let Some((value, _)) = self.values.remove(key) {
            self.bytes -= value.len();
        }
    }

    fn set(&mut self, key: &str, value: &str, end: Instant) {
        self.remove(key);
        self.bytes += value.len();
        self.values.insert(key.to_owned(), (value.to_owned(), end));
    }

    fn has_room(&self, value: &str) -> bool {
        self.values.len() < MAX_KEYS && self.bytes + value.len() <= MAX_BYTES
    }

    fn make_room(&mut self, value: &str, now: Instant) -> bool {
        if !self.has_room(value) {
            self.values.retain(|_, (_, end)| *end > now);
            self.bytes = self.values.values().map(|(value, _)| value.len()).sum();
        }
        self.has_room(value)
    }
}

impl Remembered {
    /// Keeps a value for `ttl`, unless there is one, which is the answer.
    pub(super) fn keep(&self, key: &str, value: &str, ttl: Duration) -> Result<Option<String>, BusError> {
        let now = Instant::now();
        let mut table = lock(&self.0);
        if let Some((known, end)) = table.values.get(key)
            && *end > now
        {
            return Ok(Some(known.clone()));
        }
        if !table.make_room(value, now) {
            return Err(BusError::Unavailable("too many keys are remembered".to_owned()));
        }
        table.set(key, value, now + ttl);
        Ok(None)
    }

    /// Sets a value, or forgets it. Without room the value that is there stays.
    pub(super) fn amend(&self, key: &str, value: Option<&str>, ttl: Duration) {
        let now = Instant::now();
        let mut table = lock(&self.0);
        match value {
            None => table.remove(key),
            Some(value) if table.make_room(value, now) => table.set(key, value, now + ttl),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn one_of_many_keeps_a_key_until_it_is_forgotten() {
        let remembered = Remembered::default();
        let keep = |value| remembered.keep("k", value, MINUTE).unwrap();
        assert_eq!((keep("1"), keep("2")), (None, Some("1".to_owned())));
        remembered.amend("k", None, MINUTE);
        assert_eq!(keep("3"), None);
    }

    #[test]
    fn a_value_ends() {
        let remembered = Remembered::default();
        remembered.keep("k", "1", Duration::ZERO).unwrap();
        assert_eq!(remembered.keep("k", "2", MINUTE).unwrap(), None);
    }

    #[test]
    fn keys_and_bytes_are_bounded_and_ended_ones_make_room() {
        let remembered = Remembered::default();
        let value = "v".repeat(MAX_BYTES / 2);
        for key in ["a", "b"] {
            remembered.keep(key, &value, Duration::ZERO).unwrap();
        }
        for key in ["c", "d"] {
            remembered.keep(key, &value, MINUTE).unwrap();
        }
        assert!(remembered.keep("e", "v", MINUTE).is_err());
    }
}
