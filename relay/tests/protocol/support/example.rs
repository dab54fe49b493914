//! The echo servers among the crate's examples.

use std::process::Stdio;
use std::sync::OnceLock;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::soon;

/// A running example; killed when dropped.
pub(crate) struct Example {
    _child: Child,
    /// `host:port`.
    pub(crate) address: String,
}

impl Example {
    pub(crate) async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        tokio::task::spawn_blocking(build).await.unwrap();
        let relay = std::path::Path::new(env!("CARGO_BIN_EXE_relay"));
        let mut child = Command::new(relay.with_file_name("examples").join(name))
            .env("PORT", "0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        soon(stdout.read_line(&mut line)).await.unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        Self { _child: child, address }
    }
}

/// Builds them once: a run of one test binary alone leaves them out.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        let built = cargo.args(["build", "--quiet", "--package", "relay", "--examples"]).status();
        assert!(built.unwrap().success(), "the examples must build");
    });
}
