//! Parses settings one by one and collects what is wrong with any of them.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Source;

/// One setting and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the setting.
    pub setting: String,
    /// What is wrong; never the value of a secret.
    pub what: String,
}

/// All that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<Problem>);

impl Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", problem.setting, problem.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Reads values from a source; a bad one becomes a problem and its default.
pub(super) struct Reader<'a> {
    source: &'a Source,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// The text of a setting, if it is set and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.source.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// A value of any kind.
    pub(super) fn value<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// A value of any kind that need not be there.
    pub(super) fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let parsed = self.text(name)?.parse();
        parsed.map_err(|error: T::Err| self.problem(name, error)).ok()
    }

    /// A whole number in `range`.
    pub(super) fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (low, high) = (range.start(), range.end());
                self.problem(name, format!("{text:?} is not a whole number from {low} to {high}"));
                default
            }
        }
    }

    /// As [`number`](Self::number), where the range fits 32 bits.
    pub(super) fn small(&mut self, name: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        u32::try_from(self.number(name, u64::from(default), range)).unwrap_or(default)
    }

    /// `true`, `false`, `1` or `0`; not set is `false`.
    pub(super) fn switch(&mut self, name: &str) -> bool {
        self.switch_or(name, false)
    }

    /// `true`, `false`, `1` or `0`.
    pub(super) fn switch_or(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => default,
            Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => {
                self.problem(name, format!("{other:?} is neither true nor false"));
                default
            }
        }
    }

    /// Notes a problem.
    pub(super) fn problem(&mut self, name: &str, what: impl Display) {
        self.problems.push(Problem { setting: name.to_owned(), what: what.to_string() });
    }

    /// `value`, unless there were problems.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Invalid> {
        if self.problems.is_empty() { Ok(value) } else { Err(Invalid(self.problems)) }
    }
}
