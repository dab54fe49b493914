//! Descriptors that are kept for the time when there are none: for telling clients so, instead of
//! letting them wait for an answer that does not come (requirement 000-23).

use std::fs::File;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// Descriptors that are kept.
const SPARES: usize = 16;

/// Descriptors that can be given up, and are taken again later. Cheap to clone: they are shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserve {
    spares: Arc<Mutex<Vec<File>>>,
}

/// One that was given up; dropping it takes it again, if the system lets us.
#[derive(Debug)]
pub(super) struct Borrowed {
    reserve: Reserve,
}

impl Reserve {
    /// A reserve that is full, as far as the system has descriptors.
    pub(super) fn full() -> Self {
        let reserve = Self::default();
        reserve.refill();
        reserve
    }

    /// Gives one up, for whoever opens something next.
    pub(super) fn borrow(&self) -> Option<Borrowed> {
        lock(&self.spares).pop().map(|_| Borrowed { reserve: self.clone() })
    }

    /// Takes again what is missing: somebody else was quicker when it came back.
    pub(super) fn refill(&self) {
        let mut spares = lock(&self.spares);
        while spares.len() < SPARES
            && let Ok(spare) = File::open("/dev/null")
        {
            spares.push(spare);
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.reserve.refill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r000_23_a_borrowed_descriptor_comes_back() {
        let reserve = Reserve::full();
        let borrowed: Vec<_> = std::iter::from_fn(|| reserve.borrow()).collect();
        assert_eq!(borrowed.len(), SPARES);
        drop(borrowed);
        assert!(reserve.borrow().is_some());
    }
}
