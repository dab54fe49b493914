//! A command that stays on a terminal.

use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::room::PATIENCE;

/// A running command; killed when dropped.
pub(crate) struct Terminal {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
    command: String,
    /// What it has shown so far.
    seen: String,
}

impl Terminal {
    pub(crate) fn of(command: &mut Command, text: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { _child: child, input, output, command: text.to_owned(), seen: String::new() }
    }

    /// Waits until it has shown `expected`.
    pub(crate) async fn shows(&mut self, expected: &str) {
        let mut buffer = [0; 4096];
        while !self.seen.contains(expected) {
            let read = tokio::time::timeout(PATIENCE, self.output.read(&mut buffer)).await;
            let count = read.map_or(0, Result::unwrap);
            assert!(count > 0, "{}\nshows\n{}\nand not {expected:?}", self.command, self.seen);
            self.seen.push_str(&String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()));
        }
    }

    /// Waits until it shows `expected` once more.
    pub(crate) async fn shows_again(&mut self, expected: &str) {
        self.seen.clear();
        self.shows(expected).await;
    }

    /// Types a line.
    pub(crate) async fn types(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}
