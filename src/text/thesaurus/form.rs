//! A word in lower case, ready to be compared: eight bytes at a time, without memory of its own.

use crate::text::eights::{self, EACH, HIGH};

/// The longest word, in bytes, that is looked up.
pub(super) const MOST: usize = 64;
/// The same as numbers of eight bytes.
const EIGHTS: usize = MOST / 8;
/// The longest word, in bytes, that is remembered: longer ones are rare.
const LONGEST: usize = 24;

/// A word in lower case, with zeros after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    eights: [u64; EIGHTS],
    length: usize,
    /// Whether the word was in lower case as it stood.
    was_lower: bool,
}

/// A word that can be remembered, small enough to be compared at a stroke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key([u64; LONGEST / 8]);

impl Form {
    /// `word`, if it is a short word of ASCII letters, hyphens and apostrophes.
    #[inline]
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let mut odd = 0;
        let form = Self::read(word.as_bytes(), |eight, beyond| {
            odd |= !(letters(eight) | marks(eight) | beyond) & HIGH;
        })?;
        (odd == 0).then_some(form)
    }

    /// `word` with ASCII letters in lower case and straight apostrophes; nothing of a long word.
    #[inline]
    pub(super) fn of_neighbor(word: &str) -> Self {
        let mut foreign = 0;
        let form = Self::read(word.as_bytes(), |eight, _| foreign |= eight & HIGH);
        match form {
            Some(form) if foreign == 0 => form,
            _ => Self::of_foreign(word),
        }
    }

    #[cold]
    fn of_foreign(word: &str) -> Self {
        let straight = word.replace('’', "'").to_ascii_lowercase();
        let form = Self::read(straight.as_bytes(), |_, _| {});
        form.unwrap_or(Self {
            eights: [0; EIGHTS],
            length: 0,
            was_lower: true,
        })
    }

    /// Reads a word that is not too long. Each eight of its bytes is shown as it will be, with the
    /// highest bits of those places set that lie beyond the word.
    #[inline]
    fn read(word: &[u8], mut look: impl FnMut(u64, u64)) -> Option<Self> {
        if word.len() > MOST {
            return None;
        }
        let (mut eights, mut was_lower) = ([0; EIGHTS], true);
        for (place, to) in (0..word.len()).step_by(8).zip(&mut eights) {
            let (eight, count) = eights::at(word, place);
            let lower = eights::lower_case(eight);
            was_lower &= lower == eight;
            look(lower, HIGH & !eights::first(count));
            *to = lower;
        }
        Some(Self {
            eights,
            length: word.len(),
            was_lower,
        })
    }

    /// The word, written to `bytes`.
    pub(super) fn write<'a>(&self, bytes: &'a mut [u8; MOST]) -> &'a str {
        for (to, eight) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.eights) {
            *to = eight.to_le_bytes();
        }
        let word = bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }

    /// Whether the word was in lower case as it stood.
    #[inline]
    pub(super) fn was_lower(&self) -> bool {
        self.was_lower
    }

    /// Its key, if it can be remembered: not if it is long, empty or ends with a zero.
    #[inline]
    pub(super) fn key(&self) -> Option<Key> {
        let last = self.length.checked_sub(1)?;
        let [first, second, third, ..] = self.eights;
        let holding = self.eights.get(last / 8)?;
        // No word ends with a zero, so that its length need not be kept.
        let ends = holding >> (last % 8 * 8) & 0xff != 0;
        (self.length <= LONGEST && ends).then_some(Key([first, second, third]))
    }
}

impl Key {
    /// Whether they are the same: number by number, since to compare arrays they are written to memory and
    /// read at another width, which takes longer than all the rest.
    #[inline]
    pub(super) fn is(self, other: Self) -> bool {
        let [first, second, third] = self.0;
        let [other_first, other_second, other_third] = other.0;
        (first ^ other_first) | (second ^ other_second) | (third ^ other_third) == 0
    }

    /// The product of two parts, folded; the third is in both.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves are taken")]
    pub(super) fn hash(self) -> u64 {
        let [low, high, last] = self.0;
        let low = low ^ last.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15;
        let high = high ^ last ^ 0xbf58_476d_1ce4_e5b9;
        let product = u128::from(low) * u128::from(high);
        product as u64 ^ (product >> 64) as u64
    }
}

/// The highest bits of bytes that are small letters. No byte may have its own highest bit set, else
/// what comes out is wrong, but has that bit not set for itself.
#[inline]
fn letters(eight: u64) -> u64 {
    let ascii = eight & !HIGH;
    let from_a = ascii + EACH * u64::from(0x80 - b'a');
    let above_z = ascii + EACH * u64::from(0x80 - b'z' - 1);
    from_a & !above_z & !eight & HIGH
}

/// The highest bits of bytes that are hyphens or apostrophes.
#[inline]
fn marks(eight: u64) -> u64 {
    eights::equal(eight, b'-') | eights::equal(eight, b'\'')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(form: &Form) -> String {
        form.write(&mut [0; MOST]).to_owned()
    }

    proptest! {
        #[test]
        fn words_are_put_in_lower_case(word in "[A-Za-z'-]{0,70}") {
            match Form::of_word(&word) {
                Some(form) => {
                    prop_assert_eq!(text(&form), word.to_ascii_lowercase());
                    prop_assert_eq!(form.was_lower(), word == word.to_ascii_lowercase());
                    prop_assert_eq!(form.key().is_some(), (1..=LONGEST).contains(&word.len()));
                }
                None => prop_assert!(word.len() > MOST),
            }
        }

        #[test]
        fn what_is_no_plain_word_is_none(word in "\\PC{0,12}") {
            let plain = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'\'');
            prop_assert_eq!(Form::of_word(&word).is_some(), plain && word.len() <= MOST);
        }

        #[test]
        fn neighbors_have_small_letters_and_straight_apostrophes(word in "[\\PC’A-Z]{0,40}") {
            let expected = word.replace('’', "'").to_ascii_lowercase();
            let expected = if expected.len() > MOST { "" } else { &expected };
            prop_assert_eq!(text(&Form::of_neighbor(&word)), expected);
        }

        #[test]
        fn equal_keys_are_equal_words(one in "[a-c]{1,3}", other in "[a-c]{1,3}") {
            let key = |word| Form::of_neighbor(word).key().unwrap();
            prop_assert_eq!(key(&one).is(key(&other)), one == other);
        }
    }

    #[test]
    fn every_byte_is_told_from_letters_and_marks() {
        for byte in 0..=u8::MAX {
            for place in [0, 3, 7] {
                let mut bytes = *b"abcdefgh";
                bytes[place] = byte;
                let eight = u64::from_le_bytes(bytes);
                let set = |bits: u64| bits >> (place * 8 + 7) & 1 == 1;
                assert_eq!(set(letters(eight)), byte.is_ascii_lowercase(), "{byte}");
                assert_eq!(set(marks(eight)), matches!(byte, b'-' | b'\''), "{byte}");
            }
        }
    }
}
