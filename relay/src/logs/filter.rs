//! Which lines are written: by level, and more of what `DEBUG` names (conflict X-11).

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::LogLevel;
use super::level::level_of;

/// The filter of a process; all that it asks is fixed for each place in the code, so that what is
/// not written costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) level: LogLevel,
    /// Targets whose debug lines are written, whatever the level.
    pub(super) detailed: Vec<&'static str>,
}

impl Filter {
    fn names(&self, target: &str) -> bool {
        self.detailed.iter().any(|detailed| target.starts_with(detailed))
    }

    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        // Deeper than DEBUG is for developers of libraries.
        *metadata.level() <= Level::DEBUG
            && (level_of(metadata) >= self.level || self.names(metadata.target()))
    }
}

impl<S: Subscriber> Layer<S> for Filter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.passes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.passes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.level {
            _ if !self.detailed.is_empty() => LevelFilter::DEBUG,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x11_a_target_in_detail_has_its_modules() {
        let filter = Filter { level: LogLevel::Error, detailed: vec!["relay::transport::socketio"] };
        assert!(filter.names("relay::transport::socketio::poll") && !filter.names("relay::transport::ws"));
        assert_eq!(Layer::<tracing_subscriber::Registry>::max_level_hint(&filter), Some(LevelFilter::DEBUG));
    }
}
