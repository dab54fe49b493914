//! What a file says, and says anew when its content changes: keys and certificates are rotated while
//! relays run.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};

use crate::sync::lock;

/// Bytes that a file may have: three times all public authorities.
const MAX_FILE: u64 = 1 << 20;

/// How a file is understood.
type Parse<T, E> = fn(&Path, &[u8]) -> Result<T, E>;

/// A file, as it was understood last.
pub(super) struct Watched<T, E> {
    path: PathBuf,
    parse: Parse<T, E>,
    now: ArcSwap<T>,
    /// Digest of what was looked at last, good or bad; none if it could not be read.
    seen: Mutex<Option<[u8; 32]>>,
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl<T, E> fmt::Debug for Watched<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("path", &self.path).finish_non_exhaustive()
    }
}

impl<T, E: From<Unreadable> + fmt::Display> Watched<T, E> {
    /// Reads the file.
    ///
    /// # Errors
    /// What `parse` says, or that it cannot be read.
    pub(super) fn open(path: &Path, parse: Parse<T, E>) -> Result<Self, E> {
        let content = read(path)?;
        let now = ArcSwap::from_pointee(parse(path, &content)?);
        Ok(Self { path: path.to_owned(), parse, now, seen: Mutex::new(Some(digest(&content))) })
    }

    /// What it says.
    pub(super) fn now(&self) -> Arc<T> {
        self.now.load_full()
    }

    /// Reads the file again if its content is another than the last time. A bad one changes nothing, and
    /// is told once.
    pub(super) fn refresh(&self) {
        match self.look() {
            Ok(false) => {}
            Ok(true) => tracing::info!(path = %self.path.display(), "File has changed and is in use"),
            Err(error) => tracing::error!(%error, "File has changed and is bad; what it said before stays"),
        }
    }

    /// Whether there is something new, which is in use then. What is bad is an error the first time.
    fn look(&self) -> Result<bool, E> {
        let mut seen = lock(&self.seen);
        let content = match read(&self.path) {
            Ok(content) => content,
            Err(_) if seen.is_none() => return Ok(false),
            Err(error) => {
                *seen = None;
                return Err(error.into());
            }
        };
        let digest = Some(digest(&content));
        if *seen == digest {
            return Ok(false);
        }
        *seen = digest;
        self.now.store(Arc::new((self.parse)(&self.path, &content)?));
        Ok(true)
    }
}

fn digest(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let unreadable = |source| Unreadable { path: path.to_owned(), source };
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_FILE {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    /// A file that must hold a number.
    fn watched(content: &str) -> (NamedTempFile, Watched<u32, Unreadable>) {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let parse: Parse<u32, Unreadable> = |path, content| {
            let number = std::str::from_utf8(content).ok().and_then(|text| text.parse().ok());
            number.ok_or_else(|| Unreadable {
                path: path.to_owned(),
                source: io::ErrorKind::InvalidData.into(),
            })
        };
        let watched = Watched::open(file.path(), parse).unwrap();
        (file, watched)
    }

    #[test]
    fn what_a_file_says_is_taken_when_it_changes() {
        let (file, watched) = watched("1");
        std::fs::write(file.path(), "2").unwrap();
        assert_eq!((watched.look().unwrap(), *watched.now()), (true, 2));
    }

    #[test]
    fn a_bad_file_changes_nothing_and_is_told_once() {
        let (file, watched) = watched("1");
        std::fs::write(file.path(), "no number").unwrap();
        assert_eq!((watched.look().is_err(), watched.look().is_err(), *watched.now()), (true, false, 1));
    }

    #[test]
    fn a_file_that_is_gone_changes_nothing_and_is_told_once() {
        let (file, watched) = watched("1");
        drop(file);
        assert_eq!((watched.look().is_err(), watched.look().is_err(), *watched.now()), (true, false, 1));
    }

    #[test]
    fn a_file_that_comes_back_is_taken() {
        let (file, watched) = watched("1");
        std::fs::remove_file(file.path()).unwrap();
        assert!(watched.look().is_err());
        std::fs::write(file.path(), "3").unwrap();
        assert_eq!((watched.look().unwrap(), *watched.now()), (true, 3));
    }

    #[test]
    fn a_file_without_end_is_refused() {
        assert!(read(Path::new("/dev/zero")).is_err());
    }
}
