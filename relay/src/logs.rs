//! Log lines: one JSON object a line on standard output, its `message` the exact text that the
//! guides tell people to search for (conflict X-12).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt};
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

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Logging was started already.
    #[error(transparent)]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Standard output, and the end of `file`. A line that the file cannot take, as on a full disk,
/// is on standard output all the same.
fn writer(file: Option<&Path>) -> Result<BoxMakeWriter, LogError> {
    let Some(path) = file else { return Ok(BoxMakeWriter::new(io::stdout)) };
    let failed = |source| LogError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::options().create(true).append(true).open(path).map_err(failed)?;
    Ok(BoxMakeWriter::new(io::stdout.and(Arc::new(file))))
}

/// Starts logging for the process.
///
/// # Errors
/// If logging was started already, or the file cannot be written.
pub fn start(
    format: LogFormat,
    level: LogLevel,
    detailed: &[&'static str],
    file: Option<&Path>,
) -> Result<LogControl, LogError> {
    let (filter, handle) = reload::Layer::new(filter(level, detailed));
    let writer = writer(file)?;
    let lines = match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
        LogFormat::Text => fmt::layer().with_ansi(false).with_writer(writer).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(LogControl { handle: Some(handle) })
}
