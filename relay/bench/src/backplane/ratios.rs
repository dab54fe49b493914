//! How many times as much one row takes as another: what carries over to other machines.

use crate::measure::{Measure, Row, Samples};
use crate::median::median;

/// Rows, and those that they are beside.
const PAIRS: [(&str, &str); 6] = [
    ("two relays, history", "two relays"),
    ("bus, history", "bus"),
    ("events, history", "events"),
    ("pushes, history", "pushes"),
    ("relay socket.io", "socket.io, streams"),
    ("relay socket.io, history", "socket.io, streams, recovery"),
];

/// The ratios of the medians in `samples`, as rows of a table after its head. Empty without such pairs.
pub(super) fn of(samples: &Samples) -> Vec<Vec<String>> {
    let row = |name| samples.rows().iter().find(|(known, _)| *known == name).map(|(_, row)| row);
    let pairs: Vec<_> =
        PAIRS.iter().filter_map(|(name, beside)| Some((name, beside, row(*name)?, row(*beside)?))).collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    let is_known =
        |measure: &Measure| pairs.iter().any(|(_, _, row, beside)| ratio(*measure, row, beside).is_some());
    let measures: Vec<_> = Measure::ALL.into_iter().filter(is_known).collect();
    let head = std::iter::once("times as much").chain(measures.iter().map(|measure| quantity(*measure)));
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    for (name, to, row, beside) in pairs {
        let cell = |measure: &Measure| {
            ratio(*measure, row, beside).map_or(String::new(), |ratio| format!("{ratio:.2}"))
        };
        rows.push(std::iter::once(format!("{name} to {to}")).chain(measures.iter().map(cell)).collect());
    }
    rows
}

fn ratio(measure: Measure, row: &Row, beside: &Row) -> Option<f64> {
    let of = |row: &Row| row.get(&measure).and_then(|samples| median(samples));
    let (value, beside) = (of(row)?, of(beside)?);
    (beside > 0.0).then(|| value / beside)
}

/// The head of a column without its unit.
fn quantity(measure: Measure) -> &'static str {
    measure.head().split(',').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_set_beside_its_pair() {
        let mut samples = Samples::default();
        samples.add("bus", Measure::RedisCpu, 2.0);
        samples.add("bus", Measure::Lost, 0.0);
        samples.add("bus, history", Measure::RedisCpu, 5.0);
        assert_eq!(of(&samples), [["times as much", "Redis"], ["bus, history to bus", "2.50"]]);
    }

    #[test]
    fn without_pairs_there_is_no_table() {
        let mut samples = Samples::default();
        samples.add("back by sse", Measure::BackAfter, 1.0);
        assert!(of(&samples).is_empty());
    }
}
