//! The words of a text as a list, made from bits.
//!
//! A scan says for 64 bytes at a time where words start and where they end. From these bits the list is
//! written in steps of one size, whether there are many words or few: how often a loop over them runs
//! could not be predicted.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined may use the instructions of the function around it"
)]

use std::iter::Zip;
use std::slice::Iter;

use super::Word;

/// Words that are written at once.
const STEP: usize = 8;

/// Positions in a text, in order.
#[derive(Debug, Default)]
struct Positions {
    /// After `count` of them there are numbers of no meaning.
    numbers: Vec<u32>,
    count: usize,
}

impl Positions {
    /// Appends those of the ones in `bits`, the lowest of which stands for the byte at `first`.
    #[inline(always)]
    fn extend(&mut self, first: u32, mut bits: u64) {
        let count = self.count;
        // Fewer than there are bits are in the last step, too.
        if self.numbers.len() < count + 2 * u64::BITS as usize {
            self.grow();
        }
        self.count += bits.count_ones() as usize;
        let (steps, _) = self
            .numbers
            .get_mut(count..)
            .unwrap_or_default()
            .as_chunks_mut::<STEP>();
        for step in steps {
            for number in step {
                *number = first.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = self.count + 2 * u64::BITS as usize;
        self.numbers.resize(wanted.max(2 * self.numbers.len()), 0);
    }

    fn push(&mut self, position: u32) {
        self.extend(position, 1);
    }

    #[inline]
    fn get(&self, place: usize) -> u32 {
        self.numbers.get(place).copied().unwrap_or_default()
    }

    #[inline]
    fn set(&mut self, place: usize, position: u32) {
        if let Some(number) = self.numbers.get_mut(place) {
            *number = position;
        }
    }

    #[inline]
    fn as_slice(&self) -> &[u32] {
        self.numbers.get(..self.count).unwrap_or_default()
    }
}

/// Collects the words of one text; keeps its memory from text to text.
#[derive(Debug, Default)]
pub(super) struct WordList {
    /// First bytes of words.
    starts: Positions,
    /// Bytes after the last of a word. While a word is not yet ended there is one less.
    ends: Positions,
}

impl WordList {
    /// Forgets all words.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.starts.count = 0;
        self.ends.count = 0;
    }

    /// Adds the starts and ends in the 64 bytes from `position` on, the first at the lowest bit.
    #[inline(always)]
    pub(super) fn extend(&mut self, position: u32, starts: u64, ends: u64) {
        self.starts.extend(position, starts);
        self.ends.extend(position, ends);
    }

    /// Adds one word.
    pub(super) fn push(&mut self, word: Word) {
        self.starts.push(word.start);
        self.ends.push(word.end);
    }

    /// Takes out the words that `keep` refuses.
    #[inline]
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Word) -> bool) {
        let mut kept = 0;
        for place in 0..self.starts.count {
            let word = Word {
                start: self.starts.get(place),
                end: self.ends.get(place),
            };
            // Always written, for a branch could not be predicted.
            self.starts.set(kept, word.start);
            self.ends.set(kept, word.end);
            kept += usize::from(keep(word));
        }
        self.starts.count = kept;
        self.ends.count = kept;
    }

    /// The words.
    #[inline]
    pub(super) fn words(&self) -> Words<'_> {
        Words {
            starts: self.starts.as_slice(),
            ends: self.ends.as_slice(),
        }
    }
}

/// The words of a text, in order, none touching another's bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    starts: &'a [u32],
    /// As many.
    ends: &'a [u32],
}

impl<'a> Words<'a> {
    /// How many there are.
    #[inline]
    pub fn len(self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.starts.is_empty()
    }

    /// The word at `place`, counted from 0.
    #[inline]
    pub fn get(self, place: usize) -> Option<Word> {
        Some(Word {
            start: *self.starts.get(place)?,
            end: *self.ends.get(place)?,
        })
    }

