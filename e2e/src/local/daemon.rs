//! Programs that keep running after the one that started them has ended.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::cgroup;
use super::layout::Layout;
use crate::error::{Error, Result};

/// Enters the cluster's group, then becomes the program in a session of its own: a closed terminal
/// or Ctrl-C does not reach it.
const ENTER_AND_RUN: &str = r#"echo 0 >"$1" && shift && exec setsid "$@""#;

/// A running daemon. Dropping this value leaves it running.
#[derive(Debug)]
pub(super) struct Daemon {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Daemon {
    /// Starts a program in the cluster's group, with a log of its own.
    pub(super) fn start(layout: &Layout, name: &str, arguments: &[OsString]) -> Result<Self> {
        let log = layout.log(name);
        let output = File::create(&log).map_err(Error::file("create", &log))?;
        let errors = output.try_clone().map_err(Error::file("open", &log))?;
        let child = Command::new("sh")
            .args(["-c", ENTER_AND_RUN, "sh"])
            .arg(cgroup::daemons_entry(layout))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Start { command: name.to_owned(), source })?;
        Ok(Self { name: name.to_owned(), log, child })
    }

    /// Its process, which stays the same from the first shell to the program.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it logs.
    pub(super) fn log(&self) -> &PathBuf {
        &self.log
    }

    /// Checks that it still runs.
    ///
    /// # Errors
    /// [`Error::Ended`] with the name of its log.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status.to_string())),
            Err(error) => Err(self.ended(error.to_string())),
        }
    }

    fn ended(&self, status: String) -> Error {
        Error::Ended { name: self.name.clone(), status, log: self.log.clone() }
    }
}
