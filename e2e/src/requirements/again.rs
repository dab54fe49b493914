//! Tests that failed among others, and are given one more chance alone.
//!
//! A machine that is busy can make a test with real clients and processes fail. What passes alone
//! is named as flaky for somebody to mend; what fails again, and more than [`MOST`] failures, fail
//! the run.

/// Failures of one run that may be the machine's fault.
pub const MOST: usize = 3;

/// The names of the tests that failed, from lines like `test a::b ... FAILED`.
pub fn failed(output: &str) -> Vec<&str> {
    named(output, "FAILED").collect()
}

/// Whether each program of tests came to its end: one that is killed names nobody.
pub fn is_whole(output: &str) -> bool {
    let begun = output.lines().filter(|line| line.starts_with("running ") && line.contains(" test")).count();
    begun == output.lines().filter(|line| line.starts_with("test result: ")).count()
}

/// Those of `names` that did not pass in `output`.
pub fn still_failed<'a>(names: &[&'a str], output: &str) -> Vec<&'a str> {
    let failed_again = failed(output);
    let passed: Vec<_> = named(output, "ok").collect();
    names.iter().copied().filter(|name| failed_again.contains(name) || !passed.contains(name)).collect()
}

/// What the first run said but for its failures, and what the second said.
pub fn joined(first: &str, second: &str) -> String {
    let kept = first.lines().filter(|line| outcome(line).is_none_or(|(_, outcome)| outcome != "FAILED"));
    kept.chain(second.lines()).flat_map(|line| [line, "\n"]).collect()
}

fn named<'a>(output: &'a str, wanted: &str) -> impl Iterator<Item = &'a str> {
    output.lines().filter_map(outcome).filter(move |(_, outcome)| *outcome == wanted).map(|(name, _)| name)
}

fn outcome(line: &str) -> Option<(&str, &str)> {
    line.trim().strip_prefix("test ")?.split_once(" ... ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str =
        "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest result: FAILED. 1 passed; 1 failed\n";

    #[test]
    fn failed_tests_are_named() {
        assert_eq!(failed(FIRST), ["a::c"]);
    }

    #[test]
    fn a_program_that_was_killed_is_noticed() {
        assert!(is_whole(FIRST));
        assert!(!is_whole(&format!("{FIRST}running 1 test\n")));
    }

    #[test]
    fn a_test_that_passes_alone_is_no_failure() {
        assert_eq!(still_failed(&["a::c"], "test a::c ... ok\n"), Vec::<&str>::new());
    }

    #[test]
    fn a_test_that_was_not_run_again_still_failed() {
        assert_eq!(still_failed(&["a::c"], "running 0 tests\n"), ["a::c"]);
    }

    #[test]
    fn a_test_that_fails_in_one_of_two_crates_still_failed() {
        assert_eq!(still_failed(&["a::c"], "test a::c ... ok\ntest a::c ... FAILED\n"), ["a::c"]);
    }

    #[test]
    fn the_second_outcome_stands_for_the_first() {
        let joined = joined(FIRST, "test a::c ... ok\n");
        assert_eq!((failed(&joined).len(), named(&joined, "ok").count()), (0, 2));
    }
}
