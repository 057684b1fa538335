//! The words of a text as bits: where words start, and where they end.
//!
//! Most operators look at a few words of a text and need the number of all of them. Bits give both
//! without a list: finding the words of a text costs the same whether it has many or few.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined may use the instructions of the function around it"
)]

use super::Word;

/// Places that one block of bits stands for.
const BITS: usize = u64::BITS as usize;

/// Blocks that are quicker looked at all at once than searched by halves.
const FEW: usize = 8;

/// 64 bytes of a text.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    /// First bytes of words.
    starts: u64,
    /// Bytes after the last of a word.
    ends: u64,
}

/// Collects the words of one text; keeps its memory from text to text.
#[derive(Debug, Default)]
pub(super) struct WordMarks {
    blocks: Vec<Block>,
    /// For each block how many words start in those before; then [`FEW`] numbers that no word has.
    before: Vec<u32>,
    count: u32,
}

impl WordMarks {
    /// Forgets all words and makes room for those of a text of `bytes` bytes.
    #[inline]
    pub(super) fn reset(&mut self, bytes: usize) {
        self.blocks.clear();
        // A word may end after the last byte; and bits are put in two blocks at a time.
        self.blocks.resize(bytes / BITS + 2, Block::default());
        self.count = 0;
    }

    /// Marks the starts and ends in the 64 bytes from `position` on, the first at the lowest bit.
    #[inline(always)]
    pub(super) fn put(&mut self, position: usize, starts: u64, ends: u64) {
        let (index, shift) = (position / BITS, position % BITS);
        if let Some(block) = self.blocks.get_mut(index) {
            block.starts |= starts << shift;
            block.ends |= ends << shift;
        }
        if shift > 0
            && let Some(block) = self.blocks.get_mut(index + 1)
        {
            block.starts |= starts >> (BITS - shift);
            block.ends |= ends >> (BITS - shift);
        }
    }

    /// Forgets all words, those of a text to be marked from its start to its end.
    #[inline(always)]
    pub(super) fn restart(&mut self) {
        self.blocks.clear();
        self.before.clear();
        self.count = 0;
    }

    /// Marks the starts and ends in the next 64 bytes, and counts them.
    #[inline(always)]
    pub(super) fn push(&mut self, starts: u64, ends: u64) {
        self.blocks.push(Block { starts, ends });
        self.before.push(self.count);
        self.count += starts.count_ones();
    }

    /// Ends what was [pushed](Self::push).
    #[inline(always)]
    pub(super) fn finish(&mut self) {
        self.before.extend_from_slice(&[u32::MAX; FEW]);
    }

    /// Marks one word.
    pub(super) fn put_word(&mut self, word: Word) {
        self.put(word.range().start, 1, 0);
        self.put(word.range().end, 0, 1);
    }

    /// Takes out the words that `keep` refuses, and counts the others.
    #[inline]
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Word) -> bool) {
        for index in 0..self.blocks.len() {
            let mut starts = self.blocks.get(index).map_or(0, |block| block.starts);
            // Bits of the block, kept in registers: to write each to memory and read it again is waited for.
            let mut out = Block::default();
            while starts != 0 {
                let bit = starts.trailing_zeros();
                starts &= starts - 1;
                let word = self.words().word_from(index, bit);
                // By masks, for a branch could not be predicted.
                let is_out = u64::from(!keep(word));
                out.starts |= is_out << bit;
                let end = word.range().end;
                if end / BITS == index {
                    out.ends |= is_out << (end % BITS);
                } else if let Some(block) = self.blocks.get_mut(end / BITS) {
                    block.ends &= !(is_out << (end % BITS));
                }
            }
            if let Some(block) = self.blocks.get_mut(index) {
                block.starts &= !out.starts;
                block.ends &= !out.ends;
            }
        }
        self.count();
    }

    /// Counts the words, after the last is marked.
    #[inline(always)]
    pub(super) fn count(&mut self) {
        self.count = 0;
        self.before.clear();
        for block in &self.blocks {
            self.before.push(self.count);
            self.count += block.starts.count_ones();
        }
        self.finish();
    }

    /// The words, which must have been counted.
    #[inline]
    pub(super) fn words(&self) -> Words<'_> {
        Words {
            blocks: &self.blocks,
            before: &self.before,
            count: self.count as usize,
        }
    }
}

