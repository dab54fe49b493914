//! SHA-256, whole as image digests and shortened as names.

use sha2::{Digest, Sha256};

/// The digest in lower-case hexadecimal digits.
pub(crate) fn hex(content: &[u8]) -> String {
    digits(&Sha256::digest(content))
}

/// The first `length` digits of the digest of all parts, each taken with its length so that
/// moving a byte from one part to the next gives another name.
pub(crate) fn short<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>, length: usize) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digits(&digest.finalize()).chars().take(length).collect()
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_other_tools_print() {
        assert_eq!(hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(short(["ab", "c"], 12), short(["a", "bc"], 12));
    }
}
