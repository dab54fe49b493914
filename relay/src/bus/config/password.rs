//! Where a password comes from.

use std::io;
use std::path::PathBuf;

use super::Secret;

/// Where a password comes from. What a file holds is read at each dial: a password that is rotated
/// there needs no new process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// It stays what it is.
    Fixed(Secret),
    /// It is the trimmed content of this file.
    File(PathBuf),
}

impl Password {
    /// What it is now.
    ///
    /// # Errors
    /// That of reading the file, with its path.
    pub fn read(&self) -> io::Result<Secret> {
        match self {
            Self::Fixed(secret) => Ok(secret.clone()),
            Self::File(path) => read(path).map(Secret::new),
        }
    }
}

/// The trimmed content of a file; its path is in the error.
pub(in crate::bus) fn read(path: &std::path::Path) -> io::Result<String> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_a_password_in_a_file_is_what_the_file_holds_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let password = Password::File(file.path().to_owned());
        std::fs::write(file.path(), "first\n").unwrap();
        assert_eq!(password.read().unwrap(), Secret::new("first"));
        std::fs::write(file.path(), "second\n").unwrap();
        assert_eq!(password.read().unwrap(), Secret::new("second"));
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = Password::File("/no/such/file".into()).read().unwrap_err();
        assert!(error.to_string().starts_with("/no/such/file: "), "{error}");
    }
}
