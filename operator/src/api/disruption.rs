//! The part of the spec about relays that somebody else ends, such as who drains a node.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many relays may be evicted at once, by whoever drains nodes for one.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct DisruptionSpec {
    /// Whether there is a PodDisruptionBudget for the relays. A single relay has none in any case:
    /// its node could never be drained.
    pub budget: bool,
    /// Relays that may be away at once, in per cent of those that are wanted, rounded down, but one
    /// at least. The condition `Available` asks for the others.
    #[schemars(range(min = 1, max = 100))]
    pub max_unavailable_percent: i32,
}

impl DisruptionSpec {
    /// How many of `relays` may be away at once; at least 1.
    #[must_use]
    pub fn most_away(&self, relays: u32) -> u32 {
        let percent = u64::try_from(self.max_unavailable_percent).unwrap_or_default().min(100);
        let away = u64::from(relays).saturating_mul(percent) / 100;
        u32::try_from(away).unwrap_or(u32::MAX).max(1)
    }
}

impl Default for DisruptionSpec {
    fn default() -> Self {
        Self { budget: true, max_unavailable_percent: 10 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f06_a_tenth_may_be_away_and_one_at_least() {
        let usual = DisruptionSpec::default();
        assert_eq!([2, 19, 20, 500].map(|relays| usual.most_away(relays)), [1, 1, 2, 50]);
    }

    #[test]
    fn f06_all_relays_are_the_most_that_may_be_away() {
        let careless = DisruptionSpec { max_unavailable_percent: 100, ..DisruptionSpec::default() };
        assert_eq!(careless.most_away(7), 7);
    }
}
