//! The command line.

use clap::{Parser, Subcommand};

use crate::backplane::BusOptions;

/// Measures the relay beside other servers.
#[derive(Debug, Parser)]
#[command(name = "relay-bench", version)]
pub(crate) struct Arguments {
    /// One run of shorter scenes, to see the direction of a change.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only subjects whose names contain one of these, such as `relay` or `nchan sse`; `backplane` is
    /// all parts with Redis.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Prints all samples as JSON in place of the table.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What this program does for itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves as the floor: sends each message to all sockets, and does nothing else.
    #[command(hide = true)]
    Floor {
        /// Where it listens, on the loopback interface.
        port: u16,
    },
    /// Serves as a process that has a bus and nothing else.
    #[command(hide = true)]
    Bus(BusOptions),
}

impl Arguments {
    /// Whether `name` is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(arguments: &[&str], name: &str) -> bool {
        Arguments::parse_from(["bench"].iter().chain(arguments)).wants(name)
    }

    #[test]
    fn all_subjects_are_measured_unless_some_are_named() {
        assert!(wants(&[], "nchan sse"));
        assert!(wants(&["--only", "relay", "--only", "nchan"], "nchan sse"));
        assert!(!wants(&["--only", "relay"], "nchan sse"));
    }
}
