//! File operations whose errors name the file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Reads a text file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file("read", path))
}

/// Reads a file of any content.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::file("read", path))
}

/// Writes a file, replacing what was there.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).map_err(Error::file("write", path))
}

/// Writes a file that only its owner may read: keys and tokens.
pub fn write_secret(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write(path, "")?;
    set_mode(path, 0o600)?;
    write(path, content)
}

/// Writes a program.
pub fn write_executable(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write(path, content)?;
    set_mode(path, 0o755)
}

/// Replaces a file in one step: a reader sees the old content or the new, never a part.
pub fn replace(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let mut new = path.to_owned().into_os_string();
    // Another process may be replacing the same file.
    new.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(new);
    write(&new, content)?;
    fs::rename(&new, path).map_err(Error::file("replace", path))
}

/// Makes a directory and its parents where they are missing.
pub fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::file("create", path))
}

/// Names in a directory, sorted; none where there is no such directory.
pub fn list(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Error::file("set the mode of", path))
}
