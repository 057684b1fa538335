//! Words of ASCII text, 64 bytes at a time.
//!
//! For ASCII the word boundaries of UAX #29 come down to a few byte classes: letters, digits and
//! `_` stick together; `'`, `.` and `:` join two letters; `'`, `.`, `,` and `;` join two digits.
//! So a word is a run of ones in a bit mask. The masks are computed in plain loops over 64 bytes,
//! which the compiler turns into vector instructions.

use super::Word;

const BLOCK: usize = 64;

/// What one pass over a text found beside its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// Whether there is a byte with which a protected span could begin.
    pub(super) special: bool,
}

/// Appends the words of `bytes`, all of them ASCII, to `words`, counting offsets from `base`.
/// `bytes` must begin and end at a word boundary of the text it is cut from.
pub(super) fn words(bytes: &[u8], base: u32, words: &mut Vec<Word>) -> Traits {
    let mut traits = Traits::default();
    let mut inside = 0_u64;
    let mut start = 0_u32;
    let mut offset = base;
    let mut buffer;
    let mut position = 0;
    while position < bytes.len() {
        let whole = bytes.get(position..).and_then(|rest| rest.first_chunk());
        let block = if let Some(block) = whole {
            block
        } else {
            buffer = [b' '; BLOCK];
            for (to, from) in buffer.iter_mut().zip(bytes.iter().skip(position)) {
                *to = *from;
            }
            &buffer
        };
        traits.special |= block.iter().fold(0, |any, byte| any | is_special(*byte)) != 0;
        let mut mask = mask_of(block, is_word_byte);
        let mut joints = mask_of(block, is_joint);
        while joints != 0 {
            let bit = joints.trailing_zeros();
            joints &= joints - 1;
            if joins(bytes, position + bit as usize) {
                mask |= 1 << bit;
            }
        }
        let mut edges = mask ^ (mask << 1 | inside);
        inside = mask >> (BLOCK - 1);
        while edges != 0 {
            let bit = edges.trailing_zeros();
            edges &= edges - 1;
            if mask >> bit & 1 == 1 {
                start = offset + bit;
            } else {
                push(bytes, base, start, offset + bit, words);
            }
        }
        position += BLOCK;
        offset = offset.wrapping_add(64);
    }
    if inside == 1 {
        #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
        push(bytes, base, start, base + bytes.len() as u32, words);
    }
    traits
}

/// Adds a word, unless it is made of nothing but underscores.
#[inline]
fn push(bytes: &[u8], base: u32, start: u32, end: u32, words: &mut Vec<Word>) {
    let word = Word { start, end };
    if bytes.get((start - base) as usize) == Some(&b'_') {
        let range = (start - base) as usize..(end - base) as usize;
        if bytes
            .get(range)
            .is_none_or(|word| word.iter().all(|byte| *byte == b'_'))
        {
            return;
        }
    }
    words.push(word);
}

/// The bytes of `block` for which `class` answers 1, the first at the lowest bit.
#[inline]
fn mask_of(block: &[u8; BLOCK], class: impl Fn(u8) -> u8) -> u64 {
    let mut flags = [0_u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = class(*byte);
    }
    let mut mask = 0;
    for (position, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Gathers the lowest bits of eight bytes into one byte.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (position * 8);
    }
    mask
}

#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: it becomes vector code"
)]
fn is_word_byte(byte: u8) -> u8 {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    u8::from(letter | digit | (byte == b'_'))
}

#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: it becomes vector code"
)]
fn is_joint(byte: u8) -> u8 {
    u8::from((byte == b'\'') | (byte == b'.') | (byte == b':') | (byte == b',') | (byte == b';'))
}

/// Bytes with which a protected span begins, or that lie in it: see [`super::protect`].
#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: it becomes vector code"
)]
fn is_special(byte: u8) -> u8 {
    let digit = byte.wrapping_sub(b'0') < 10;
    u8::from(
        digit
            | (byte == b'@')
            | (byte == b'#')
            | (byte == b'`')
            | (byte == b'<')
            | (byte == b'{')
            | (byte == b'/')
            | (byte == b'_'),
    )
}

/// Whether the punctuation mark at `position` belongs to the word around it (WB6, WB7, WB11 and
/// WB12 of UAX #29).
#[inline]
fn joins(bytes: &[u8], position: usize) -> bool {
    let before = position.checked_sub(1).and_then(|before| bytes.get(before));
    let (Some(before), Some(mark), Some(after)) =
        (before, bytes.get(position), bytes.get(position + 1))
    else {
        return false;
    };
    match mark {
        b':' => before.is_ascii_alphabetic() && after.is_ascii_alphabetic(),
        b',' | b';' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => {
            before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
                || before.is_ascii_digit() && after.is_ascii_digit()
        }
    }
}