/// The words of a text, in order, none touching another's bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    blocks: &'a [Block],
    before: &'a [u32],
    count: usize,
}

impl<'a> Words<'a> {
    /// How many there are.
    #[inline]
    pub fn len(self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The word at `place`, counted from 0. It costs a search over the text, 64 bytes at a time; to
    /// look at all words, iterate.
    #[inline]
    pub fn get(self, place: usize) -> Option<Word> {
        if place >= self.count {
            return None;
        }
        // Fewer than 2^32: texts are under 4 GiB.
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        // Of all of them, whatever their number, for how often a loop runs could not be predicted.
        let after = match self.before.first_chunk::<FEW>() {
            Some(few) if self.blocks.len() <= FEW => {
                few.iter().map(|before| usize::from(*before <= place)).sum()
            }
            _ => self.before.partition_point(|before| *before <= place),
        };
        // Blocks without a word have the number of the one after them: the last is the right one.
        let index = after.checked_sub(1)?;
        let (block, before) = (self.blocks.get(index)?, self.before.get(index)?);
        let bit = select(block.starts, place - before);
        Some(self.word_from(index, bit))
    }

    /// The word at `place` and the one before it, for little more than the price of one.
    #[inline]
    pub fn get_with_previous(self, place: usize) -> Option<(Option<Word>, Word)> {
        let word = self.get(place)?;
        let (mut index, bit) = (word.range().start / BITS, word.start % u64::BITS);
        let mut starts = self.blocks.get(index)?.starts & !(u64::MAX << bit);
        while starts == 0 {
            let Some(before) = index.checked_sub(1) else {
                return Some((None, word));
            };
            index = before;
            starts = self.blocks.get(index)?.starts;
        }
        let previous = self.word_from(index, u64::BITS - 1 - starts.leading_zeros());
        Some((Some(previous), word))
    }

    /// The first word.
    pub fn first(self) -> Option<Word> {
        self.get(0)
    }

    /// The last word.
    pub fn last(self) -> Option<Word> {
        self.get(self.count.checked_sub(1)?)
    }

    /// All words, in order.
    pub fn iter(self) -> WordIter<'a> {
        WordIter {
            words: self,
            index: 0,
            starts: self.blocks.first().map_or(0, |block| block.starts),
        }
    }

    /// The words that end after `position`, a byte of the text, in order. To find the first costs a
    /// search, not a walk over the words before it.
    pub fn reaching(self, position: usize) -> WordIter<'a> {
        let index = position / BITS;
        let below = !(u64::MAX << (position % BITS));
        let starts = self.blocks.get(index).map_or(0, |block| block.starts);
        let before = match self.before.get(index) {
            Some(before) if index < self.blocks.len() => *before,
            _ => 0,
        };
        let before = before + (starts & below).count_ones();
        // The one that starts before it may end after it.
        let over = before
            .checked_sub(1)
            .and_then(|place| self.get(place as usize))
            .filter(|word| word.range().end > position);
        let first = over.map_or(position, |word| word.range().start);
        let index = first / BITS;
        let starts = self.blocks.get(index).map_or(0, |block| block.starts);
        WordIter {
            words: self,
            index,
            starts: starts & (u64::MAX << (first % BITS)),
        }
    }

    /// The word that starts at `bit` of the block at `index`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
    fn word_from(self, index: usize, bit: u32) -> Word {
        let start = (index * BITS) as u32 + bit;
        // No word is empty, so it ends after its start.
        let here = self.blocks.get(index).map_or(0, |block| block.ends);
        let mut ends = here & (u64::MAX << (bit % u64::BITS) << 1);
        let mut end = (index * BITS) as u32;
        let mut rest = self.blocks.get(index + 1..).unwrap_or_default().iter();
        while ends == 0 {
            let Some(block) = rest.next() else {
                return Word { start, end: start };
            };
            ends = block.ends;
            end += u64::BITS;
        }
        Word {
            start,
            end: end + ends.trailing_zeros(),
        }
    }
}

