//! What the medians must be.

use crate::measure::{Measure, Samples};
use crate::median::median;

/// A median may be so many times worse than its target before the run has failed: figures of a
/// machine that is busy with other things say little.
const FAR: f64 = 2.0;

/// A bound for one figure.
struct Target {
    row: &'static str,
    measure: Measure,
    bound: Bound,
}

/// Where a figure must stay.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

const fn target(row: &'static str, measure: Measure, bound: Bound) -> Target {
    Target { row, measure, bound }
}

/// All targets.
const TARGETS: [Target; 9] = [
    target("two relays", Measure::Added50, AtMost(2.0)),
    target("two relays, history", Measure::Added50, AtMost(2.0)),
    target("bus", Measure::PublishesPerCore, AtLeast(50_000.0)),
    target("bus, history", Measure::PublishesPerCore, AtLeast(25_000.0)),
    target("events", Measure::PublishesPerCore, AtLeast(50_000.0)),
    target("events, history", Measure::PublishesPerCore, AtLeast(25_000.0)),
    target("back by websocket", Measure::BackAfter, AtMost(5.0)),
    target("back by sse", Measure::BackAfter, AtMost(5.0)),
    target("back by socket.io", Measure::BackAfter, AtMost(5.0)),
];

impl Bound {
    /// How many times worse than the bound `value` is; up to 1 it is met.
    fn excess(self, value: f64) -> f64 {
        match self {
            AtMost(bound) => value / bound,
            AtLeast(bound) => bound / value,
        }
    }
}

/// The targets of the rows in `samples`, each in a line.
///
/// # Errors
/// With those that are missed by far, and all that was lost.
pub(super) fn judge(samples: &Samples) -> Result<Vec<String>, String> {
    let (mut lines, mut far) = (Vec::new(), Vec::new());
    for (row, figures) in samples.rows() {
        for Target { measure, bound, .. } in TARGETS.iter().filter(|target| target.row == *row) {
            let Some(value) = figures.get(measure).and_then(|samples| median(samples)) else { continue };
            let line = line(row, *measure, *bound, value);
            if bound.excess(value) > FAR { far.push(line) } else { lines.push(line) }
        }
        let sum = |measure| figures.get(&measure).map_or(0.0, |samples| samples.iter().sum::<f64>());
        let (lost, not_recovered) = (sum(Measure::Lost), sum(Measure::NotRecovered));
        // What others lose is for the table.
        if lost + not_recovered > 0.0 && !row.starts_with("socket.io") {
            far.push(format!("{row}: {lost} messages lost, {not_recovered} clients not recovered"));
        }
    }
    if far.is_empty() { Ok(lines) } else { Err(far.join("; ")) }
}

fn line(row: &str, measure: Measure, bound: Bound, value: f64) -> String {
    let word = if bound.excess(value) <= 1.0 { "met" } else { "MISSED" };
    let (relation, bound) = match bound {
        AtMost(bound) => ("at most", bound),
        AtLeast(bound) => ("at least", bound),
    };
    let decimals = measure.decimals();
    format!("{word}: {row}, {}: {value:.decimals$}, {relation} {bound:.decimals$}", measure.head())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(row: &'static str, measure: Measure, value: f64) -> Result<Vec<String>, String> {
        let mut samples = Samples::default();
        samples.add(row, measure, value);
        judge(&samples)
    }

    #[test]
    fn a_target_is_met_missed_or_missed_by_far() {
        let verdict = |value| judged("two relays", Measure::Added50, value);
        assert_eq!(verdict(1.5).unwrap(), ["met: two relays, p50 added, ms: 1.50, at most 2.00"]);
        assert_eq!(verdict(2.5).unwrap(), ["MISSED: two relays, p50 added, ms: 2.50, at most 2.00"]);
        assert!(verdict(4.1).unwrap_err().starts_with("MISSED"));
    }

    #[test]
    fn a_rate_misses_by_being_low() {
        assert!(judged("bus", Measure::PublishesPerCore, 24_000.0).is_err());
    }

    #[test]
    fn a_loss_of_ours_fails_and_one_of_others_does_not() {
        assert!(judged("events", Measure::Lost, 1.0).is_err());
        assert!(judged("socket.io, streams", Measure::Lost, 1.0).is_ok());
    }
}
