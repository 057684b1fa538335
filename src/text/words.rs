//! The words of a text as a list, made from bits.
//!
//! A scan says for 64 bytes at a time where words start and where they end. From these bits the list is
//! written in steps of one size, whether there are many words or few: how often a loop over them runs
//! could not be predicted.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined may use the instructions of the function around it"
)]

use super::Word;

/// Positions that are written at once.
const STEP: usize = 8;

/// Positions that one block of bits can add, and those of the last step beyond them.
const ROOM: usize = u64::BITS as usize + STEP;

/// Collects the words of one text; keeps its memory from text to text.
#[derive(Debug, Default)]
pub(super) struct WordList {
    /// The first byte of each word and the byte after its last, in turn. After `count` of them there are
    /// numbers of no meaning.
    bounds: Vec<u32>,
    /// Odd while a word is not yet ended.
    count: usize,
}

impl WordList {
    /// Forgets all words.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.count = 0;
    }

    /// Adds the starts and ends of words, which are ones in `bounds`, in the 64 bytes from `position` on,
    /// the first at the lowest bit. No word may end where another starts.
    #[inline(always)]
    pub(super) fn extend(&mut self, position: u32, mut bounds: u64) {
        if self.bounds.len() < self.count + ROOM {
            self.grow();
        }
        let free = self.bounds.get_mut(self.count..).unwrap_or_default();
        self.count += bounds.count_ones() as usize;
        for step in free.as_chunks_mut::<STEP>().0 {
            for bound in step {
                *bound = position.wrapping_add(bounds.trailing_zeros());
                bounds &= bounds.wrapping_sub(1);
            }
            if bounds == 0 {
                break;
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = (self.count + ROOM).max(2 * self.bounds.len());
        self.bounds.resize(wanted, 0);
    }

    /// Adds one word.
    pub(super) fn push(&mut self, word: Word) {
        self.extend(word.start, 1);
        self.extend(word.end, 1);
    }

    /// Takes out the words that `keep` refuses.
    #[inline]
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Word) -> bool) {
        let mut kept = 0;
        for place in 0..self.count / 2 {
            let words = self.bounds.as_chunks_mut::<2>().0;
            let Some(bounds) = words.get(place).copied() else {
                break;
            };
            // Always written, for a branch could not be predicted.
            if let Some(free) = words.get_mut(kept) {
                *free = bounds;
            }
            kept += usize::from(keep(word(bounds)));
        }
        self.count = 2 * kept;
    }

    /// The words.
    #[inline]
    pub(super) fn words(&self) -> Words<'_> {
        let bounds = self.bounds.get(..self.count).unwrap_or_default();
        Words(bounds.as_chunks().0)
    }
}

#[inline]
fn word([start, end]: [u32; 2]) -> Word {
    Word { start, end }
}

/// The words of a text, in order, none touching another's bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a>(&'a [[u32; 2]]);

impl<'a> Words<'a> {
    /// How many there are.
    #[inline]
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The word at `place`, counted from 0.
    #[inline]
    pub fn get(self, place: usize) -> Option<Word> {
        self.0.get(place).copied().map(word)
    }

    /// The word at `place` and the one before it.
    #[inline]
    pub fn get_with_previous(self, place: usize) -> Option<(Option<Word>, Word)> {
        let previous = place.checked_sub(1).and_then(|place| self.get(place));
        Some((previous, self.get(place)?))
    }

    /// The first word.
    pub fn first(self) -> Option<Word> {
        self.0.first().copied().map(word)
    }

    /// The last word.
    pub fn last(self) -> Option<Word> {
        self.0.last().copied().map(word)
    }

    /// All words, in order.
    pub fn iter(self) -> WordIter<'a> {
        WordIter(self.0.iter())
    }

    /// The words that end after `position`, a byte of the text, in order. To find the first costs a
    /// search, not a walk over the words before it.
    pub fn reaching(self, position: usize) -> WordIter<'a> {
        let before = self.0.partition_point(|[_, end]| *end as usize <= position);
        WordIter(self.0.get(before..).unwrap_or_default().iter())
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
pub struct WordIter<'a>(std::slice::Iter<'a, [u32; 2]>);

impl Iterator for WordIter<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        self.0.next().copied().map(word)
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
                    list.extend(u32::try_from(number * 64).unwrap(), word ^ before);
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
