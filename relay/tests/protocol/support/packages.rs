//! The pinned packages of other languages, each set installed once for each content of its list.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// The folder with the pinned npm packages.
pub(crate) fn npm() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let folder = cache("npm", "js/package-lock.json");
        install(&folder, |beside| {
            for file in ["package.json", "package-lock.json"] {
                std::fs::copy(source("js").join(file), beside.join(file)).unwrap();
            }
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(beside);
            npm
        });
        folder.join("node_modules")
    })
}

/// The folder with the pinned Python packages.
pub(crate) fn pip() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let folder = cache("pip", "python/requirements.txt");
        install(&folder, |beside| {
            let mut pip = Command::new("pip3");
            pip.args(["install", "--quiet", "--no-deps", "--requirement"])
                .arg(source("python").join("requirements.txt"))
                .arg("--target")
                .arg(beside);
            pip
        });
        folder
    })
}

/// The folder with the tests' own files of a language.
pub(crate) fn source(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(language)
}

fn cache(kind: &str, list: &str) -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME must be set")).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("relay-operator").join(kind).join(hash(&source(list)))
}

fn hash(list: &Path) -> String {
    let list = std::fs::read(list).unwrap();
    Sha256::digest(list).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Installs beside the place and moves it there: another process may do the same.
fn install(folder: &Path, installer: impl FnOnce(&Path) -> Command) {
    if folder.exists() {
        return;
    }
    let beside = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&beside).unwrap();
    let output = installer(&beside).output().expect("the package manager must be installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if std::fs::rename(&beside, folder).is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    assert!(folder.exists(), "the packages must be in place");
}
