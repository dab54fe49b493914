//! Marks in messages: when they were published.

/// Digits of a stamp, between two `@`.
const DIGITS: usize = 18;

/// The mark of a message that is published `nanos` after the beginning.
pub(crate) fn stamp(nanos: u64) -> String {
    format!("@{nanos:0DIGITS$}@")
}

/// Finds stamps in what comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    /// The end of the last piece, if a stamp may begin there.
    rest: Vec<u8>,
}

impl Stamps {
    /// Calls `found` for each stamp that ends in `piece`.
    pub(crate) fn scan(&mut self, piece: &[u8], found: impl FnMut(u64)) {
        if self.rest.is_empty() {
            self.rest.extend_from_slice(scan(piece, found));
            return;
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(piece);
        self.rest.extend_from_slice(scan(&joined, found));
    }
}

/// Gives back the end of `bytes` that may begin a stamp.
fn scan(mut bytes: &[u8], mut found: impl FnMut(u64)) -> &[u8] {
    while let Some((_, from)) = memchr::memchr(b'@', bytes).and_then(|start| bytes.split_at_checked(start)) {
        let Some((stamp, after)) = from.split_at_checked(DIGITS + 2) else { return from };
        match number(stamp) {
            Some(nanos) => {
                found(nanos);
                bytes = after;
            }
            None => bytes = from.get(1..).unwrap_or_default(),
        }
    }
    &[]
}

fn number(stamp: &[u8]) -> Option<u64> {
    let [b'@', digits @ .., b'@'] = stamp else { return None };
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pieces: &[&str]) -> Vec<u64> {
        let (mut stamps, mut found) = (Stamps::default(), Vec::new());
        for piece in pieces {
            stamps.scan(piece.as_bytes(), |nanos| found.push(nanos));
        }
        found
    }

    #[test]
    fn every_stamp_of_a_piece_is_found() {
        let text = format!("data: {} x {}\n\n", stamp(7), stamp(8));
        assert_eq!(found(&[&text]), [7, 8]);
    }

    #[test]
    fn a_stamp_that_comes_byte_by_byte_is_found_once() {
        let text = format!("a{}b", stamp(123_456));
        let bytes: Vec<_> = text.split("").collect();
        assert_eq!(found(&bytes), [123_456]);
    }

    #[test]
    fn other_signs_of_the_kind_are_no_stamps() {
        assert_eq!(found(&[&format!("@@a@b.c {}@", stamp(5))]), [5]);
    }
}
