//! A lock between processes, released by the system when its holder ends in whatever way.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result};
use crate::files;

/// Held as long as this value lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock that `path` stands for, and waits while another process holds it.
    /// `what` is told to the person who has to wait.
    pub(crate) fn take(path: &Path, what: &str) -> Result<Self> {
        if let Some(parent) = path.parent() {
            files::make_dir(parent)?;
        }
        match Flock::lock(open(path)?, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Self { _file: file }),
            Err((file, nix::errno::Errno::EWOULDBLOCK)) => Self::wait(file, path, what),
            Err((_, error)) => Err(Error::file("lock", path)(error.into())),
        }
    }

    fn wait(file: File, path: &Path, what: &str) -> Result<Self> {
        eprintln!("waiting for another process that holds {what} ({})", path.display());
        Flock::lock(file, FlockArg::LockExclusive)
            .map(|file| Self { _file: file })
            .map_err(|(_, error)| Error::file("lock", path)(error.into()))
    }
}

fn open(path: &Path) -> Result<File> {
    File::options().create(true).truncate(false).write(true).open(path).map_err(Error::file("open", path))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = Lock::take(&path, "the test").unwrap();
        let (taken, second) = channel();
        let waiting = std::thread::spawn(move || taken.send(Lock::take(&path, "the test").is_ok()));
        assert_eq!(second.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout));
        drop(held);
        assert_eq!(second.recv_timeout(Duration::from_secs(10)), Ok(true));
        waiting.join().unwrap().unwrap();
    }
}
