//! Real JavaScript clients, run by Node.js.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Time in which a script must be done.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the script `script`, the body of an async function, returns. See `tests/js/run.js` for
/// what it can use; `address` is where the server is.
pub(crate) async fn node(address: impl std::fmt::Display, script: &str) -> Value {
    let modules = tokio::task::spawn_blocking(modules).await.unwrap();
    let output = tokio::process::Command::new("node")
        .arg(source().join("run.js"))
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

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

/// The folder with the pinned packages, installed once for each content of the lock file.
fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let folder = cache().join(lock_hash());
        if !folder.exists() {
            install(&folder);
        }
        folder.join("node_modules")
    })
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME must be set")).join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("relay-operator/npm")
}

fn lock_hash() -> String {
    let lock = std::fs::read(source().join("package-lock.json")).unwrap();
    Sha256::digest(lock).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Installs beside the place and moves it there: another process may do the same.
fn install(folder: &Path) {
    let beside = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&beside).unwrap();
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source().join(file), beside.join(file)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&beside)
        .output()
        .expect("npm must be installed (Debian's npm)");
    assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
    if std::fs::rename(&beside, folder).is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    assert!(folder.exists(), "the packages must be in place");
}
