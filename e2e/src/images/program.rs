//! This project's own programs: static, so that an image holds one file and nothing else.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Command;
use crate::error::Result;
use crate::files;
use crate::lock::Lock;
use crate::place::Place;

/// An explicit target keeps the flags below away from build scripts and procedural macros, which
/// cannot be static.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Replaces the directory in the cache that the static builds share.
pub const TARGET_DIRECTORY_VARIABLE: &str = "E2E_STATIC_TARGET_DIR";
const FLAGS: &str = "-C target-feature=+crt-static";
const PACKAGES: [&str; 2] = ["relay", "relay-operator"];
const BUILD_LIMIT: Duration = Duration::from_secs(3600);

fn target_directory(place: &Place) -> PathBuf {
    env::var_os(TARGET_DIRECTORY_VARIABLE).map_or_else(|| place.cached("target-static"), PathBuf::from)
}

/// Where a build leaves a program.
pub fn program_path(place: &Place, name: &str) -> PathBuf {
    target_directory(place).join(TARGET).join("release").join(name)
}

/// Makes the directory this checkout's.
///
/// Cargo takes what another checkout built for its own if it is newer than the sources here.
fn claim(place: &Place, target: &Path) -> Result<()> {
    let note = target.join("checkout");
    let checkout = place.checkout().display().to_string();
    if files::read(&note).is_ok_and(|owner| owner == checkout) {
        return Ok(());
    }
    let workspace = ["relay", "relay-operator", "relay-contract"].iter().flat_map(|it| ["--package", it]);
    Command::new("cargo")
        .args(["clean", "--quiet", "--release", "--locked", "--target", TARGET])
        .args(workspace)
        .dir(place.checkout())
        .env("CARGO_TARGET_DIR", target)
        .limit(BUILD_LIMIT)
        .run()?;
    files::make_dir(target)?;
    files::replace(&note, checkout)
}

/// A finished build. The lock keeps another checkout from replacing the programs meanwhile.
pub(super) struct Programs<'a> {
    place: &'a Place,
    _lock: Lock,
}

impl<'a> Programs<'a> {
    /// Builds both programs, showing cargo's own progress.
    pub(super) fn build(place: &'a Place) -> Result<Self> {
        let target = target_directory(place);
        let lock = Lock::take(&target.with_extension("lock"), "the build of the images' programs")?;
        claim(place, &target)?;
        let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
        Command::new("cargo")
            .args(["build", "--release", "--locked", "--bins", "--target", TARGET])
            .args(packages)
            .dir(place.checkout())
            .env("RUSTFLAGS", FLAGS)
            .env("CARGO_TARGET_DIR", &target)
            .foreground()
            .limit(BUILD_LIMIT)
            .run_visibly()?;
        Ok(Self { place, _lock: lock })
    }

    /// A program's content.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        files::read_bytes(&program_path(self.place, name))
    }
}
