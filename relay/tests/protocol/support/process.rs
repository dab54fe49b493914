//! The real binary.

use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::soon;

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running `relay`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) port: u16,
}

impl Process {
    /// Starts the binary and waits until it listens.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relay"))
            .env_clear()
            .env("PORT", "0")
            .env("ADMIN_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, lines, port: 0 };
        let started: Value = serde_json::from_str(&process.logs("Relay started").await).unwrap();
        let address = started["clients"].as_str().unwrap().rsplit(':').next().unwrap();
        process.port = address.parse().unwrap();
        process
    }

    /// Waits for a log line with `text` and returns it.
    pub(crate) async fn logs(&mut self, text: &str) -> String {
        loop {
            let line = soon(self.lines.next_line()).await.unwrap().expect("a log line instead of the end");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Asks it to stop.
    pub(crate) async fn terminate(&self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    }

    /// The exit code.
    pub(crate) async fn exit_code(mut self) -> Option<i32> {
        let mut rest = String::new();
        let mut lines = self.lines.into_inner();
        soon(lines.read_to_string(&mut rest)).await.unwrap();
        soon(self.child.wait()).await.unwrap().code()
    }
}
