//! The outcome: a table for people, or all samples for programs.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::measure::{Measure, Row, Samples};
use super::median::median;

/// The medians in the form of a Markdown table; a column that nobody has a figure for is left out.
pub(crate) fn table(samples: &Samples) -> String {
    let subjects = samples.rows();
    let measures: Vec<_> = Measure::ALL
        .into_iter()
        .filter(|measure| subjects.iter().any(|(_, row)| row.contains_key(measure)))
        .collect();
    let heads = measures.iter().map(|measure| measure.head());
    let mut rows = vec![std::iter::once("").chain(heads).map(str::to_owned).collect()];
    rows.extend(subjects.iter().map(|(name, samples)| row(name, &measures, samples)));
    markdown(&rows)
}

/// Rows in the form of a Markdown table; the first one is its head.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<_> = (0..columns).map(|column| width(rows, column)).collect();
    let mut lines: Vec<_> = rows.iter().map(|row| line(row, &widths)).collect();
    let rule = widths.iter().map(|width| format!("{:-<width$}", "")).collect::<Vec<_>>();
    lines.insert(1, line(&rule, &widths));
    lines.concat()
}

fn row(name: &str, measures: &[Measure], samples: &Row) -> Vec<String> {
    let cells =
        measures.iter().map(|measure| samples.get(measure).map_or(String::new(), |s| cell(*measure, s)));
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// What went wrong did, in however many runs: it has a sum and no median.
fn cell(measure: Measure, samples: &[f64]) -> String {
    let value = match measure {
        Measure::Lost | Measure::Twice | Measure::NotRecovered => Some(samples.iter().sum()),
        _ => median(samples),
    };
    value.map_or(String::new(), |value| format!("{value:.*}", measure.decimals()))
}

fn width(rows: &[Vec<String>], column: usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::from("|");
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let padded = if column == 0 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") };
        line.push_str(&padded);
    }
    line + "\n"
}

/// All samples of tables, by table, subject and measure.
///
/// # Errors
/// If a figure is no number.
pub(crate) fn json<'a>(tables: impl Iterator<Item = (&'a str, &'a Samples)>) -> Result<String> {
    let tables: BTreeMap<_, _> = tables.map(|(name, samples)| (name, by_subject(samples))).collect();
    Ok(serde_json::to_string_pretty(&tables)?)
}

fn by_subject(samples: &Samples) -> BTreeMap<&str, Vec<Value>> {
    let of = |(measure, samples): (&Measure, &Vec<f64>)| json!({ "measure": measure, "median": median(samples), "samples": samples });
    samples.rows().iter().map(|(name, measures)| (*name, measures.iter().map(of).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Samples {
        let mut samples = Samples::default();
        for value in [3.0, 1.0, 2.0] {
            samples.add("relay websocket", Measure::IdleMemory, value);
            samples.add("ws", Measure::Lost, value);
        }
        samples
    }

    #[test]
    fn the_table_has_medians_and_what_was_lost_altogether() {
        let expected = "\
|                 | idle, KB | lost |
| --------------- | -------- | ---- |
| relay websocket |     2.00 |      |
| ws              |          |    6 |
";
        assert_eq!(table(&samples()), expected);
    }

    #[test]
    fn the_json_has_every_sample() {
        let parsed: serde_json::Value =
            serde_json::from_str(&json(std::iter::once(("all", &samples()))).unwrap()).unwrap();
        assert_eq!(parsed["all"]["ws"][0]["samples"], serde_json::json!([3.0, 1.0, 2.0]));
    }
}
