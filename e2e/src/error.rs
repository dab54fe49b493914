//! What can go wrong while a cluster or an image is made. Every variant names the object that it
//! is about, so that its message alone tells a person where to look.

use std::io;
use std::path::{Path, PathBuf};

/// Result of everything in this crate that touches the machine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the machine, of a tool, or of a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File {
        /// What was tried, as a verb: `read`, `write`, `lock`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The program and its arguments.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("`{command}` failed ({status}): {output}")]
    Failed {
        /// The program and its arguments.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        output: String,
    },
    /// A program that has to keep running has ended.
    #[error("{name} ended ({status}); its log is {log}", log = log.display())]
    Ended {
        /// Which daemon.
        name: String,
        /// How it ended.
        status: String,
        /// Where it logged.
        log: PathBuf,
    },
    /// A wait reached its limit.
    #[error("waited {seconds} s for {what}; read {log}", log = log.display())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// The limit in seconds.
        seconds: u64,
        /// The log that should say why.
        log: PathBuf,
    },
    /// The machine lacks something that this program does not install.
    #[error("{0}")]
    Prerequisite(String),
    /// There is no cluster to work on.
    #[error("{0}")]
    NoCluster(String),
    /// A certificate could not be made.
    #[error("cannot make the certificate of {subject}: {source}")]
    Certificate {
        /// Whose certificate.
        subject: &'static str,
        /// What the generator said.
        source: rcgen::Error,
    },
    /// A document could not be written or understood.
    #[error("{what} is not as expected: {source}")]
    Document {
        /// Which document.
        what: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// No client could be made for the cluster's API.
    #[error("cannot make a client for the cluster: {0}")]
    Client(String),
}

impl Error {
    /// A closure for `map_err` that says which file operation failed.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// A closure for `map_err` that says which document is malformed.
    pub fn document(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Document { what, source }
    }
}