impl<'a> IntoIterator for Words<'a> {
    type Item = Word;
    type IntoIter = WordIter<'a>;

    fn into_iter(self) -> WordIter<'a> {
        self.iter()
    }
}

/// The position of the one in `bits` that has `rank` ones below it; `bits` must have so many.
///
/// After Vigna ("Broadword implementation of rank/select queries", 2008): the ones are counted in all eight
/// bytes at once, all sums are compared with `rank` at once, and a table knows the places in one byte. No
/// branch, for which way it goes could not be predicted.
#[inline]
fn select(bits: u64, rank: u32) -> u32 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let twos = bits - (bits >> 1 & 0x5555_5555_5555_5555);
    let fours = (twos & 0x3333_3333_3333_3333) + (twos >> 2 & 0x3333_3333_3333_3333);
    let bytes = (fours + (fours >> 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    // Each byte: the ones in it and in those below.
    let sums = bytes.wrapping_mul(EACH);
    // The highest bit of each byte: whether the one looked for is in a byte above. No sum is over 64.
    let above = (((u64::from(rank) * EACH) | HIGH) - sums) & HIGH;
    let position = (above >> 7).wrapping_mul(EACH) >> 56 << 3 & 63;
    let below = u64::from(rank) - ((sums << 8) >> position & 0xff);
    let byte = bits >> position & 0xff;
    // Both are below 2,048.
    let place = usize::try_from(byte << 3 | below & 7).unwrap_or_default();
    u32::try_from(position).unwrap_or_default() + u32::from(ONES_OF_BYTE[place])
}

/// For each byte the places of its ones, from the lowest on; 0 after them.
const ONES_OF_BYTE: [u8; 256 * 8] = ones_of_bytes();

const fn ones_of_bytes() -> [u8; 256 * 8] {
    let mut places = [0; 256 * 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut ones) = (0_u8, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                places[byte * 8 + ones] = bit;
                ones += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    places
}

/// Iterates over [`Words`].
#[derive(Debug, Clone)]
pub struct WordIter<'a> {
    words: Words<'a>,
    index: usize,
    /// Starts of the current block that are still to come.
    starts: u64,
}

impl Iterator for WordIter<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        while self.starts == 0 {
            self.index += 1;
            self.starts = self.words.blocks.get(self.index)?.starts;
        }
        let bit = self.starts.trailing_zeros();
        self.starts &= self.starts - 1;
        Some(self.words.word_from(self.index, bit))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn select_finds_every_one(bits: u64) {
            let mut rest = bits;
            for rank in 0..bits.count_ones() {
                prop_assert_eq!(select(bits, rank), rest.trailing_zeros());
                rest &= rest - 1;
            }
        }

        #[test]
        fn words_come_back_as_they_were_put(lengths in prop::collection::vec((0_usize..90, 1_usize..150), 0..60)) {
            let mut expected = Vec::new();
            let mut position = 0;
            for (space, length) in lengths {
                expected.push(Word::new(position + space, position + space + length));
                position += space + length;
            }
            let mut marks = WordMarks::default();
            marks.reset(position);
            for word in &expected {
                marks.put_word(*word);
            }
            marks.count();
            let words = marks.words();
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

            marks.retain(|word| word.start % 3 != 0);
            expected.retain(|word| word.start % 3 != 0);
            prop_assert_eq!(marks.words().iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(marks.words().last(), expected.last().copied());
        }
    }
}
