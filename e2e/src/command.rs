//! Running a tool to its end: with a limit on its time, and with its last words in the error.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Child, ExitStatus, Output, Stdio};
use std::time::Duration;

use crate::error::{Error, Result};

/// Status of coreutils' `timeout` when it ended the program.
const TIMED_OUT: i32 = 124;
/// Longest part of a program's output that an error repeats, in bytes.
const OUTPUT_LIMIT: usize = 2_000;

/// A program with its arguments, not started yet.
#[derive(Debug, Clone)]
pub struct Command {
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<OsString>,
    limit: Duration,
    foreground: bool,
}

impl Command {
    /// A program that is found on the `PATH`, or by its full path. Its limit is 60 seconds.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            arguments: vec![program.as_ref().into()],
            environment: Vec::new(),
            directory: None,
            limit: Duration::from_secs(60),
            foreground: false,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().into());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().into()));
        self
    }

    /// Sets a variable of the program's environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Sets the directory to run in.
    pub fn dir(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Keeps the program in the terminal's foreground, so that Ctrl-C ends it too: for a build that
    /// takes minutes. Its limit then ends the program alone, not what it has started.
    pub fn foreground(mut self) -> Self {
        self.foreground = true;
        self
    }

    /// Ends the program, and what it has started, after this time, with an error.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end and gives what it wrote to standard output.
    ///
    /// # Errors
    /// [`Error::Failed`] with the last lines of its output if its status is not zero.
    pub fn output(self) -> Result<String> {
        self.input("")
    }

    /// Runs to the end and drops what it wrote.
    pub fn run(self) -> Result<()> {
        self.output().map(drop)
    }

    /// Like [`Command::output`], with `input` as the program's standard input.
    pub fn input(self, input: &str) -> Result<String> {
        let output =
            self.collect(input).map_err(|source| Error::Start { command: self.to_string(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = if output.stderr.trim_ascii().is_empty() { &output.stdout } else { &output.stderr };
        Err(self.failure(output.status, &last_words(said)))
    }

    /// Runs to the end with this program's own standard input and output, for builds that show
    /// their progress themselves.
    pub fn run_visibly(self) -> Result<()> {
        let status = self.prepared().status();
        let status = status.map_err(|source| Error::Start { command: self.to_string(), source })?;
        if status.success() {
            return Ok(());
        }
        Err(self.failure(status, "see above"))
    }

    /// The arguments alone, program first, for a daemon that is started elsewhere.
    pub fn into_arguments(self) -> Vec<OsString> {
        self.arguments
    }

    fn collect(&self, input: &str) -> io::Result<Output> {
        let mut child = self.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input is no error.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    }

    fn spawn(&self) -> io::Result<Child> {
        self.prepared().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    fn prepared(&self) -> std::process::Command {
        let mut command = std::process::Command::new("timeout");
        if self.foreground {
            command.arg("--foreground");
        }
        command.arg("--kill-after=5").arg(self.limit.as_secs().max(1).to_string()).args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    fn failure(&self, status: ExitStatus, output: &str) -> Error {
        let status = match status.code() {
            Some(TIMED_OUT) => format!("ended after {} s", self.limit.as_secs()),
            _ => status.to_string(),
        };
        Error::Failed { command: self.to_string(), status, output: output.to_owned() }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.arguments.iter().map(|word| word.to_string_lossy()).collect();
        f.write_str(&words.join(" "))
    }
}

fn last_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let text = text.trim();
    let start = text.ceil_char_boundary(text.len().saturating_sub(OUTPUT_LIMIT));
    text.get(start..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command::new("sh").args(["-c", script])
    }

    #[test]
    fn what_a_program_writes_comes_back() {
        assert_eq!(shell("cat").input("words").unwrap(), "words");
    }

    #[test]
    fn the_error_of_a_program_that_failed_holds_its_last_words() {
        let error = shell("echo no such thing >&2; exit 3").run().unwrap_err().to_string();
        assert!(error.contains("no such thing") && error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let error = shell("sleep 60").limit(Duration::from_secs(1)).run().unwrap_err().to_string();
        assert!(error.contains("ended after 1 s"), "{error}");
    }
}
