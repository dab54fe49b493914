//! The operator's program as a process of its own, to which signals can be sent.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Runs a program, tells its process id, and kills it when its own input ends.
const HOLD: &str = r#""$@" </dev/null >&2 & echo $!; read -r _; kill -9 $! 2>/dev/null; wait $!"#;

/// Builds the program beside the tests, with what they were built with.
pub(super) fn build() -> Result<PathBuf> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--package", "relay-operator", "--bin", "relay-operator"])
        .status()
        .context("cargo build")?;
    ensure!(built.success(), "relay-operator was not built");
    let tests = std::env::current_exe()?;
    let directory = tests.parent().and_then(Path::parent).context("no target directory")?;
    Ok(directory.join("relay-operator"))
}

/// A running operator. It is killed when this is dropped, and when this process ends.
pub(super) struct Program {
    shell: Child,
    pid: Pid,
    /// What it logged.
    pub(super) log: PathBuf,
}

/// Whom an operator is, and where it works.
pub(super) struct Place<'a> {
    /// Its name in the election, and as whom it asks.
    pub(super) name: &'a str,
    /// Where its lease is, and the clusters that it looks after.
    pub(super) namespace: &'a str,
    /// For its files.
    pub(super) directory: &'a Path,
}

impl Program {
    /// Starts the operator with the rights of the administrator's kubeconfig.
    pub(super) fn start(program: &Path, kubeconfig: &Path, place: &Place<'_>) -> Result<Self> {
        let Place { name, namespace, directory } = place;
        let own = directory.join(format!("{namespace}-{name}.conf"));
        std::fs::write(&own, impersonating(kubeconfig, name)?)?;
        let log = directory.join(format!("{namespace}-{name}.log"));
        let mut shell = Command::new("sh")
            .args(["-c", HOLD, "sh"])
            .arg(program)
            .args(["run", "--listen", "127.0.0.1:0", "--log-format", "text"])
            .env("KUBECONFIG", own)
            .env("POD_NAME", name)
            .env("POD_NAMESPACE", namespace)
            .env("WATCH_NAMESPACE", namespace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut line = String::new();
        let output = shell.stdout.take().context("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self { shell, pid: Pid::from_raw(line.trim().parse()?), log })
    }

    /// Sends it a signal.
    pub(super) fn send(&self, signal: Signal) -> Result<()> {
        kill(self.pid, signal).with_context(|| format!("{signal} to {}", self.pid))
    }

    /// Whether it is still there; one that ended is not, though nobody has asked for its status.
    pub(super) fn runs(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends at once after the program, which it kills.
        let _ = self.shell.wait();
    }
}

/// The administrator's kubeconfig, by which the audit log has another name.
fn impersonating(kubeconfig: &Path, name: &str) -> Result<String> {
    let mut config: Value = serde_json::from_slice(&std::fs::read(kubeconfig)?)?;
    let user = config.pointer_mut("/users/0/user").context("no user")?;
    user["as"] = json!(name);
    user["as-groups"] = json!(["system:masters"]);
    Ok(config.to_string())
}
