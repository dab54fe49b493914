//! The settings file that the relays of a cluster are to run.

use std::sync::Arc;

use relay_contract::settings::CONFIG_GENERATION;
use sha2::{Digest, Sha256};

use crate::reconcile::secret_value::hex;

/// The content of a settings file, as it stands in the ConfigMap. A clone shares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(Arc<Content>);

#[derive(Debug, PartialEq, Eq)]
struct Content {
    text: String,
    hash: String,
    generation: u64,
}

impl Settings {
    /// A content, which tells its generation itself.
    #[must_use]
    pub fn new(text: String) -> Self {
        let hash = hex(&Sha256::digest(text.as_bytes()));
        let line = text.lines().find_map(|line| line.strip_prefix(CONFIG_GENERATION)?.strip_prefix('='));
        let generation = line.and_then(|number| number.parse().ok()).unwrap_or_default();
        Self(Arc::new(Content { text, hash, generation }))
    }

    /// The content.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// SHA-256 of the content in lower-case hex, by which a relay tells what it runs.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// The generation that the content tells; 0 without one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_tells_its_generation() {
        let of = |text: &str| Settings::new(text.to_owned()).generation();
        assert_eq!([of("A=1\nCONFIG_GENERATION=7\n"), of("A=1\n"), of("CONFIG_GENERATION=x\n")], [7, 0, 0]);
    }
}
