//! Levels of logs, by the words that the guides search for (requirements 000-13, 001-23 and 004-29).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How important a line of a log is.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens in normal operation.
    #[default]
    Info,
    /// What somebody should look at some day.
    Warning,
    /// What went wrong.
    Error,
    /// What ends the process.
    Critical,
}

impl LogLevel {
    /// All of them, the least important first.
    const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The word in a line, and in [`LOG_LEVEL`](crate::settings::LOG_LEVEL).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
        named.ok_or_else(|| format!("{text:?} is none of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r000_13_the_five_words_are_levels_in_any_case() {
        let words = ["DEBUG", "info", "Warning", "ERROR", "critical"];
        let levels: Vec<LogLevel> = words.iter().map(|word| word.parse().unwrap()).collect();
        assert_eq!(levels, LogLevel::ALL);
        assert!(levels.is_sorted());
    }

    #[test]
    fn r000_13_another_word_is_told_what_is_possible() {
        assert!("loud".parse::<LogLevel>().unwrap_err().ends_with("DEBUG, INFO, WARNING, ERROR, CRITICAL"));
    }
}
