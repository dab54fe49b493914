//! The mask of a client's frame (RFC 6455 section 5.3).

/// A mask, turned to the next byte of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mask([u8; 4]);

impl Mask {
    /// The mask before a frame's first byte.
    pub(super) fn new(key: [u8; 4]) -> Self {
        Self(key)
    }

    /// Takes the mask off the next bytes.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        let [a, b, c, d] = self.0;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (words, rest) = data.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        rest.iter_mut().zip(self.0.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        let turn = rest.len() % self.0.len();
        self.0.rotate_left(turn);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_byte_meets_the_key_of_its_place_however_a_frame_is_cut(
            data in prop::collection::vec(any::<u8>(), 0..100),
            key in any::<[u8; 4]>(),
            cut in 0_usize..100,
        ) {
            let expected: Vec<u8> = data.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
            let (mut mask, mut data) = (Mask::new(key), data);
            let (front, back) = data.split_at_mut(cut.min(expected.len()));
            mask.apply(front);
            mask.apply(back);
            prop_assert_eq!(data, expected);
        }
    }
}
