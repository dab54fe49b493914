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

/// What the medians of a part say about its targets.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Each target beside its figure: what, the figure, the bound, and whether it is met.
    pub(crate) rows: Vec<Vec<String>>,
    /// Targets that are missed by far, and all that was lost.
    pub(crate) failures: Vec<String>,
}

impl Verdict {
    /// Head of the [rows](Self::rows).
    pub(crate) fn head() -> Vec<String> {
        ["target", "figure", "bound", "met"].map(str::to_owned).into()
    }
}

/// Compares the rows in `samples` with their targets.
pub(super) fn judge(samples: &Samples) -> Verdict {
    let mut verdict = Verdict::default();
    for (row, figures) in samples.rows() {
        for Target { measure, bound, .. } in TARGETS.iter().filter(|target| target.row == *row) {
            let Some(value) = figures.get(measure).and_then(|samples| median(samples)) else { continue };
            let line = line(row, *measure, *bound, value);
            if bound.excess(value) > FAR {
                verdict.failures.push(line.join(" "));
            }
            verdict.rows.push(line);
        }
        let sum = |measure| figures.get(&measure).map_or(0.0, |samples| samples.iter().sum::<f64>());
        let (lost, not_recovered) = (sum(Measure::Lost), sum(Measure::NotRecovered));
        // What others lose is for the table.
        if lost + not_recovered > 0.0 && !row.starts_with("socket.io") {
            let failure = format!("{row}: {lost} messages lost, {not_recovered} clients not recovered");
            verdict.failures.push(failure);
        }
    }
    verdict
}

fn line(row: &str, measure: Measure, bound: Bound, value: f64) -> Vec<String> {
    let met = if bound.excess(value) <= 1.0 { "yes" } else { "NO" };
    let (relation, bound) = match bound {
        AtMost(bound) => ("at most", bound),
        AtLeast(bound) => ("at least", bound),
    };
    let decimals = measure.decimals();
    vec![
        format!("{row}: {}", measure.head()),
        format!("{value:.decimals$}"),
        format!("{relation} {bound:.decimals$}"),
        met.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(row: &'static str, measure: Measure, value: f64) -> Verdict {
        let mut samples = Samples::default();
        samples.add(row, measure, value);
        judge(&samples)
    }

    #[test]
    fn a_target_stands_beside_its_figure_met_or_not() {
        let rows = |value| judged("two relays", Measure::Added50, value).rows;
        assert_eq!(rows(1.5), [["two relays: p50 added, ms", "1.50", "at most 2.00", "yes"]]);
        assert_eq!(rows(2.5), [["two relays: p50 added, ms", "2.50", "at most 2.00", "NO"]]);
    }

    #[test]
    fn a_target_that_is_missed_by_far_fails() {
        let failures = |value| judged("two relays", Measure::Added50, value).failures.len();
        assert_eq!((failures(2.5), failures(4.1)), (0, 1));
    }

    #[test]
    fn a_rate_misses_by_being_low() {
        assert_eq!(judged("bus", Measure::PublishesPerCore, 24_000.0).failures.len(), 1);
    }

    #[test]
    fn a_loss_of_ours_fails_and_one_of_others_does_not() {
        let failures = |row| judged(row, Measure::Lost, 1.0).failures.len();
        assert_eq!((failures("events"), failures("socket.io, streams")), (1, 0));
    }
}
