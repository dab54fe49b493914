//! Real Python clients.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use super::packages;

/// Time in which a script must be done.
const PATIENCE: Duration = Duration::from_secs(40);

/// What `answer(url)`, an async function that `script` defines, returns as JSON; `address` is
/// where the server is.
pub(crate) async fn python(address: impl std::fmt::Display, script: &str) -> Value {
    let folder = tokio::task::spawn_blocking(packages::pip).await.unwrap();
    let run = "import asyncio, json, sys\nprint(json.dumps(asyncio.run(answer(sys.argv[1]))))\n";
    let output = tokio::process::Command::new("python3")
        .args(["-c", &format!("{script}\n{run}"), &address.to_string()])
        .env("PYTHONPATH", folder)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.expect("the script must end");
    let output = output.expect("Python must be installed (Debian's python3)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
