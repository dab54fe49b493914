//! Which lines are written: by level, and more of what `DEBUG` names (conflict X-11).

use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::LogLevel;

/// What `DEBUG` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Debug {
    /// `false` or `0`: nothing.
    #[default]
    Off,
    /// `true` or `1`: the level DEBUG.
    On,
    /// Debug lines of parts of the relay, such as `socket.io:*,bus`.
    Parts(Vec<Part>),
}

/// One pattern of npm's `debug`: what comes before the first colon names a part of the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Without dots and in lower case, as modules are named: `socket.io` is `socketio`.
    name: String,
    /// Whether it ends with a star, and stands for what begins so.
    open: bool,
}

impl FromStr for Debug {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "" | "false" | "0" | "no" | "off" => Self::Off,
            "true" | "1" | "yes" | "on" => Self::On,
            patterns => {
                let parts = patterns.split([',', ' ']).filter(|pattern| !pattern.is_empty());
                Self::Parts(parts.map(Part::of).collect())
            }
        })
    }
}

impl Debug {
    fn names(&self, target: &str) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Parts(parts) => parts.iter().any(|part| part.names(target)),
        }
    }
}

impl Part {
    fn of(pattern: &str) -> Self {
        let (first, open) = match pattern.split_once(':') {
            Some((first, _)) => (first, false),
            None => (pattern, false),
        };
        let open = open || first.ends_with('*');
        let name = first.trim_end_matches('*').replace(['.', '-'], "");
        Self { name, open }
    }

    /// Whether a module of `target`, such as `relay::transport::socketio::poll`, has the name.
    fn names(&self, target: &str) -> bool {
        target
            .split("::")
            .any(|module| module == self.name || (self.open && module.starts_with(self.name.as_str())))
    }
}

/// The filter of a process; all that it asks is fixed for each place in the code, so that what is
/// not written costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) level: LogLevel,
    pub(super) debug: Debug,
}

impl Filter {
    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        // Deeper than DEBUG is for developers of libraries.
        *metadata.level() <= Level::DEBUG
            && (LogLevel::of(metadata) >= self.level || self.debug.names(metadata.target()))
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
        Some(match (self.level, &self.debug) {
            (LogLevel::Debug, _) | (_, Debug::On | Debug::Parts(_)) => LevelFilter::DEBUG,
            (LogLevel::Info, _) => LevelFilter::INFO,
            (LogLevel::Warning, _) => LevelFilter::WARN,
            (LogLevel::Error | LogLevel::Critical, _) => LevelFilter::ERROR,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(debug: &str, target: &str) -> bool {
        debug.parse::<Debug>().unwrap().names(target)
    }

    #[test]
    fn x11_a_switch_stands_for_all_or_nothing() {
        assert!(names("true", "relay::bus") && names("1", "relay::bus"));
        assert!(!names("false", "relay::bus") && !names("0", "relay::bus"));
    }

    #[test]
    fn x11_the_pattern_of_the_guide_stands_for_socketio() {
        for module in ["relay::transport::socketio::poll", "relay::profiles::socketio"] {
            assert!(names("socket.io:*", module), "{module}");
        }
        assert!(!names("socket.io:*", "relay::transport::ws"));
    }

    #[test]
    fn x11_patterns_are_a_list_and_may_begin_names() {
        assert!(names("socket.io:*,engine*", "relay::transport::engineio"));
        assert!(names("push, bus", "relay::bus::redis"));
        assert!(names("*", "hyper::client"));
    }
}
