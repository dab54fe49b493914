//! Ids of sessions: a secret, and the node that has the session, so that a request that reaches
//! another node tells where it belongs (design section 7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Random bytes: 120 bits cannot be guessed.
const SECRET: usize = 15;
/// Left as they are in a node's name.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A new id for a session of `node`. Only characters that need no encoding in an address.
pub(super) fn generate(node: &str) -> String {
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET]>());
    // `%` would be encoded once more by clients.
    let node = utf8_percent_encode(node, PLAIN).to_string().replace('%', "~");
    format!("{secret}.{node}")
}

/// The node that a session of this id is on. `None`: no relay made it.
pub(super) fn node_of(sid: &str) -> Option<String> {
    let (_, node) = sid.split_once('.')?;
    let node = node.replace('~', "%");
    percent_decode_str(&node).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r002_15_an_id_tells_its_node() {
        for node in ["relay-7f9c-x2", "a.b", "a/b c"] {
            assert_eq!(node_of(&generate(node)).as_deref(), Some(node));
        }
    }

    #[test]
    fn an_id_needs_no_encoding_in_an_address() {
        let plain = |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
        assert!(generate("a/b é").chars().all(plain));
    }

    #[test]
    fn a_foreign_id_has_no_node() {
        assert_eq!(node_of("abc"), None);
    }
}
