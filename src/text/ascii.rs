//! Words of ASCII text, 64 bytes at a time.
//!
//! For ASCII the word boundaries of UAX #29 come down to a few byte classes: letters, digits and
//! `_` stick together; `'`, `.` and `:` join two letters; `'`, `.`, `,` and `;` join two digits.
//! So a word is a run of ones in a bit mask.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined may use the instructions of the function around it"
)]

use super::classes::{BLOCK, Classify, Masks, Portable};
use super::protect;
use super::words::WordList;

/// Finds words with the best instructions that the processor has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scanner {
    /// With AVX2 and what came with it.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// With what every processor has.
    Portable,
}

/// What a scan came across, beside words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    /// Whether a word may be made of underscores alone: that is none.
    pub(super) underscored: bool,
    /// Whether there are bytes that are not ASCII: not all words are there then.
    pub(super) foreign: bool,
}

impl Scanner {
    /// The best for this processor.
    pub(super) fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            return Self::Avx2(simd);
        }
        Self::Portable
    }

    /// Appends the words of `bytes`, which stand at `start` in the text, between two word boundaries, to
    /// `words`, and the places where a protected span may begin to `triggers`. It ends where it comes
    /// across bytes that are not ASCII.
    #[inline]
    pub(super) fn scan(
        self,
        bytes: &[u8],
        start: usize,
        words: &mut WordList,
        triggers: &mut Vec<u32>,
    ) -> Scan {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize(Work {
                classifier: simd,
                bytes,
                start,
                words,
                triggers,
            }),
            Self::Portable => scan(Portable, bytes, start, words, triggers),
        }
    }
}

/// The arguments of [`scan`], to hand them to where the instructions may be used.
#[cfg(target_arch = "x86_64")]
struct Work<'a, C> {
    classifier: C,
    bytes: &'a [u8],
    start: usize,
    words: &'a mut WordList,
    triggers: &'a mut Vec<u32>,
}

#[cfg(target_arch = "x86_64")]
impl<C: Classify> pulp::NullaryFnOnce for Work<'_, C> {
    type Output = Scan;

    #[inline(always)]
    fn call(self) -> Scan {
        scan(
            self.classifier,
            self.bytes,
            self.start,
            self.words,
            self.triggers,
        )
    }
}

/// See [`Scanner::scan`].
#[inline(always)]
fn scan(
    classifier: impl Classify,
    bytes: &[u8],
    start: usize,
    words: &mut WordList,
    triggers: &mut Vec<u32>,
) -> Scan {
    let mut underscores = 0;
    // Whether the byte before the block is in a word.
    let mut inside = 0;
    let mut position = 0;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    // Also where nothing is left over: a word may end with the last block.
    for number in 0..=blocks.len() {
        let classes = match blocks.get(number) {
            Some(block) => classifier.classify(block),
            None => classify_rest(classifier, bytes, rest),
        };
        if classes.foreign != 0 {
            return Scan {
                underscored: false,
                foreign: true,
            };
        }
        let mut word = classes.word;
        // Marks with a word on both sides, as far as this block can tell.
        let mut joints = classes.joint & (word << 1 | inside) & (word >> 1 | 1 << (BLOCK - 1));
        while joints != 0 {
            let bit = joints.trailing_zeros();
            joints &= joints - 1;
            if joins(bytes, position + bit as usize) {
                word |= 1 << bit;
            }
        }
        let mut found = classes.trigger;
        while found != 0 {
            let bit = found.trailing_zeros();
            found &= found - 1;
            let byte = bytes.get(position + bit as usize);
            if byte.is_some_and(|byte| protect::is_trigger(*byte)) {
                #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
                triggers.push((start + position) as u32 + bit);
            }
        }
        underscores |= classes.underscore;
        let before = word << 1 | inside;
        #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
        words.extend((start + position) as u32, word ^ before);
        inside = word >> (BLOCK - 1);
        position += BLOCK;
    }
    Scan {
        underscored: underscores != 0,
        foreign: false,
    }
}

/// The classes of the last bytes of `bytes`, fewer than a block, as if spaces came after them.
#[inline(always)]
fn classify_rest(classifier: impl Classify, bytes: &[u8], rest: &[u8]) -> Masks {
    // What is written piece by piece and read as one is waited for: so the bytes are read as they lie, with
    // those before them.
    if let Some(last) = bytes.last_chunk::<BLOCK>() {
        return classifier.classify(last).starting_at(BLOCK - rest.len());
    }
    let mut block = [b' '; BLOCK];
    if let Some(front) = block.get_mut(..rest.len()) {
        front.copy_from_slice(rest);
    }
    classifier.classify(&block)
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
    let letters = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    match mark {
        b':' => letters,
        b',' | b';' => digits,
        b'\'' | b'.' => letters || digits,
        _ => false,
    }
}
