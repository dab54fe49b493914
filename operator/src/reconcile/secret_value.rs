//! Values that must never be seen, and the keys of one cluster.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A secret text that no log can show.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

impl SecretValue {
    /// A new one of 256 random bits, 43 characters of the URL-safe alphabet.
    #[must_use]
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// One that was stored earlier; `None` unless it is 16 to 512 visible ASCII characters, which
    /// is what a header and a line of a file can carry.
    #[must_use]
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let usable = (16..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(text.to_owned()))
    }

    /// The text itself, for the one who must have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text in lower-case hex, the form in which Redis keeps a password.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// Bytes in lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secrets that the operator generates for a cluster, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Bearer token of the relays' admin API.
    pub admin_token: SecretValue,
    /// Key of the publish API.
    pub publish_key: SecretValue,
    /// Password of the managed Redis.
    pub redis_password: SecretValue,
    /// Password of those who run a managed Redis with sentinels: its servers, the sentinels, the operator.
    pub redis_admin_password: SecretValue,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        let secret = SecretValue::stored(b"0123456789abcdef").unwrap();
        assert_eq!(format!("{secret:?}"), "SecretValue(..)");
    }

    #[test]
    fn a_stored_value_with_a_line_break_is_not_used() {
        assert_eq!(SecretValue::stored(b"0123456789abcdef\n"), None);
    }
}
