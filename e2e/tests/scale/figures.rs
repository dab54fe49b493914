//! What was measured beside what was promised.

use std::time::Duration;

use anyhow::{Result, ensure};

/// Rows of the table, and which of them miss their target.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<String>,
    missed: Vec<String>,
}

impl Figures {
    /// A figure without a target.
    pub(crate) fn tell(&mut self, what: &str, figure: impl std::fmt::Display) {
        let row = format!("| {what} | {figure} | |");
        println!("{row}");
        self.rows.push(row);
    }

    /// A figure that is to be at most `most`.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, most: f64, unit: &str) {
        let row = format!("| {what} | {figure:.1} {unit} | {most} {unit} |");
        println!("{row}");
        if figure > most {
            self.missed.push(row.clone());
        }
        self.rows.push(row);
    }

    /// Prints the table; fails when a target is missed.
    pub(crate) fn conclude(self, title: &str) -> Result<()> {
        println!(
            "\n{title}\n\n| figure | measured | at most |\n| --- | --- | --- |\n{}",
            self.rows.join("\n")
        );
        ensure!(self.missed.is_empty(), "targets missed:\n{}", self.missed.join("\n"));
        Ok(())
    }
}

/// The time within which so many of a hundred were done.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(rank).map(Duration::as_secs_f64).unwrap_or_default()
}

/// As text: median, p99 and the longest.
pub(crate) fn spread(times: &[Duration]) -> String {
    let [p50, p99, most] = [50, 99, 100].map(|percent| percentile(times, percent));
    format!("p50 {p50:.2} s, p99 {p99:.2} s, max {most:.2} s")
}
