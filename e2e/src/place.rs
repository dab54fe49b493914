//! Where things are: this checkout, and the cache that outlives it.
//!
//! Everything that belongs to one checkout carries the checkout's id, so that two of them can run
//! their clusters on one machine at the same time.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hash;

/// Moves the whole cache of this project.
pub const CACHE_VARIABLE: &str = "XDG_CACHE_HOME";

/// Names a cluster, where one checkout needs several beside each other.
pub const NAME_VARIABLE: &str = "E2E_NAME";

/// The checkout and the cache.
#[derive(Debug, Clone)]
pub struct Place {
    checkout: PathBuf,
    cache: PathBuf,
    name: String,
}

impl Place {
    /// The checkout that this program was built from, and `$XDG_CACHE_HOME/relay-operator`, with
    /// `~/.cache` as the default (XDG Base Directory Specification).
    pub fn find() -> Result<Self> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        let checkout = checkout.parent().unwrap_or(checkout).to_owned();
        let given = env::var_os(CACHE_VARIABLE).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = given.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
        let cache = cache.ok_or_else(|| {
            Error::Prerequisite(format!("neither HOME nor {CACHE_VARIABLE} is set: no place for the cache"))
        })?;
        let name = env::var(NAME_VARIABLE).unwrap_or_default();
        Ok(Self { checkout, cache: cache.join("relay-operator"), name })
    }

    /// Another checkout, with the same cache.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn beside(&self, checkout: &Path) -> Result<Self> {
        let checkout = checkout.canonicalize().map_err(Error::file("find", checkout))?;
        Ok(Self { checkout, ..self.clone() })
    }

    /// Root of the workspace.
    pub fn checkout(&self) -> &Path {
        &self.checkout
    }

    /// A file or directory of the `e2e` crate.
    pub fn source(&self, name: &str) -> PathBuf {
        self.checkout.join("e2e").join(name)
    }

    /// A file or directory of the cache.
    pub fn cached(&self, name: &str) -> PathBuf {
        self.cache.join(name)
    }

    /// Eight hexadecimal digits that stand for this checkout's path and the cluster's name.
    pub fn id(&self) -> String {
        hash::short([self.checkout.as_os_str().as_encoded_bytes(), self.name.as_bytes()], 8)
    }

    /// What the local cluster of this checkout keeps on disk.
    pub fn cluster_state(&self) -> PathBuf {
        self.cached("clusters").join(self.id())
    }

    /// Image archives that were built from this checkout; all its clusters share them.
    pub fn images(&self) -> PathBuf {
        let id = hash::short([self.checkout.as_os_str().as_encoded_bytes()], 8);
        self.cached("images").join(id)
    }
}
