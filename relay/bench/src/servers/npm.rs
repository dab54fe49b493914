//! Servers in Node.js, and their pinned packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::process::{Place, Server};

/// Scripts and lists of packages.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// Starts a script of `peers/`, which gets its port as an argument, and `arguments` behind it.
pub(super) fn start(script: &str, arguments: &[&str]) -> Result<Server> {
    let place = Place::new()?;
    let mut command = Command::new("node");
    command.arg(Path::new(PEERS).join(script)).arg(place.port.to_string()).args(arguments);
    command.env("NODE_ENV", "production").env("NODE_PATH", install()?.join("node_modules"));
    Server::start(place, &mut command).context("Node.js (Debian: nodejs)")
}

/// Installs the packages, once for each content of the lock file. Gives their folder.
///
/// # Errors
/// What npm says.
pub(crate) fn install() -> Result<&'static Path> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(folder) = FOLDER.get() {
        return Ok(folder);
    }
    let folder = cache()?.join(lock_hash()?);
    if !folder.exists() {
        npm_ci(&folder)?;
    }
    Ok(FOLDER.get_or_init(|| folder))
}

fn cache() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("relay-operator/npm-bench"))
}

fn lock_hash() -> Result<String> {
    let lock = std::fs::read(Path::new(PEERS).join("package-lock.json"))?;
    Ok(Sha256::digest(lock).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Installs beside the place and moves it there, so that half an installation is never used.
fn npm_ci(folder: &Path) -> Result<()> {
    let beside = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&beside)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(Path::new(PEERS).join(file), beside.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&beside).stdin(Stdio::null());
    let output = npm.output().context("npm (Debian: npm)")?;
    ensure!(output.status.success(), "npm ci: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&beside, folder)?;
    Ok(())
}
