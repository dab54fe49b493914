//! The file of `LOG_FILE`, for those who `tail` and rotate it (conflict X-12).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that lines are added to. When it is renamed or removed, as `logrotate` does, the next
/// lines go to a new one.
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Opens the file, and makes it and its folder if they are not there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { path: path.to_owned(), file: append(path)? })
    }

    fn is_in_place(&self) -> bool {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        match (std::fs::metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(ours)) => identity(there) == identity(ours),
            _ => false,
        }
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_in_place() {
            self.file = append(&self.path)?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_28_the_folder_of_the_file_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logs/mythos.log");
        LogFile::open(&path).unwrap().write_all(b"a\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"a\n");
    }

    #[test]
    fn lines_after_a_rotation_are_in_a_new_file() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("app.log"), dir.path().join("app.log.1"));
        let mut file = LogFile::open(&path).unwrap();
        file.write_all(b"before\n").unwrap();
        std::fs::rename(&path, &old).unwrap();
        file.write_all(b"after\n").unwrap();
        assert_eq!(
            (std::fs::read(&old).unwrap(), std::fs::read(&path).unwrap()),
            (b"before\n".to_vec(), b"after\n".to_vec())
        );
    }
}
