//! A panic is a line like any other: CRITICAL, with a backtrace (requirement 004-29).
//!
//! A panic ends the task that it happens in, such as that of one connection, and no other.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use super::level::CRITICAL;

/// From now on panics are logged instead of being printed.
pub(super) fn log() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            target: CRITICAL,
            error_type = "system_error",
            error = text(panic),
            location = panic.location().map(tracing::field::display),
            thread = std::thread::current().name().unwrap_or("unnamed"),
            backtrace = %Backtrace::force_capture(),
            "Traceback of a panic: {}",
            text(panic)
        );
    }));
}

/// What was said; a panic may carry any value.
fn text<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    panic.payload_as_str().unwrap_or("no text")
}
