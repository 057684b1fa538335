//! The classes of 64 bytes as bit masks, the first byte at the lowest bit.
//!
//! On x86-64 processors with AVX2 the classes of 32 bytes come from two table look-ups, by the
//! halves of each byte (Langdale and Lemire, 2019, classify JSON so); elsewhere from comparisons.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined may use the instructions of the function around it"
)]

use wide::u8x16;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block are of which class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// Letters, digits and `_`.
    pub(super) word: u64,
    /// Marks that may join what stands on both sides, `'`, `.`, `,`, `:` and `;`, and perhaps others
    /// that are no part of a word.
    pub(super) joint: u64,
    /// Bytes with which a protected span may begin, see [`super::protect`], and perhaps others that
    /// are no part of a word.
    pub(super) trigger: u64,
    /// `_` alone.
    pub(super) underscore: u64,
    /// Bytes that are not ASCII.
    pub(super) foreign: u64,
}

impl Masks {
    /// Those of the bytes from number `first` on, at most that of a block; after them there are none.
    #[inline(always)]
    pub(super) fn starting_at(self, first: usize) -> Self {
        // In two steps, for a shift by all bits is none.
        let (one, other) = (first / 2, first - first / 2);
        let from = |mask: u64| mask >> one >> other;
        Self {
            word: from(self.word),
            joint: from(self.joint),
            trigger: from(self.trigger),
            underscore: from(self.underscore),
            foreign: from(self.foreign),
        }
    }
}

/// A way to find the classes of the bytes of a block.
pub(super) trait Classify: Copy {
    /// The classes of the bytes of `block`.
    fn classify(self, block: &[u8; BLOCK]) -> Masks;
}

