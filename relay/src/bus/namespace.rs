//! Whose messages and leases are whose, on a Redis that several clusters share.

use std::fmt;
use std::str::FromStr;

/// Part of every key and channel in Redis: relays with different namespaces neither hear each
/// other nor share leases.
///
/// 1 to 320 letters, digits, `.`, `_` and `-`: nothing that means something in a key pattern, in
/// an access list or as a hash tag of Redis. 320 is the longest Kubernetes namespace (63), a dot
/// and the longest object name (253), rounded up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

/// Most characters of a namespace.
const MAX_LENGTH: usize = 320;

/// Why a text is no namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not 1 to {MAX_LENGTH} letters, digits, dots, underscores or hyphens")]
pub struct NamespaceError(String);

impl Namespace {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, NamespaceError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NamespaceError(text.chars().take(MAX_LENGTH).collect()))
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubernetes_namespace_and_name_are_a_namespace() {
        let longest = format!("{}.{}", "n".repeat(63), "c".repeat(253));
        for text in ["default", "team-a.hello", "A_1", &longest] {
            assert_eq!(text.parse::<Namespace>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_redis_could_misread_is_refused() {
        for text in ["", "a:b", "{a}", "a*", "a?", "[a]", "a b", "~a", "&a", "a\n", "ü", &"a".repeat(321)] {
            assert!(text.parse::<Namespace>().is_err(), "{text:?}");
        }
    }
}
