//! A map that remembers what was used lately, in bounded room and without a timer.
//!
//! It has two halves. What is new or used goes into the young one; when that is full, the old one
//! is forgotten as a whole, and the young one becomes it. So a key that is in use is never
//! forgotten, whatever strangers ask for in between.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, at most twice `half` of them.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Nothing as yet.
    pub(crate) fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: half.max(1) }
    }

    /// The value of `key`, which is in use from now on; a new one, if there was none.
    pub(crate) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let before = self.old.remove(&key);
        self.make_room(&key);
        self.young.entry(key).or_insert_with(|| before.unwrap_or_else(new))
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Sets the value of `key`.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        self.make_room(&key);
        self.young.insert(key, value);
    }

    fn make_room(&mut self, key: &K) {
        if self.young.len() >= self.half && !self.young.contains_key(key) {
            self.old = std::mem::take(&mut self.young);
        }
    }

    /// Number of values.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded() {
        let mut recent = Recent::new(10);
        (0..1000).for_each(|key| *recent.entry(key, || 0) += 1);
        assert!(recent.len() <= 20, "{}", recent.len());
    }

    #[test]
    fn what_is_in_use_is_not_forgotten() {
        let mut recent = Recent::new(10);
        for key in 0..1000 {
            *recent.entry(-1, || 0) += 1;
            recent.entry(key, || 0);
        }
        assert_eq!(recent.get(&-1), Some(&1000));
    }

    #[test]
    fn what_is_not_used_makes_room() {
        let mut recent = Recent::new(10);
        (0..100).for_each(|key| recent.insert(key, ()));
        assert_eq!((recent.get(&0), recent.get(&99)), (None, Some(&())));
    }
}
