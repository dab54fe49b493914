//! The real binary.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;

use super::{Client, http, soon};

/// A running `relay`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    pub(crate) port: u16,
    /// The port of its admin API.
    admin_port: u16,
}

impl Process {
    /// Starts the binary and waits until it listens.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        Self::begin(Command::new(env!("CARGO_BIN_EXE_relay")), settings).await
    }

    /// The same by a command that becomes the program which is its last argument.
    pub(crate) async fn start_by(command: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut wrapped = Command::new(command[0]);
        wrapped.args(&command[1..]).arg(env!("CARGO_BIN_EXE_relay"));
        Self::begin(wrapped, settings).await
    }

    async fn begin(mut command: Command, settings: &[(&str, &str)]) -> Self {
        let mut child = command
            .env_clear()
            .env("PORT", "0")
            .env("ADMIN_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let mut process = Self { child, lines, port: 0, admin_port: 0 };
        let started: Value = serde_json::from_str(&process.logs("Relay started").await).unwrap();
        let port = |name: &str| started[name].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        (process.port, process.admin_port) = (port("clients"), port("admin"));
        process
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// A file of its folder in proc(5).
    pub(crate) fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id().unwrap())).unwrap()
    }

    /// Bytes of memory that it has (`VmRSS`).
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever had (`VmHWM`).
    pub(crate) fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Processor time that it has used, in ticks of 10 ms (fields 14 and 15 of its `stat`).
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>();
        Duration::from_millis(ticks * 10)
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address of a path of its admin API.
    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin_port)
    }

    /// The admin API's status.
    pub(crate) async fn told(&self) -> Value {
        self.asked("/admin/v1/status").await.json().await.unwrap()
    }

    /// The answer to a `GET` of its admin API, which must come.
    pub(crate) async fn asked(&self, path: &str) -> reqwest::Response {
        http().get(self.admin_url(path)).send().await.unwrap()
    }

    /// A socket of `user`.
    pub(crate) async fn socket(&self, user: &str) -> Client {
        Client::connect(&format!("ws://127.0.0.1:{}/ws?user_id={user}", self.port)).await
    }

    /// Waits for a log line with `text` and returns it.
    pub(crate) async fn logs(&mut self, text: &str) -> String {
        loop {
            let line = soon(self.lines.recv()).await.expect("a log line instead of the end");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Asks it to stop.
    pub(crate) async fn terminate(&self) {
        self.signal("-TERM").await;
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) async fn signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    /// The exit code.
    pub(crate) async fn exit_code(mut self) -> Option<i32> {
        while soon(self.lines.recv()).await.is_some() {}
        soon(self.child.wait()).await.unwrap().code()
    }
}

/// What it prints, which is taken from it at once: a full pipe would hold it up.
fn lines_of(output: ChildStdout) -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut output = BufReader::new(output).lines();
        while let Ok(Some(line)) = output.next_line().await {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
