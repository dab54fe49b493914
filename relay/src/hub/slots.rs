//! Caps per identity, such as connections of one player (requirement 004-15).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// Counts of taken places by name. Cheap to clone: the counts are shared.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    taken: Arc<Mutex<HashMap<Box<str>, u32>>>,
}

/// One taken place; dropping it frees the place.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    name: Box<str>,
}

impl Slots {
    /// Takes a place of `name`, unless `limit` places are taken.
    pub fn take(&self, name: &str, limit: u32) -> Option<Slot> {
        let mut taken = lock(&self.taken);
        let count = taken.get(name).copied().unwrap_or(0);
        if count >= limit {
            return None;
        }
        taken.insert(name.into(), count + 1);
        Some(Slot { slots: self.clone(), name: name.into() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = lock(&self.slots.taken);
        match taken.get_mut(&self.name) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_15_places_over_the_cap_are_refused() {
        let slots = Slots::default();
        let _first = slots.take("alice", 1);
        assert!(slots.take("alice", 1).is_none());
    }

    #[test]
    fn a_freed_place_can_be_taken_again() {
        let slots = Slots::default();
        drop(slots.take("alice", 1));
        assert!(slots.take("alice", 1).is_some());
    }
}
