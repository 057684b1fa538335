//! Words of ASCII text, 64 bytes at a time.
//!
//! For ASCII the word boundaries of UAX #29 come down to a few byte classes: letters, digits and
//! `_` stick together; `'`, `.` and `:` join two letters; `'`, `.`, `,` and `;` join two digits.
//! So a word is a run of ones in a bit mask. The classes are computed in a plain loop over 64 bytes,
//! which the compiler turns into vector instructions; the rarer ones become masks only where they
//! occur.

use super::Word;

const BLOCK: usize = 64;

/// Letters, digits and `_`.
const WORD: u8 = 1;
/// Marks that may join what stands on both sides.
const JOINT: u8 = 2;
/// Bytes with which a protected span may begin: see [`super::protect`].
const TRIGGER: u8 = 4;

/// Appends the words of `bytes`, all of them ASCII, to `words`, and the places where a protected
/// span may begin to `triggers`, counting offsets from `base`. `bytes` must begin and end at a word
/// boundary of the text that it is cut from.
pub(super) fn scan(bytes: &[u8], base: u32, words: &mut Vec<Word>, triggers: &mut Vec<u32>) {
    let first = words.len();
    let mut underscores = false;
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
        let classes = classes_of(block);
        let any = classes.iter().fold(0, |any, class| any | class);
        let mut mask = mask_of(&classes, 0);
        if any & JOINT != 0 {
            let mut joints = mask_of(&classes, 1);
            while joints != 0 {
                let bit = joints.trailing_zeros();
                joints &= joints - 1;
                if joins(bytes, position + bit as usize) {
                    mask |= 1 << bit;
                }
            }
        }
        if any & TRIGGER != 0 {
            let mut found = mask_of(&classes, 2);
            while found != 0 {
                let bit = found.trailing_zeros();
                found &= found - 1;
                triggers.push(offset + bit);
                underscores |= bytes.get(position + bit as usize) == Some(&b'_');
            }
        }
        let mut edges = mask ^ (mask << 1 | inside);
        if inside == 1 && edges != 0 {
            words.push(Word {
                start,
                end: offset + edges.trailing_zeros(),
            });
            edges &= edges - 1;
        }
        // From here on edges come in pairs: the start of a word, and its end if it is in the block.
        while edges != 0 {
            start = offset + edges.trailing_zeros();
            edges &= edges - 1;
            if edges == 0 {
                break;
            }
            words.push(Word {
                start,
                end: offset + edges.trailing_zeros(),
            });
            edges &= edges - 1;
        }
        inside = mask >> (BLOCK - 1);
        position += BLOCK;
        offset = offset.wrapping_add(64);
    }
    if inside == 1 {
        #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
        words.push(Word {
            start,
            end: base + bytes.len() as u32,
        });
    }
    if underscores {
        drop_lone_underscores(bytes, base, first, words);
    }
}

/// Removes, from `first` on, words that are made of nothing but underscores.
fn drop_lone_underscores(bytes: &[u8], base: u32, first: usize, words: &mut Vec<Word>) {
    let mut position = 0;
    words.retain(|word| {
        position += 1;
        let range = word.start.wrapping_sub(base) as usize..word.end.wrapping_sub(base) as usize;
        position <= first
            || bytes
                .get(range)
                .is_none_or(|word| word.iter().any(|byte| *byte != b'_'))
    });
}

/// The classes of each byte of `block`.
#[inline]
fn classes_of(block: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut classes = [0; BLOCK];
    for (class, byte) in classes.iter_mut().zip(block) {
        *class = class_of(*byte);
    }
    classes
}

/// The classes of a byte, without branches: it becomes vector code.
#[inline]
fn class_of(byte: u8) -> u8 {
    let is = |yes: bool, class: u8| u8::from(yes).wrapping_neg() & class;
    is((byte | 0x20).wrapping_sub(b'a') < 26, WORD)
        | is(byte.wrapping_sub(b'0') < 10, WORD | TRIGGER)
        | is(byte == b'_', WORD | TRIGGER)
        | is(byte == b'\'', JOINT)
        | is(byte == b'.', JOINT)
        | is(byte == b',', JOINT)
        | is(byte.wrapping_sub(b':') < 2, JOINT)
        | is(byte == b'@', TRIGGER)
        | is(byte == b'#', TRIGGER)
        | is(byte == b'`', TRIGGER)
        | is(byte == b'<', TRIGGER)
        | is(byte == b'{', TRIGGER)
        | is(byte == b'/', TRIGGER)
}

/// Bit `bit` of each class as a mask, the first byte at the lowest bit.
#[inline]
fn mask_of(classes: &[u8; BLOCK], bit: u32) -> u64 {
    let mut mask = 0;
    for (position, eight) in classes.as_chunks::<8>().0.iter().enumerate() {
        let bits = u64::from_le_bytes(*eight) >> bit & 0x0101_0101_0101_0101;
        // Gathers the lowest bits of eight bytes into one byte.
        mask |= (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (position * 8);
    }
    mask
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
