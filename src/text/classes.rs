//! The classes of 64 bytes as bit masks, the first byte at the lowest bit.

use wide::u8x16;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block are of which class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// Letters, digits and `_`.
    pub(super) word: u64,
    /// Marks that may join what stands on both sides: `'`, `.`, `,`, `:` and `;`.
    pub(super) joint: u64,
    /// Bytes with which a protected span may begin: see [`super::protect`].
    pub(super) trigger: u64,
}

/// The classes of the bytes of `block`: ASCII letters and marks as documented at [`Masks`].
#[inline]
pub(super) fn classify(block: &[u8; BLOCK]) -> Masks {
    let mut masks = Masks::default();
    for (position, lane) in block.as_chunks::<16>().0.iter().enumerate() {
        let bytes = u8x16::new(*lane);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        // In the range are those that the subtraction brings to its bottom.
        let within = |bytes: u8x16, first: u8, last: u8| {
            let shifted = bytes - u8x16::splat(first);
            shifted.min(u8x16::splat(last - first)).simd_eq(shifted)
        };
        let letter = within(bytes | u8x16::splat(0x20), b'a', b'z');
        let digit = within(bytes, b'0', b'9');
        let digit_or_underscore = digit | is(b'_');
        let joint = is(b'\'') | is(b'.') | is(b',') | within(bytes, b':', b';');
        let mark = is(b'@') | is(b'#') | is(b'`') | is(b'<') | is(b'{') | is(b'/');
        let bits = |lanes: u8x16| u64::from(lanes.to_bitmask()) << (position * 16);
        masks.word |= bits(letter | digit_or_underscore);
        masks.joint |= bits(joint);
        masks.trigger |= bits(digit_or_underscore | mark);
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_its_classes() {
        for first in (0..=u8::MAX).step_by(BLOCK) {
            let mut block = [0; BLOCK];
            for (byte, value) in block.iter_mut().zip(first..=u8::MAX) {
                *byte = value;
            }
            let masks = classify(&block);
            for (bit, byte) in block.into_iter().enumerate() {
                let is_set = |mask: u64| mask >> bit & 1 == 1;
                let word = byte.is_ascii_alphanumeric() || byte == b'_';
                assert_eq!(is_set(masks.word), word, "{byte}");
                assert_eq!(is_set(masks.joint), b"'.,:;".contains(&byte), "{byte}");
                let trigger = crate::text::protect::is_trigger(byte);
                assert_eq!(is_set(masks.trigger), trigger, "{byte}");
            }
        }
    }
}
