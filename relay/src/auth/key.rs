//! A shared secret that comes from a file, and the check of a request's bearer token against it.

use std::path::{Path, PathBuf};

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A key in a file. Only its digest is kept in memory, and the file can be read again, so that a
/// rotated secret needs no restart.
#[derive(Debug)]
pub struct Key {
    path: PathBuf,
    digest: ArcSwap<[u8; 32]>,
}

/// Why a key file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{0}: the file is empty")]
    Empty(PathBuf),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It has no bearer token: 401.
    #[error("Authorization: Bearer <key> is required")]
    Missing,
    /// The token is another: 403.
    #[error("the key is wrong")]
    Wrong,
}

impl Key {
    /// Reads the key in `path`; white space around it is not part of it.
    ///
    /// # Errors
    /// [`KeyError`] if there is none.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Ok(Self { path: path.to_owned(), digest: ArcSwap::from_pointee(digest_of_file(path)?) })
    }

    /// Reads the file again; a bad one changes nothing.
    ///
    /// # Errors
    /// [`KeyError`] if there is no key in it now.
    pub fn reload(&self) -> Result<(), KeyError> {
        self.digest.store(digest_of_file(&self.path)?.into());
        Ok(())
    }

    /// Checks the bearer token of a request, in a time that tells nothing about the key.
    ///
    /// # Errors
    /// [`Denied`] unless it is the key.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let token = bearer(headers).ok_or(Denied::Missing)?;
        let same = digest(token.as_bytes()).ct_eq(&**self.digest.load());
        if bool::from(same) { Ok(()) } else { Err(Denied::Wrong) }
    }
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 section 2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn digest_of_file(path: &Path) -> Result<[u8; 32], KeyError> {
    let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    match text.trim() {
        "" => Err(KeyError::Empty(path.to_owned())),
        key => Ok(digest(key.as_bytes())),
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authorization: &str) -> Result<(), Denied> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        Key::read(file.path()).unwrap().check(&headers)
    }

    #[test]
    fn the_key_opens() {
        assert_eq!(check("Bearer s3cret"), Ok(()));
    }

    #[test]
    fn another_key_is_wrong() {
        assert_eq!(check("Bearer s3cre"), Err(Denied::Wrong));
    }

    #[test]
    fn another_scheme_is_no_key() {
        assert_eq!(check("Basic s3cret"), Err(Denied::Missing));
    }

    #[test]
    fn an_empty_file_is_no_key() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Key::read(file.path()), Err(KeyError::Empty(_))));
    }
}
