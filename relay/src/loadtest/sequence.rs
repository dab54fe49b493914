//! Which of the numbered messages of one client have come, in bounded memory.

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// After all that were sent before it, as far as they came.
    InOrder,
    /// After one that was sent later.
    OutOfOrder,
    /// It had come before.
    Duplicate,
}

/// The newest number, and which of the 128 up to it have come. What is older and comes again, or
/// late, counts as a duplicate.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    /// One more than the newest number.
    next: u64,
    /// Bit 0 is the newest.
    seen: u128,
}

impl Sequence {
    pub(super) fn take(&mut self, number: u64) -> Arrival {
        if number >= self.next {
            let step = u32::try_from(number - self.next + 1).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(step).unwrap_or(0) | 1;
            self.next = number + 1;
            return Arrival::InOrder;
        }
        let bit = u32::try_from(self.next - 1 - number).ok().and_then(|back| 1_u128.checked_shl(back));
        match bit {
            Some(bit) if self.seen & bit == 0 => {
                self.seen |= bit;
                Arrival::OutOfOrder
            }
            _ => Arrival::Duplicate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(numbers: &[u64]) -> Vec<Arrival> {
        let mut sequence = Sequence::default();
        numbers.iter().map(|number| sequence.take(*number)).collect()
    }

    #[test]
    fn r001_22_one_that_comes_twice_is_a_duplicate() {
        assert_eq!(arrivals(&[0, 1, 0, 1])[2..], [Arrival::Duplicate, Arrival::Duplicate]);
    }

    #[test]
    fn r001_22_one_that_was_overtaken_is_out_of_order() {
        assert_eq!(arrivals(&[0, 2, 1]), [Arrival::InOrder, Arrival::InOrder, Arrival::OutOfOrder]);
    }

    #[test]
    fn r001_22_a_gap_is_in_order() {
        assert_eq!(arrivals(&[0, 500, 501]), [Arrival::InOrder; 3]);
    }
}
