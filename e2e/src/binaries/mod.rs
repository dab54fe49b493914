//! The programs of a Kubernetes cluster, built from Go modules and kept in the cache.
//!
//! A build is whole or not there: it happens in a directory of its own, which gets its final name
//! when everything in it is finished. Two builders of the same module wait for each other.

mod module;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Command;
use crate::error::{Error, Result};
use crate::files;
use crate::lock::Lock;
use crate::place::Place;
use crate::progress::Progress;

pub use module::{HELM_VERSION, KUBERNETES_VERSION, Module};

/// A cold build of Kubernetes took ten minutes on two cores; a slow network needs more.
const BUILD_LIMIT: Duration = Duration::from_secs(3600);

/// Where the programs of every module are.
#[derive(Debug, Clone)]
pub struct Binaries {
    directories: Vec<PathBuf>,
}

impl Binaries {
    /// Builds what the cache does not hold yet.
    pub fn build(place: &Place, progress: &Progress) -> Result<Self> {
        let directories = Module::ALL.into_iter().map(|module| build(module, place, progress));
        Ok(Self { directories: directories.collect::<Result<_>>()? })
    }

    /// What an earlier [`Binaries::build`] left in the cache.
    ///
    /// # Errors
    /// [`Error::Prerequisite`] if something is missing.
    pub fn cached(place: &Place) -> Result<Self> {
        let directories = Module::ALL.into_iter().map(|module| find(module, place));
        Ok(Self { directories: directories.collect::<Result<_>>()? })
    }

    /// The programs of a cluster whose nodes are simulated; builds what the cache does not hold yet.
    pub fn build_simulated(place: &Place, progress: &Progress) -> Result<Self> {
        let mut binaries = Self::build(place, progress)?;
        binaries.directories.push(build(Module::Kwok, place, progress)?);
        Ok(binaries)
    }

    /// What an earlier [`Binaries::build_simulated`] left in the cache.
    ///
    /// # Errors
    /// [`Error::Prerequisite`] if something is missing.
    pub fn cached_simulated(place: &Place) -> Result<Self> {
        let mut binaries = Self::cached(place)?;
        binaries.directories.push(find(Module::Kwok, place)?);
        Ok(binaries)
    }

    /// Full path of a program, such as `kubectl`.
    pub fn path(&self, program: &str) -> Result<PathBuf> {
        let paths = self.directories.iter().map(|directory| directory.join(program));
        paths.into_iter().find(|path| path.is_file()).ok_or_else(|| missing(program))
    }

    /// The directories, for a `PATH`.
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }
}

fn missing(what: &str) -> Error {
    Error::Prerequisite(format!("{what} has not been built yet: run `cargo run -p e2e -- binaries`"))
}

fn directory(module: Module, place: &Place) -> Result<PathBuf> {
    Ok(place.cached("bin").join(module.cache_name(place)?))
}

fn find(module: Module, place: &Place) -> Result<PathBuf> {
    let directory = directory(module, place)?;
    if directory.is_dir() { Ok(directory) } else { Err(missing(module.name())) }
}

fn build(module: Module, place: &Place, progress: &Progress) -> Result<PathBuf> {
    let target = directory(module, place)?;
    if target.is_dir() {
        return Ok(target);
    }
    let _lock = Lock::take(&target.with_extension("lock"), &format!("the build of {}", module.name()))?;
    if target.is_dir() {
        return Ok(target);
    }
    progress.say(format_args!("building {} (minutes the first time)", module.name()));
    let unfinished = target.with_extension("unfinished");
    files::make_dir(&unfinished)?;
    for (package, program) in module.programs() {
        compile(module, place, package, &unfinished.join(program))?;
        progress.say(format_args!("built {program}"));
    }
    fs::rename(&unfinished, &target).map_err(Error::file("rename", &unfinished))?;
    Ok(target)
}

fn compile(module: Module, place: &Place, package: &str, program: &Path) -> Result<()> {
    let command = Command::new("go")
        .args(["build", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", &module.linker_flags()])
        .arg("-o")
        .arg(program)
        .arg(package)
        .dir(&place.source("go").join(module.name()))
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .foreground()
        .limit(BUILD_LIMIT);
    if module.links_c() { command.run() } else { command.env("CGO_ENABLED", "0").run() }
}
