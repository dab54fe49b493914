//! Where keys come from.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;

use super::keys::VerifyingKey;
use super::source_error::SourceError;
use crate::auth::outbound::is_safe;
use crate::auth::watched::Watched;

/// A key in a file.
pub(super) type KeyFile = Watched<VerifyingKey, SourceError>;

/// What a [`Verifier`](super::Verifier) is made of.
#[derive(Clone, Debug, Default)]
pub struct JwtSettings {
    /// File with a secret that issuer and relay share.
    pub secret_file: Option<PathBuf>,
    /// File with a public key in PEM.
    pub public_key_file: Option<PathBuf>,
    /// Issuers with keys at an address.
    pub jwks: Vec<JwksSource>,
    /// `iss` of tokens that the files' keys sign; any, if there is none.
    pub issuer: Option<String>,
    /// Accepted `aud`; a token with any is refused if there is none.
    pub audience: Vec<String>,
    /// Difference of clocks that is let pass.
    pub leeway: Duration,
}

/// An issuer, and where its keys are (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksSource {
    /// Exactly the `iss` of its tokens.
    pub issuer: String,
    /// Address of its key set.
    pub url: Uri,
}

impl JwtSettings {
    /// Whether there is any source of keys.
    pub fn has_keys(&self) -> bool {
        self.secret_file.is_some() || self.public_key_file.is_some() || !self.jwks.is_empty()
    }

    /// Reads the files.
    ///
    /// # Errors
    /// [`SourceError`] if one is of no use, or there is no key at all.
    pub(super) fn read_keys(&self) -> Result<Vec<KeyFile>, SourceError> {
        let secret = self.secret_file.as_deref().map(|path| KeyFile::open(path, VerifyingKey::secret));
        let public = self.public_key_file.as_deref().map(|path| KeyFile::open(path, VerifyingKey::public));
        let (secret, public) = (secret.transpose()?, public.transpose()?);
        let keys: Vec<_> = secret.into_iter().chain(public).collect();
        if keys.is_empty() && self.jwks.is_empty() { Err(SourceError::NoKeys) } else { Ok(keys) }
    }
}

impl FromStr for JwksSource {
    type Err = SourceError;

    /// `<issuer> <url>`. Keys that come without TLS could be anybody's: plain HTTP is for loopback.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        let bad = || SourceError::Source(text.to_owned());
        let (issuer, url) = text.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let url: Uri = url.trim().parse().map_err(|_| bad())?;
        if is_safe(&url) { Ok(Self { issuer: issuer.to_owned(), url }) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        for text in ["https://a https://a/jwks", "https://a http://127.0.0.1:1/jwks", "i http://[::1]/k"] {
            assert!(text.parse::<JwksSource>().is_ok(), "{text}");
        }
        for text in [
            "https://a",
            "a http://a/jwks",
            "a file:///etc/keys",
            "a http://169.254.169.254/",
            "a https://u:p@h/",
        ] {
            assert!(text.parse::<JwksSource>().is_err(), "{text}");
        }
    }
}
