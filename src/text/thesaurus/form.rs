//! A word in lower case, ready to be compared: eight bytes at a time, without memory of its own, and in
//! registers, because numbers that are written one by one and read as one are waited for.

use std::ops::Range;

use crate::text::eights::{self, EACH, HIGH};

/// The longest word, in bytes, that is looked up.
pub(super) const MOST: usize = 64;
/// The longest word, in bytes, that is remembered: longer ones are rare.
const LONGEST: usize = 8 * EIGHTS;
/// The same as numbers of eight bytes.
const EIGHTS: usize = 3;

/// A word in lower case, with straight apostrophes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'a> {
    /// As it stands.
    word: &'a str,
    key: Option<Key>,
    was_lower: bool,
}

/// A word that can be remembered, small enough to be compared at a stroke; zeros come after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key([u64; EIGHTS]);

impl<'a> Form<'a> {
    /// What stands at `span` of `text`, if it is a short word of ASCII letters, hyphens and apostrophes.
    #[inline]
    pub(super) fn of_word(text: &'a str, span: Range<usize>) -> Option<Self> {
        let word = text.get(span.clone())?;
        if word.len() > LONGEST {
            return Self::of_long(word);
        }
        let eights = word_at(text.as_bytes(), span);
        let lower = eights.map(eights::lower_case);
        let (mut odd, mut upper) = (0, 0);
        for (number, (lower, eight)) in lower.into_iter().zip(eights).enumerate() {
            let beyond = !eights::first(bytes_in(number, word.len()));
            odd |= !(letters(lower) | marks(lower) | beyond) & HIGH;
            upper |= lower ^ eight;
        }
        (odd == 0).then_some(Self {
            word,
            key: (!word.is_empty()).then_some(Key(lower)),
            was_lower: upper == 0,
        })
    }

    #[cold]
    fn of_long(word: &'a str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'\'');
        (word.len() <= MOST && word.bytes().all(is_plain)).then(|| Self {
            word,
            key: None,
            was_lower: !word.bytes().any(|byte| byte.is_ascii_uppercase()),
        })
    }

    /// `word` with ASCII letters in lower case and straight apostrophes; nothing of a long word.
    #[inline]
    pub(super) fn of_neighbor(word: &'a str) -> Self {
        let bytes = word.as_bytes();
        let eights = std::array::from_fn(|number| eights::at(bytes, 8 * number).0);
        let foreign = eights.iter().fold(0, |all, eight| all | eight) & HIGH != 0;
        if foreign || word.len() > LONGEST {
            return Self::of_foreign(word);
        }
        Self {
            word,
            key: Key::of(eights.map(eights::lower_case), word.len()),
            was_lower: false,
        }
    }

    #[cold]
    fn of_foreign(word: &'a str) -> Self {
        let mut bytes = [0; MOST];
        let form = Self {
            word,
            key: None,
            was_lower: false,
        };
        let straight = form.write(&mut bytes).as_bytes();
        let eights = std::array::from_fn(|number| eights::at(straight, 8 * number).0);
        let key = Key::of(eights, straight.len());
        Self { key, ..form }
    }

    /// The word, written to `bytes`; nothing if it is too long.
    #[cold]
    pub(super) fn write<'b>(&self, bytes: &'b mut [u8; MOST]) -> &'b str {
        let mut length = 0;
        for letter in self.word.chars() {
            let letter = match letter {
                '’' => '\'',
                other => other.to_ascii_lowercase(),
            };
            let Some(place) = bytes.get_mut(length..length + letter.len_utf8()) else {
                return "";
            };
            length += letter.encode_utf8(place).len();
        }
        let word = bytes.get(..length).unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }

    /// Whether the word was in lower case as it stood: known of words, not of neighbours.
    #[inline]
    pub(super) fn was_lower(&self) -> bool {
        self.was_lower
    }

    /// Its key, if it can be remembered: not if it is long, empty or ends with a zero.
    #[inline]
    pub(super) fn key(&self) -> Option<Key> {
        self.key
    }
}

/// How many bytes of a word of `length` bytes are in its eight of this number.
#[inline]
fn bytes_in(number: usize, length: usize) -> usize {
    length.saturating_sub(8 * number).min(8)
}

/// The word at `span`, which is not too long, with zeros after it.
#[inline]
fn word_at(text: &[u8], span: Range<usize>) -> [u64; EIGHTS] {
    let near = text.get(span.start..).and_then(<[u8]>::first_chunk);
    let near = near.map(|near: &[u8; LONGEST]| near.as_slice().as_chunks::<8>().0);
    // Most words have so many bytes from their first on.
    if let Some(&[first, second, third]) = near {
        let read =
            |eight, number| u64::from_le_bytes(eight) & eights::first(bytes_in(number, span.len()));
        return [read(first, 0), read(second, 1), read(third, 2)];
    }
    let word = text.get(span).unwrap_or_default();
    std::array::from_fn(|number| eights::at(word, 8 * number).0)
}

impl Key {
    /// That of no word.
    pub(super) const NONE: Self = Self([0; EIGHTS]);

    /// The key of a form of `length` bytes, if it can be remembered.
    #[inline]
    fn of(eights: [u64; EIGHTS], length: usize) -> Option<Self> {
        let last = length.checked_sub(1)?;
        let holding = eights.get(last / 8)?;
        // No word ends with a zero, so that its length need not be kept.
        let ends = holding >> (last % 8 * 8) & 0xff != 0;
        ends.then_some(Self(eights))
    }

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

    fn text(form: &Form<'_>) -> String {
        form.write(&mut [0; MOST]).to_owned()
    }

    proptest! {
        #[test]
        fn words_are_put_in_lower_case(before in "[A-z ]{0,9}", word in "[A-Za-z'-]{0,70}", after in "[A-z ]{0,30}") {
            let around = format!("{before}{word}{after}");
            match Form::of_word(&around, before.len()..before.len() + word.len()) {
                Some(form) => {
                    let lower = word.to_ascii_lowercase();
                    prop_assert_eq!(text(&form), lower.clone());
                    prop_assert_eq!(form.was_lower(), word == lower);
                    prop_assert_eq!(form.key().is_some(), (1..=LONGEST).contains(&word.len()));
                    // As a neighbour it is the same word.
                    if let (Some(key), Some(other)) = (form.key(), Form::of_neighbor(&word).key()) {
                        prop_assert!(key.is(other));
                    }
                }
                None => prop_assert!(word.len() > MOST),
            }
        }

        #[test]
        fn what_is_no_plain_word_is_none(word in "\\PC{0,12}", after in "\\PC{0,30}") {
            let plain = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'\'');
            let around = format!("{word}{after}");
            let form = Form::of_word(&around, 0..word.len());
            prop_assert_eq!(form.is_some(), plain && word.len() <= MOST);
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
