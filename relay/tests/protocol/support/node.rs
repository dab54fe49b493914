//! Real JavaScript clients, run by Node.js.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use super::packages;

/// Time in which a script must be done.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the script `script`, the body of an async function, returns. See `tests/js/run.js` for
/// what it can use; `address` is where the server is.
pub(crate) async fn node(address: impl std::fmt::Display, script: &str) -> Value {
    let modules = tokio::task::spawn_blocking(packages::npm).await.unwrap();
    let output = tokio::process::Command::new("node")
        .arg(packages::source("js").join("run.js"))
        .args([&format!("http://{address}"), script])
        .env("NODE_PATH", modules)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.expect("the script must end");
    let output = output.expect("Node.js must be installed (Debian's nodejs)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
