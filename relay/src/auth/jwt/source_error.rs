//! What can be wrong with a source of keys.

use std::path::PathBuf;

use crate::auth::outbound::NoAuthority;
use crate::auth::watched::Unreadable;

/// Why a source of keys is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A secret that can be guessed (RFC 7518 section 3.2).
    #[error("{path}: the secret must have {least} bytes at least")]
    ShortSecret {
        /// The file.
        path: PathBuf,
        /// Bytes.
        least: usize,
    },
    /// A file without a public key.
    #[error("{0}: no public key of RSA, EC or Ed25519 in PEM")]
    NoPublicKey(PathBuf),
    /// A file without authorities.
    #[error("AUTH_CA_FILE: {0}")]
    Authorities(#[from] NoAuthority),
    /// No key at all.
    #[error("none of JWT_SECRET_FILE, JWT_PUBLIC_KEY_FILE and JWT_JWKS is set")]
    NoKeys,
    /// An entry of `JWT_JWKS` that is none.
    #[error("{0:?} is not an issuer, a space, and the https:// address of its keys")]
    Source(String),
}
