//! Parses settings one by one and collects what is wrong with any of them.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::Source;
use super::setting::{Number, Setting, Switch, Text};

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

    fn set<K>(&self, setting: Setting<K>) -> Option<&'a str> {
        self.source.get(setting.name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text of a setting, if it is set and not empty.
    pub(super) fn text(&self, setting: Setting<Text>) -> Option<&'a str> {
        self.set(setting)
    }

    /// The text of a setting, or the default.
    pub(super) fn text_or_default(&self, setting: Setting<Text>) -> &'a str {
        self.set(setting).unwrap_or(setting.definition.kind.default)
    }

    /// The path that a setting holds.
    pub(super) fn path(&self, setting: Setting<Text>) -> Option<PathBuf> {
        self.set(setting).map(PathBuf::from)
    }

    /// The trimmed content of the file that a setting names.
    pub(super) fn content(&mut self, setting: Setting<Text>) -> Option<String> {
        let path = self.text(setting)?;
        let read = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
        read.map(|content| content.trim().to_owned()).map_err(|what| self.problem(setting, what)).ok()
    }

    /// A value of any kind; `default` is the one that the setting's entry tells of.
    pub(super) fn value<T: FromStr<Err: Display>>(&mut self, setting: Setting<Text>, default: T) -> T {
        let Some(text) = self.set(setting) else { return default };
        let parsed = text.parse().map_err(|error: T::Err| self.problem(setting, error));
        parsed.unwrap_or(default)
    }

    /// A whole number in its range.
    pub(super) fn number(&mut self, setting: Setting<Number>) -> u64 {
        self.number_or(setting, setting.definition.kind.default)
    }

    /// The same, with another default.
    pub(super) fn number_or(&mut self, setting: Setting<Number>, default: u64) -> u64 {
        let Some(text) = self.set(setting) else { return default };
        let Number { least, most, .. } = setting.definition.kind;
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.problem(setting, format!("{text:?} is not a whole number from {least} to {most}"));
                default
            }
        }
    }

    /// A whole number whose range fits 32 bits.
    pub(super) fn small(&mut self, setting: Setting<Number>) -> u32 {
        u32::try_from(self.number(setting)).unwrap_or(u32::MAX)
    }

    /// The same, with another default.
    pub(super) fn small_or(&mut self, setting: Setting<Number>, default: u32) -> u32 {
        u32::try_from(self.number_or(setting, u64::from(default))).unwrap_or(u32::MAX)
    }

    /// A number of things in memory.
    pub(super) fn size(&mut self, setting: Setting<Number>) -> usize {
        usize::try_from(self.number(setting)).unwrap_or(usize::MAX)
    }

    /// A time in seconds.
    pub(super) fn seconds(&mut self, setting: Setting<Number>) -> Duration {
        Duration::from_secs(self.number(setting))
    }

    /// A time in milliseconds.
    pub(super) fn milliseconds(&mut self, setting: Setting<Number>) -> Duration {
        Duration::from_millis(self.number(setting))
    }

    /// `true`, `false`, `1` or `0`.
    pub(super) fn switch(&mut self, setting: Setting<Switch>) -> bool {
        let default = setting.definition.kind.default;
        match self.set(setting).map(str::to_ascii_lowercase).as_deref() {
            None => default,
            Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => {
                self.problem(setting, format!("{other:?} is neither true nor false"));
                default
            }
        }
    }

    /// Notes a problem.
    pub(super) fn problem<K>(&mut self, setting: Setting<K>, what: impl Display) {
        self.problems.push(Problem { setting: setting.name.to_owned(), what: what.to_string() });
    }

    /// What was wrong.
    pub(super) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// `value`, unless there were problems.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Invalid> {
        if self.problems.is_empty() { Ok(value) } else { Err(Invalid(self.problems)) }
    }
}
