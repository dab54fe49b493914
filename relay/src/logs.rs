//! Log lines: one JSON object a line on standard output, its `message` the exact text that the
//! guides tell people to search for (conflict X-12).

use std::io;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object.
    #[default]
    Json,
    /// Words for people.
    Text,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            other => Err(format!("{other:?} is neither json nor text")),
        }
    }
}

/// Least severe level that is written (requirement 000-13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// All.
    Debug,
    /// What a person may want to know.
    #[default]
    Info,
    /// What a person should look at.
    Warning,
    /// What failed.
    Error,
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" => Ok(Self::Warning),
            "ERROR" | "CRITICAL" => Ok(Self::Error),
            _ => Err(format!("{text:?} is none of DEBUG, INFO, WARNING, ERROR, CRITICAL")),
        }
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warning => Self::WARN,
            LogLevel::Error => Self::ERROR,
        }
    }
}

/// Changes the level while the relay runs. The default changes nothing: for tests, which install
/// no logs.
#[derive(Clone, Debug, Default)]
pub struct LogControl {
    handle: Option<reload::Handle<Targets, Registry>>,
}

impl LogControl {
    /// Writes `level` and above from now on, and everything of the targets in `detailed`.
    pub fn set(&self, level: LogLevel, detailed: &[&'static str]) {
        if let Some(handle) = &self.handle {
            // Fails only after the subscriber is gone, when no line is written anyway.
            let _ = handle.reload(filter(level, detailed));
        }
    }
}

fn filter(level: LogLevel, detailed: &[&'static str]) -> Targets {
    let detailed = detailed.iter().map(|target| (*target, LevelFilter::DEBUG));
    Targets::new().with_default(level).with_targets(detailed)
}

/// Starts logging for the process.
///
/// # Errors
/// If logging was started already.
pub fn start(
    format: LogFormat,
    level: LogLevel,
    detailed: &[&'static str],
) -> Result<LogControl, tracing_subscriber::util::TryInitError> {
    let (filter, handle) = reload::Layer::new(filter(level, detailed));
    let lines = match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(io::stdout)
            .boxed(),
        LogFormat::Text => fmt::layer().with_ansi(false).with_writer(io::stdout).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(LogControl { handle: Some(handle) })
}
