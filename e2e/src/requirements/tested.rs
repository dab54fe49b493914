//! What `cargo test` said.

use super::id::{Id, of_test};

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not run.
    Ignored,
}

/// A test that names rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its path within its crate.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The rows that it names.
    pub rows: Vec<Id>,
}

/// The tests that name rows, from lines like `test a::b ... ok`.
pub(super) fn parse(output: &str) -> Vec<Test> {
    output.lines().filter_map(test).filter(|test| !test.rows.is_empty()).collect()
}

fn test(line: &str) -> Option<Test> {
    let (name, outcome) = line.trim().strip_prefix("test ")?.split_once(" ... ")?;
    let outcome = match outcome {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        outcome if outcome.starts_with("ignored") => Outcome::Ignored,
        _ => return None,
    };
    Some(Test { name: name.to_owned(), outcome, rows: of_test(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_name_rows_are_read_with_their_outcome() {
        let output = "\
running 4 tests
test dual::r004_01_a ... ok
test dual::r004_02_b ... FAILED
test r004_03_c ... ignored, takes an hour
test another ... ok
";
        let outcomes: Vec<_> = parse(output).into_iter().map(|test| test.outcome).collect();
        assert_eq!(outcomes, [Outcome::Passed, Outcome::Failed, Outcome::Ignored]);
    }
}
