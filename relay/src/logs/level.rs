//! What the levels of `tracing` are called in a line.

use relay_contract::logs::LogLevel;
use tracing::{Level, Metadata};

/// Target of events that are CRITICAL: `tracing` itself has no such level.
pub const CRITICAL: &str = "relay::critical";

/// The level of an event.
pub(super) fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    match *metadata.level() {
        Level::ERROR if metadata.target() == CRITICAL => LogLevel::Critical,
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        Level::DEBUG | Level::TRACE => LogLevel::Debug,
    }
}
