//! Scenarios in the browser.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::packages;

/// Seconds after which a scenario has failed.
const PATIENCE: &str = "90";

/// What the scenario in `file` saw, by the real binary of the relay.
pub(crate) fn play(file: &str) -> Value {
    let folder = packages::source("browser");
    // The signal lets the script take its browser and relays with it.
    let output = Command::new("timeout")
        .args(["--signal=TERM", "--kill-after=5", PATIENCE, "node"])
        .arg(folder.join("run.js"))
        .arg(env!("CARGO_BIN_EXE_relay"))
        .arg(folder.join(file))
        .env("NODE_PATH", packages::npm())
        .stdin(Stdio::null())
        .output()
        .expect("Node.js must be installed (Debian's nodejs)");
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
