//! What Redis confirmed and this node has not heard yet: of one partition, and bounded. Redis tells of a
//! batch before it takes the next one, so that little more than one is in it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::journal::Append;

/// Messages that are kept.
pub(super) const MAX_ITEMS: usize = 256;
/// Bytes of messages that are kept.
const MAX_BYTES: usize = 256 << 10;

#[derive(Default)]
pub(super) struct Unheard {
    /// The last order that was heard.
    heard: u64,
    kept: VecDeque<(u64, Arc<Append>)>,
    bytes: usize,
}

impl Unheard {
    /// Keeps a message that was confirmed just now until it is heard, if it was not heard before.
    pub(super) fn keep(&mut self, order: u64, append: Arc<Append>) {
        if order <= self.heard {
            return;
        }
        self.bytes += append.message.payload.len();
        self.kept.push_back((order, append));
        while self.kept.len() > MAX_ITEMS || self.bytes > MAX_BYTES {
            self.drop_first();
        }
    }

    /// Notes that a message was heard, and so were all before it.
    pub(super) fn hear(&mut self, order: u64) {
        self.heard = self.heard.max(order);
        while self.kept.front().is_some_and(|(order, _)| *order <= self.heard) {
            self.drop_first();
        }
    }

    /// What is kept, in its order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Arc<Append>)> {
        self.kept.iter().map(|(order, append)| (*order, append))
    }

    fn drop_first(&mut self) {
        if let Some((_, append)) = self.kept.pop_front() {
            self.bytes -= append.message.payload.len();
        }
    }
}
