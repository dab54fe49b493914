//! Log lines: one JSON object a line on standard output, its `message` the exact text that the
//! guides tell people to search for (conflict X-12).
//!
//! Whoever logs never waits: lines go through bounded [queues](writer) to threads of their own.

mod file;
mod filter;
mod format;
mod level;
mod panics;
mod record;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, reload};

use self::file::LogFile;
use self::filter::Filter;
use self::record::Record;
use self::writer::Writer;

pub use format::LogFormat;
pub use level::CRITICAL;
pub use relay_contract::logs::LogLevel;
pub use writer::Lost;

/// Longest that the last lines are waited for.
const FLUSH: Duration = Duration::from_secs(1);

/// Changes what is written while the relay runs. The default changes nothing: for tests, which
/// install no logs.
#[derive(Clone, Debug, Default)]
pub struct LogControl {
    handle: Option<reload::Handle<Filter, Registry>>,
    writers: Vec<Writer>,
    lost: Arc<Lost>,
}

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be written to.
    #[error("LOG_FILE: {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system has no room for a thread.
    #[error("the thread that writes logs")]
    Thread(#[from] io::Error),
    /// Logging was started already.
    #[error(transparent)]
    Twice(#[from] TryInitError),
}

impl LogControl {
    /// Writes `level` and above from now on, and everything of the targets in `detailed`.
    pub fn set(&self, level: LogLevel, detailed: &[&'static str]) {
        if let Some(handle) = &self.handle {
            // Fails only after the subscriber is gone, when no line is written anyway.
            let _ = handle.reload(Filter { level, detailed: detailed.to_vec() });
        }
    }

    /// Lines that were lost since the start.
    pub fn lost(&self) -> Arc<Lost> {
        self.lost.clone()
    }

    /// Waits until the lines so far are written, for a second at most.
    pub fn flush(&self) {
        let deadline = Instant::now() + FLUSH;
        self.writers.iter().for_each(|writer| writer.flush(deadline));
    }
}

/// Starts logging for the process, to standard output and to `file`, panics included.
///
/// # Errors
/// [`LogError`], such as a file that cannot be written to.
pub fn start(
    format: LogFormat,
    level: LogLevel,
    detailed: &[&'static str],
    file: Option<&Path>,
) -> Result<LogControl, LogError> {
    let lost = Arc::<Lost>::default();
    let mut writers = vec![Writer::start(io::stdout(), lost.clone())?];
    if let Some(path) = file {
        let file = LogFile::open(path);
        let file = file.map_err(|source| LogError::File { path: path.to_owned(), source })?;
        writers.push(Writer::start(file, lost.clone())?);
    }
    let (filter, handle) = reload::Layer::new(Filter { level, detailed: detailed.to_vec() });
    let lines = Lines { format, writers: writers.clone() };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    panics::log();
    Ok(LogControl { handle: Some(handle), writers, lost })
}

/// Writes each event as a line.
struct Lines {
    format: LogFormat,
    writers: Vec<Writer>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = self.format.line(&Record::of(event));
        if let Some((last, others)) = self.writers.split_last() {
            others.iter().for_each(|writer| writer.line(line.clone()));
            last.line(line);
        }
    }
}
