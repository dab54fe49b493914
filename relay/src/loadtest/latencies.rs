//! Latencies in a fixed number of buckets.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets for each power of two: a bucket is at most 1/32 wide.
const STEPS: u64 = 32;
/// Powers of two above the exact values: up to 2^41 µs, 25 days.
const POWERS: u64 = 36;

/// A histogram of microseconds that many tasks write to; its size never changes.
#[derive(Debug)]
pub(super) struct Latencies {
    buckets: Vec<AtomicU64>,
}

impl Latencies {
    pub(super) fn new() -> Self {
        let buckets = STEPS * (POWERS + 1);
        Self { buckets: (0..buckets).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(super) fn record(&self, micros: u64) {
        let bucket = usize::try_from(bucket(micros)).ok().and_then(|index| self.buckets.get(index));
        if let Some(bucket) = bucket.or(self.buckets.last()) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The latency that `share` (0 to 1) of all are not above, in microseconds; 0 without any.
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let counts: Vec<u64> = self.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let wanted = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in (0_u64..).zip(&counts) {
            seen += count;
            if seen >= wanted {
                return highest(index);
            }
        }
        0
    }
}

fn bucket(micros: u64) -> u64 {
    let power = u64::from(micros.max(1).ilog2()).saturating_sub(u64::from(STEPS.ilog2()));
    power * STEPS + (micros >> power)
}

/// The highest value in a bucket.
fn highest(bucket: u64) -> u64 {
    let power = (bucket / STEPS).saturating_sub(1);
    ((bucket - power * STEPS + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bucket_that_is_a_thirty_second_wide_at_most() {
        for value in (0..5000).chain([1 << 20, (1 << 30) + 12_345]) {
            let high = highest(bucket(value));
            assert!(high >= value && high - value <= value / STEPS, "{value} {high}");
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let latencies = Latencies::new();
        (1..=1000).for_each(|value| latencies.record(value));
        let near = |quantile: u64, value: u64| quantile >= value && quantile <= value + value / STEPS;
        assert!(near(latencies.quantile(0.5), 500) && near(latencies.quantile(0.99), 990));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Latencies::new().quantile(0.99), 0);
    }
}