    /// The word at `place` and the one before it.
    #[inline]
    pub fn get_with_previous(self, place: usize) -> Option<(Option<Word>, Word)> {
        let previous = place.checked_sub(1).and_then(|place| self.get(place));
        Some((previous, self.get(place)?))
    }

    /// The first word.
    pub fn first(self) -> Option<Word> {
        self.get(0)
    }

    /// The last word.
    pub fn last(self) -> Option<Word> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All words, in order.
    pub fn iter(self) -> WordIter<'a> {
        WordIter(self.starts.iter().zip(self.ends))
    }

    /// The words that end after `position`, a byte of the text, in order. To find the first costs a
    /// search, not a walk over the words before it.
    pub fn reaching(self, position: usize) -> WordIter<'a> {
        let before = self.ends.partition_point(|end| *end as usize <= position);
        let rest = Self {
            starts: self.starts.get(before..).unwrap_or_default(),
            ends: self.ends.get(before..).unwrap_or_default(),
        };
        rest.iter()
    }
}

impl<'a> IntoIterator for Words<'a> {
    type Item = Word;
    type IntoIter = WordIter<'a>;

    fn into_iter(self) -> WordIter<'a> {
        self.iter()
    }
}

/// Iterates over [`Words`].
#[derive(Debug, Clone)]
pub struct WordIter<'a>(Zip<Iter<'a, u32>, Iter<'a, u32>>);

impl Iterator for WordIter<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        let (start, end) = self.0.next()?;
        Some(Word {
            start: *start,
            end: *end,
        })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_become_words(blocks in prop::collection::vec(any::<u64>(), 0..9)) {
            let mut list = WordList::default();
            let mut expected: Vec<Word> = Vec::new();
            for _ in 0..2 {
                list.reset();
                expected.clear();
                let mut inside = 0;
                for (number, word) in blocks.iter().chain([&0]).enumerate() {
                    let before = word << 1 | inside;
                    inside = word >> 63;
                    list.extend(u32::try_from(number * 64).unwrap(), word & !before, !word & before);
                    for bit in 0..64 {
                        let place = number * 64 + bit;
                        match expected.last_mut().filter(|last| last.end as usize == place) {
                            _ if word >> bit & 1 == 0 => {}
                            Some(last) => last.end += 1,
                            None => expected.push(Word::new(place, place + 1)),
                        }
                    }
                }
            }
            prop_assert_eq!(list.words().iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn words_come_back_as_they_were_put(lengths in prop::collection::vec((0_usize..90, 1_usize..150), 0..60)) {
            let mut expected = Vec::new();
            let mut position = 0;
            for (space, length) in lengths {
                expected.push(Word::new(position + space, position + space + length));
                position += space + length;
            }
            let mut list = WordList::default();
            for word in &expected {
                list.push(*word);
            }
            let words = list.words();
            prop_assert_eq!(words.iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(words.len(), expected.len());
            let by_place: Vec<Word> = (0..words.len()).filter_map(|place| words.get(place)).collect();
            prop_assert_eq!(by_place, expected.clone());
            for (place, word) in expected.iter().enumerate() {
                let previous = place.checked_sub(1).map(|previous| expected[previous]);
                prop_assert_eq!(words.get_with_previous(place), Some((previous, *word)));
            }
            prop_assert_eq!(words.last(), expected.last().copied());
            prop_assert_eq!(words.get(expected.len()), None);
            for from in 0..position + 3 {
                let rest = expected.iter().copied().filter(|word| word.range().end > from);
                prop_assert_eq!(words.reaching(from).collect::<Vec<_>>(), rest.collect::<Vec<_>>());
            }

            list.retain(|word| word.start % 3 != 0);
            expected.retain(|word| word.start % 3 != 0);
            prop_assert_eq!(list.words().iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(list.words().last(), expected.last().copied());
        }
    }
}
