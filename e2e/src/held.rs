//! Programs that end with this process, however it ends: each is held by a shell that waits for the
//! end of a pipe.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result};

/// Runs a program until its own input ends, then kills it.
const HOLD: &str = r#""$@" </dev/null & held=$!; read -r _; kill -9 $held; wait $held"#;

/// A program that lives no longer than this value, or than this process.
#[derive(Debug)]
pub(crate) struct Held {
    shell: Child,
}

impl Held {
    /// Starts a program that writes to `log`.
    pub(crate) fn start(program: &Path, flags: &[String], log: &Path) -> Result<Self> {
        let output = File::create(log).map_err(Error::file("create", log))?;
        let errors = output.try_clone().map_err(Error::file("open", log))?;
        let shell = Command::new("sh")
            .args(["-c", HOLD, "sh"])
            .arg(program)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Start { command: program.display().to_string(), source })?;
        Ok(Self { shell })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends at once after the program, which it kills.
        let _ = self.shell.wait();
    }
}
