//! `DEBUG`: a switch (requirement 000-13), or names of parts as programs of Node.js take them
//! (requirement 002-12, conflict X-11).

use super::known::observing::DEBUG;
use super::reader::Reader;

/// Parts, by the names that the reference server's log lines have, and the targets of ours.
const PARTS: [(&str, &[&str]); 2] = [
    ("socket.io", &["relay::transport::socketio", "relay::profiles::socketio"]),
    ("engine", &["relay::transport::engineio"]),
];

/// What is logged in detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Debug {
    /// Everything.
    pub all: bool,
    /// These targets.
    pub targets: Vec<&'static str>,
}

impl Debug {
    pub(super) fn parse(r: &mut Reader<'_>) -> Self {
        match r.text(DEBUG).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0") => Self::default(),
            Some("true" | "1") => Self { all: true, targets: Vec::new() },
            Some(patterns) => Self::of_patterns(patterns),
        }
    }

    /// A pattern that is no part of ours is of another program, and means nothing here.
    fn of_patterns(patterns: &str) -> Self {
        let mut debug = Self::default();
        for pattern in patterns.split([',', ' ']).filter(|pattern| !pattern.is_empty()) {
            let prefix = pattern.trim_end_matches(['*', ':']);
            debug.all |= pattern == "*";
            let parts = PARTS.iter().filter(|(name, _)| !prefix.is_empty() && prefix.starts_with(name));
            debug.targets.extend(parts.flat_map(|(_, targets)| targets.iter()));
        }
        debug
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Live, Source};

    fn debug(value: &'static str) -> Debug {
        Live::parse(&Source::new([("DEBUG", value)]).unwrap()).unwrap().debug
    }

    #[test]
    fn r002_12_x11_a_pattern_names_parts() {
        let expected = ["relay::transport::socketio", "relay::profiles::socketio"];
        assert_eq!(debug("socket.io:*").targets, expected);
        assert_eq!(debug("engine,socket.io*").targets.len(), 3);
    }

    #[test]
    fn x11_a_star_is_everything_and_a_foreign_pattern_nothing() {
        assert!(debug("*").all);
        assert_eq!(debug("express:*"), Debug::default());
    }
}
