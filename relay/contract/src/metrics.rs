//! How a metric is described, alike for the relay and the operator: what `docs/metrics.md` has of it.

use std::fmt;

/// Type of a metric, as Prometheus has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, until its process ends.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Observations in buckets, with `_bucket`, `_sum` and `_count`.
    Histogram,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

/// A metric that a program has registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its whole name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// What it tells.
    pub help: String,
}

impl Metric {
    /// Its unit, which stands at the end of its name; empty for plain numbers.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        let name = self.name.strip_suffix("_total").unwrap_or(&self.name);
        let units = [("_milliseconds", "ms"), ("_seconds", "s"), ("_bytes", "bytes"), ("_per_second", "1/s")];
        units.into_iter().find(|(suffix, _)| name.ends_with(suffix)).map_or("", |(_, unit)| unit)
    }
}

/// A chapter of `docs/metrics.md`: a heading, a line about the program, and its metrics by name.
#[must_use]
pub fn chapter(heading: &str, about: &str, mut metrics: Vec<Metric>) -> String {
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    let rows: String = metrics.iter().map(row).collect();
    let head = "| metric | type | labels | unit | what it tells |\n| --- | --- | --- | --- | --- |\n";
    format!("## {heading}\n\n{about}\n\n{head}{rows}")
}

fn row(metric: &Metric) -> String {
    let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let Metric { name, kind, help, .. } = metric;
    let help = help.trim_end_matches('.');
    format!("| `{name}` | {kind} | {} | {} | {help} |\n", labels.join(", "), metric.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> Metric {
        Metric { name: name.into(), kind: Kind::Counter, labels: vec!["a".into()], help: "It.".into() }
    }

    #[test]
    fn the_unit_is_read_off_the_name() {
        let cases = [
            ("a_bytes_total", "bytes"),
            ("a_seconds", "s"),
            ("a_lag_milliseconds", "ms"),
            ("a_per_second", "1/s"),
            ("a_total", ""),
        ];
        for (name, unit) in cases {
            assert_eq!((name, metric(name).unit()), (name, unit));
        }
    }

    #[test]
    fn a_chapter_has_a_row_for_each_metric_in_order() {
        let chapter = chapter("A", "Of a.", vec![metric("b_total"), metric("a_total")]);
        let rows: Vec<_> = chapter.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows, ["| `a_total` | counter | `a` |  | It |", "| `b_total` | counter | `a` |  | It |"]);
    }
}
