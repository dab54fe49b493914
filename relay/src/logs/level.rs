//! Levels, by the words that the guides search for (requirements 000-13, 001-23 and 004-29).

use std::str::FromStr;

use tracing::{Level, Metadata};

/// Target of events that are CRITICAL: `tracing` itself has no such level.
pub const CRITICAL: &str = "relay::critical";

/// How severe a line is, or must be to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What helps to find a defect.
    Debug,
    /// What a person may want to know.
    #[default]
    Info,
    /// What a person should look at.
    Warning,
    /// What failed.
    Error,
    /// What must not happen, such as a panic.
    Critical,
}

impl LogLevel {
    /// The level of an event.
    pub(super) fn of(metadata: &Metadata<'_>) -> Self {
        match *metadata.level() {
            Level::ERROR if metadata.target() == CRITICAL => Self::Critical,
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warning,
            Level::INFO => Self::Info,
            Level::DEBUG | Level::TRACE => Self::Debug,
        }
    }

    /// The word in a line.
    pub(super) fn word(self) -> &'static str {
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
        let all = [Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];
        let named = all.into_iter().find(|level| level.word().eq_ignore_ascii_case(text));
        named.ok_or_else(|| format!("{text:?} is none of DEBUG, INFO, WARNING, ERROR, CRITICAL"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r000_13_the_five_words_are_levels_in_any_case() {
        let words = ["DEBUG", "info", "Warning", "ERROR", "critical"];
        let levels: Vec<LogLevel> = words.iter().map(|word| word.parse().unwrap()).collect();
        assert!(levels.is_sorted() && levels.len() == 5);
    }

    #[test]
    fn r000_13_another_word_is_told_what_is_possible() {
        assert!("loud".parse::<LogLevel>().unwrap_err().contains("WARNING"));
    }
}
