//! The keys under which messages were published a short while ago.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::bus::{Channel, KEY_TTL};

/// Keys that are remembered; of more, the oldest is forgotten.
const MAX_KEYS: usize = 100_000;
/// Bytes that they may have.
const MAX_BYTES: usize = 16 << 20;

/// Keys by channel, bounded in number, bytes and age.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: HashSet<Arc<(Channel, String)>>,
    order: VecDeque<(Instant, Arc<(Channel, String)>)>,
    bytes: usize,
}

impl Keys {
    /// Remembers a key of a channel. Tells whether it is new.
    pub(super) fn note(&mut self, channel: &Channel, key: &str, now: Instant) -> bool {
        while let Some((came, _)) = self.order.front()
            && now.saturating_duration_since(*came) >= KEY_TTL
        {
            self.forget_oldest();
        }
        let key = Arc::new((channel.clone(), key.to_owned()));
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.bytes += size(&key);
        self.order.push_back((now, key));
        while self.order.len() > MAX_KEYS || self.bytes > MAX_BYTES {
            self.forget_oldest();
        }
        true
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.bytes -= size(&key);
            self.known.remove(&key);
        }
    }
}

fn size((channel, key): &(Channel, String)) -> usize {
    channel.as_str().len() + key.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_in_its_time_for_each_channel() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        let mut note = |user, now| keys.note(&Channel::user(user), "k", now);
        let noted = [note("a", now), note("a", now), note("b", now), note("a", now + KEY_TTL)];
        assert_eq!(noted, [true, false, true, true]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        for key in 0..20 {
            keys.note(&Channel::user("a"), &format!("{key}{}", " ".repeat(1 << 20)), now);
        }
        assert!(keys.bytes <= MAX_BYTES && keys.known.len() == keys.order.len());
    }
}
