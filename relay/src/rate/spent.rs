//! What was taken on this node since others were told last, by limit and name.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Name;
use crate::metrics::RateLimit;

/// Names that are told of at a time. What is taken by further ones counts on this node only.
const MAX_NAMES: usize = 10_000;

/// Takings, added up.
#[derive(Debug, Default)]
pub(super) struct Spent(HashMap<(RateLimit, Name), u32>);

/// What one name took of one quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taking {
    /// The limit's [label](RateLimit::label).
    pub(super) limit: String,
    #[serde(flatten)]
    pub(super) name: Name,
    pub(super) count: u32,
}

impl Spent {
    /// Adds one.
    pub(super) fn add(&mut self, limit: RateLimit, name: &Name<&str>) {
        let key = (limit, name.kept());
        if self.0.len() < MAX_NAMES || self.0.contains_key(&key) {
            let count = self.0.entry(key).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> Vec<Taking> {
        let taking = |((limit, name), count): ((RateLimit, Name), u32)| Taking {
            limit: limit.label().to_owned(),
            name,
            count,
        };
        self.0.drain().map(taking).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_takes_is_added_up_and_told_once() {
        let mut spent = Spent::default();
        for _ in 0..3 {
            spent.add(RateLimit::Tokens, &"alice".into());
        }
        let taking = Taking { limit: "tokens".to_owned(), name: Name::Text("alice".into()), count: 3 };
        assert_eq!((spent.drain(), spent.drain()), (vec![taking], vec![]));
    }

    #[test]
    fn names_are_bounded() {
        let mut spent = Spent::default();
        for number in 0..2 * MAX_NAMES {
            spent.add(RateLimit::Tokens, &(&number.to_string()).into());
        }
        assert_eq!(spent.drain().len(), MAX_NAMES);
    }
}