/// The way that every processor knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Classify for Portable {
    #[inline(always)]
    fn classify(self, block: &[u8; BLOCK]) -> Masks {
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
            let underscore = is(b'_');
            let digit_or_underscore = digit | underscore;
            let joint = is(b'\'') | is(b'.') | is(b',') | within(bytes, b':', b';');
            let mark = is(b'@') | is(b'#') | is(b'`') | is(b'<') | is(b'{') | is(b'/');
            let bits = |lanes: u8x16| u64::from(lanes.to_bitmask()) << (position * 16);
            masks.word |= bits(letter | digit_or_underscore);
            masks.joint |= bits(joint);
            masks.trigger |= bits(digit_or_underscore | mark);
            masks.underscore |= bits(underscore);
            masks.foreign |= bits(bytes);
        }
        masks
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::__m256i;

    use pulp::x86::V3;

    use super::{BLOCK, Classify, Masks};

    // One bit for each set of bytes that is all combinations of some high halves and some low ones.
    /// `A` to `O` and `a` to `o`.
    const LETTER_TO_O: u8 = 1;
    /// `P` to `Z` and `p` to `z`.
    const LETTER_FROM_P: u8 = 1 << 1;
    const DIGIT: u8 = 1 << 2;
    const UNDERSCORE: u8 = 1 << 3;
    /// `'`, `,`, `.`, `:` and `;`, and with them `*`, `+`, `<`, `>` and `7`.
    const JOINT: u8 = 1 << 4;
    /// `#` and `/`.
    const HASH_OR_SLASH: u8 = 1 << 5;
    /// `@` and the back-tick.
    const AT_OR_TICK: u8 = 1 << 6;
    /// `<` and `{`, and with them `;` and `|`.
    const OPENING: u8 = 1 << 7;

    const WORD: u8 = LETTER_TO_O | LETTER_FROM_P | DIGIT | UNDERSCORE;
    const TRIGGER: u8 = DIGIT | UNDERSCORE | HASH_OR_SLASH | AT_OR_TICK | OPENING;

    /// Sets by the high half of a byte. Bytes that are not ASCII are in none.
    const BY_HIGH: [u8; 16] = {
        let mut table = [0; 16];
        table[0x2] = JOINT | HASH_OR_SLASH;
        table[0x3] = DIGIT | JOINT | OPENING;
        table[0x4] = LETTER_TO_O | AT_OR_TICK;
        table[0x5] = LETTER_FROM_P | UNDERSCORE;
        table[0x6] = LETTER_TO_O | AT_OR_TICK;
        table[0x7] = LETTER_FROM_P | OPENING;
        table
    };

    /// Sets by the low half of a byte.
    const BY_LOW: [u8; 16] = {
        let mut table = [0; 16];
        let mut low = 0;
        while low < 16 {
            table[low] |= if low >= 1 { LETTER_TO_O } else { AT_OR_TICK };
            table[low] |= if low <= 0xa { LETTER_FROM_P } else { 0 };
            table[low] |= if low <= 9 { DIGIT } else { 0 };
            low += 1;
        }
        table[0xf] |= UNDERSCORE | HASH_OR_SLASH;
        table[0x3] |= HASH_OR_SLASH;
        table[0x7] |= JOINT;
        table[0xa] |= JOINT;
        table[0xb] |= JOINT | OPENING;
        table[0xc] |= JOINT | OPENING;
        table[0xe] |= JOINT;
        table
    };

    /// A table in both halves of a register, as the look-up wants it.
    #[inline(always)]
    fn twice(table: [u8; 16]) -> __m256i {
        pulp::cast([table, table])
    }

    impl Classify for V3 {
        #[inline(always)]
        fn classify(self, block: &[u8; BLOCK]) -> Masks {
            let avx2 = self.avx2;
            let low_half = self.avx._mm256_set1_epi8(0x0f);
            let mut masks = Masks::default();
            for (position, lane) in block.as_chunks::<32>().0.iter().enumerate() {
                let bytes: __m256i = pulp::cast(*lane);
                let low = avx2._mm256_and_si256(bytes, low_half);
                let high = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(bytes), low_half);
                let sets = avx2._mm256_and_si256(
                    avx2._mm256_shuffle_epi8(twice(BY_LOW), low),
                    avx2._mm256_shuffle_epi8(twice(BY_HIGH), high),
                );
                let bits = |lanes: __m256i| {
                    u64::from(avx2._mm256_movemask_epi8(lanes).cast_unsigned()) << (position * 32)
                };
                let any_of = |wanted: u8| {
                    let wanted = self.avx._mm256_set1_epi8(wanted.cast_signed());
                    let none = avx2._mm256_cmpeq_epi8(
                        avx2._mm256_and_si256(sets, wanted),
                        self.avx._mm256_setzero_si256(),
                    );
                    bits(none) ^ (u64::from(u32::MAX) << (position * 32))
                };
                masks.word |= any_of(WORD);
                masks.joint |= any_of(JOINT);
                masks.trigger |= any_of(TRIGGER);
                masks.underscore |= any_of(UNDERSCORE);
                masks.foreign |= bits(bytes);
            }
            masks.joint &= !masks.word;
            masks
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_byte_is_in_its_classes(classify: impl Fn(&[u8; BLOCK]) -> Masks, exact: bool) {
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
                assert_eq!(is_set(masks.underscore), byte == b'_', "{byte}");
                assert_eq!(is_set(masks.foreign), !byte.is_ascii(), "{byte}");
                let trigger = crate::text::protect::is_trigger(byte);
                for (mask, wanted) in [
                    (masks.joint, b"'.,:;".contains(&byte)),
                    (masks.trigger, trigger),
                ] {
                    let may_be_more = !exact && byte.is_ascii_punctuation() && byte != b'_';
                    assert!(is_set(mask) == wanted || may_be_more && !wanted, "{byte}");
                }
            }
        }
    }

    #[test]
    fn comparisons_know_every_byte() {
        every_byte_is_in_its_classes(|block| Portable.classify(block), true);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn tables_know_every_byte() {
        // A processor without AVX2 never uses them.
        if let Some(simd) = pulp::x86::V3::try_new() {
            every_byte_is_in_its_classes(|block| simd.classify(block), false);
        }
    }
}
