//! Which requirement is proven by which test: the table of `docs/requirements.md` beside what
//! `cargo test` said. Pure: both are text.

pub mod again;
mod id;
mod table;
mod tested;

use std::fmt;

pub use id::Id;
pub use table::Row;
pub use tested::{Outcome, Test};

/// How far a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A test of it passed, and none failed.
    Proven,
    /// It is not built, and the table says why.
    NotBuilt,
    /// A test of it failed.
    Failed,
    /// All its tests were left out of the run.
    NotRun,
    /// It has neither a test nor a reason.
    Missing,
}

impl State {
    /// Whether nothing has to be done.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Proven | Self::NotBuilt)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Proven => "ok",
            Self::NotBuilt => "not built",
            Self::Failed => "FAILED",
            Self::NotRun => "NOT RUN",
            Self::Missing => "NO TEST",
        }
    }
}

/// Rows with their tests.
#[derive(Debug)]
pub struct Report {
    rows: Vec<(Row, State, Vec<Test>)>,
    /// Tests that name rows which the table does not have, or has twice.
    strays: Vec<(Id, String)>,
    /// Whether rows that are good are shown, too.
    whole: bool,
}

impl Report {
    /// Joins the table and the output of `cargo test`.
    pub fn new(document: &str, output: &str, whole: bool) -> Self {
        let (rows, tests) = (table::parse(document), tested::parse(output));
        let strays =
            tests.iter().flat_map(|test| test.rows.iter().map(move |id| (id.clone(), test.name.clone())));
        let strays = strays.filter(|(id, _)| rows.iter().filter(|row| row.id == *id).count() != 1).collect();
        let rows = rows.into_iter().map(|row| {
            let tests: Vec<_> = tests.iter().filter(|test| test.rows.contains(&row.id)).cloned().collect();
            (state(&row, &tests), row, tests)
        });
        Self { rows: rows.map(|(state, row, tests)| (row, state, tests)).collect(), strays, whole }
    }

    /// Whether each row is proven or has its reason, and each test names rows that there are.
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty()
            && self.strays.is_empty()
            && self.rows.iter().all(|(_, state, _)| state.is_good())
    }

    fn count(&self, of: State) -> usize {
        self.rows.iter().filter(|(_, state, _)| *state == of).count()
    }
}

fn state(row: &Row, tests: &[Test]) -> State {
    let any = |outcome: Outcome| tests.iter().any(|test| test.outcome == outcome);
    match row.reason {
        _ if any(Outcome::Failed) => State::Failed,
        _ if any(Outcome::Passed) => State::Proven,
        _ if any(Outcome::Ignored) => State::NotRun,
        Some(_) => State::NotBuilt,
        None => State::Missing,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (row, state, tests) in self.rows.iter().filter(|(_, state, _)| self.whole || !state.is_good()) {
            writeln!(f, "{}  {:<9}  {}: {}", row.id, state.word(), row.kind, row.what)?;
            if let Some(reason) = &row.reason {
                writeln!(f, "{:19}because {reason}", "")?;
            }
            for Test { name, outcome, .. } in tests {
                let word = if *outcome == Outcome::Passed { "" } else { "  <- not passed" };
                writeln!(f, "{:19}{name}{word}", "")?;
            }
        }
        for (id, name) in &self.strays {
            writeln!(f, "{id}  is named by {name}, but is not one row of the table")?;
        }
        write!(f, "{} rows:", self.rows.len())?;
        for state in [State::Proven, State::NotBuilt, State::Failed, State::NotRun, State::Missing] {
            write!(
                f,
                " {} {}{}",
                self.count(state),
                state.word(),
                if state == State::Missing { "" } else { "," }
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| 000-01 | route | opens |\n| 000-02 | rule | refuses |\n";

    fn report(output: &str) -> Report {
        Report::new(TABLE, output, true)
    }

    #[test]
    fn rows_with_tests_that_passed_are_good() {
        assert!(report("test r000_01_and_02_a ... ok\n").is_good());
    }

    #[test]
    fn a_row_without_a_test_is_not() {
        let report = report("test r000_01_a ... ok\n");
        assert_eq!((report.is_good(), report.count(State::Missing)), (false, 1));
    }

    #[test]
    fn a_row_with_a_reason_needs_no_test() {
        let table = format!("{TABLE}| 000-02 | nobody wants it |\n");
        assert!(Report::new(&table, "test r000_01_a ... ok\n", true).is_good());
    }

    #[test]
    fn one_failed_test_is_enough() {
        let output = "test r000_01_a ... ok\ntest r000_01_b ... FAILED\ntest r000_02_c ... ok\n";
        assert_eq!(report(output).count(State::Failed), 1);
    }

    #[test]
    fn a_test_that_is_left_out_proves_nothing() {
        assert_eq!(report("test r000_01_a ... ignored\n").count(State::NotRun), 1);
    }

    #[test]
    fn a_test_of_a_row_that_is_not_there_is_told() {
        let report = report("test r000_01_to_03_a ... ok\n");
        assert!(
            !report.is_good() && report.to_string().contains("000-03  is named by r000_01_to_03_a"),
            "{report}"
        );
    }

    #[test]
    fn an_empty_table_is_not_good() {
        assert!(!Report::new("", "", true).is_good());
    }
}
