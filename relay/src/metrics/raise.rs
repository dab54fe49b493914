//! Numbers that are counted elsewhere, as figures.

use prometheus::IntCounter;

/// Raises a counter to a total. Two at once would count twice: one at a time must call it.
pub(super) fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// The value of a gauge.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
