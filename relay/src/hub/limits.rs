//! Limits of one connection's queue, which can change while the relay runs.

use std::str::FromStr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// What happens to a message that finds a queue full (conflict X-20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Overflow {
    /// The oldest waiting messages make room.
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// All waiting messages make room: only the newest counts.
    LatestOnly,
    /// The connection ends with 1013, so that the client knows of the gap.
    #[default]
    Disconnect,
}

impl Overflow {
    const ALL: [(&'static str, Self); 4] = [
        ("drop_oldest", Self::DropOldest),
        ("drop_newest", Self::DropNewest),
        ("latest_only", Self::LatestOnly),
        ("disconnect", Self::Disconnect),
    ];

    fn from_byte(byte: u8) -> Self {
        Self::ALL.iter().map(|(_, value)| *value).find(|v| *v as u8 == byte).unwrap_or(Self::Disconnect)
    }
}

impl FromStr for Overflow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, value)| *value)
            .ok_or_else(|| format!("{text:?} is none of drop_oldest, drop_newest, latest_only, disconnect"))
    }
}

/// Frames that one system call writes at most, unless it is changed.
const BATCH: usize = 100;

/// Limits of one connection's queue.
#[derive(Debug)]
pub struct Limits {
    bytes: AtomicUsize,
    items: AtomicUsize,
    overflow: AtomicU8,
    batch: AtomicUsize,
}

impl Limits {
    /// At most `bytes` and `items` wait for one connection; `overflow` tells what happens beyond.
    pub fn new(bytes: usize, items: usize, overflow: Overflow) -> Self {
        let limits = Self { bytes: 0.into(), items: 0.into(), overflow: 0.into(), batch: BATCH.into() };
        limits.set(bytes, items, overflow);
        limits
    }

    /// Changes them; queues that are longer shrink as they are written.
    pub fn set(&self, bytes: usize, items: usize, overflow: Overflow) {
        self.bytes.store(bytes, Ordering::Relaxed);
        self.items.store(items, Ordering::Relaxed);
        self.overflow.store(overflow as u8, Ordering::Relaxed);
    }

    /// Whether a queue of that size is within the limits.
    pub fn allow(&self, bytes: usize, items: usize) -> bool {
        bytes <= self.bytes.load(Ordering::Relaxed) && items <= self.items.load(Ordering::Relaxed)
    }

    /// Changes how many frames one system call writes at most.
    pub fn set_batch(&self, frames: usize) {
        self.batch.store(frames, Ordering::Relaxed);
    }

    /// Frames that one system call writes at most.
    pub fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed)
    }

    /// The policy beyond the limits.
    pub fn overflow(&self) -> Overflow {
        Overflow::from_byte(self.overflow.load(Ordering::Relaxed))
    }
}

/// Limits of the queues of each class of connections; the class is the profile that they came by
/// (conflict X-20).
#[derive(Debug)]
pub struct ClassLimits {
    classes: Box<[(&'static str, Limits)]>,
    /// Of connections of no such class.
    other: Limits,
}

impl ClassLimits {
    /// The same limits for all `classes`, until they are [set](Self::set).
    pub fn new(classes: &[&'static str], bytes: usize, items: usize) -> Self {
        let limits = || Limits::new(bytes, items, Overflow::default());
        Self { classes: classes.iter().map(|class| (*class, limits())).collect(), other: limits() }
    }

    /// The limits of connections of `class`.
    pub fn of(&self, class: &str) -> &Limits {
        let found = self.classes.iter().find(|(name, _)| *name == class);
        found.map_or(&self.other, |(_, limits)| limits)
    }

    /// Changes them; `overflow` tells the policy of a class.
    pub fn set(&self, bytes: usize, items: usize, overflow: impl Fn(&str) -> Overflow) {
        for (class, limits) in &self.classes {
            limits.set(bytes, items, overflow(class));
        }
    }

    /// Changes how many frames one system call writes at most.
    pub fn set_batch(&self, frames: usize) {
        self.classes.iter().for_each(|(_, limits)| limits.set_batch(frames));
    }
}

impl From<Limits> for ClassLimits {
    fn from(other: Limits) -> Self {
        Self { classes: Box::default(), other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x20_each_class_has_its_own_policy() {
        let limits = ClassLimits::new(&["stream", "dual"], 10, 10);
        limits.set(
            10,
            10,
            |class| if class == "stream" { Overflow::LatestOnly } else { Overflow::Disconnect },
        );
        assert_eq!(limits.of("stream").overflow(), Overflow::LatestOnly);
        assert_eq!(limits.of("dual").overflow(), Overflow::Disconnect);
    }
}
