//! Words met before: the same ones come up again and again.

use super::super::part_of_speech::Familiarity;
use super::form::{Form, Key};
use super::memory::Memory;

/// Words that are kept before all are forgotten: memory stays bounded.
const MOST_WORDS: usize = 1 << 18;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 32 << 20;
/// Places of the index at first; a power of two.
const FEW_PLACES: usize = 1 << 12;
/// Words that are found without the index: so many numbers stay in the fastest cache. A power of two.
const NEAR: usize = 1 << 12;
/// Bits of a place that number a word, from 1 on; those above are of its hash.
const NUMBER_BITS: u32 = MOST_WORDS.trailing_zeros() + 1;

/// What is known of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is to its neighbours.
    pub(super) familiarity: Familiarity,
    /// Whether it is mostly a name when it begins with a capital.
    pub(super) is_name: bool,
    /// How many readings there are, or [`Entry::NOT_LOOKED_UP`].
    pub(super) readings: u8,
    pub(super) start: u32,
}

impl Entry {
    /// The most readings that are counted.
    pub(super) const MOST_READINGS: usize = 254;
    /// The word was but a neighbour of others: its readings are not known.
    pub(super) const NOT_LOOKED_UP: u8 = u8::MAX;

    /// Whether its readings are known.
    #[inline]
    pub(super) fn is_looked_up(self) -> bool {
        self.readings != Self::NOT_LOOKED_UP
    }

    /// Whether no word can stand for it, whatever it is.
    #[inline]
    pub(super) fn is_barren(self) -> bool {
        self.readings == 0
    }
}

/// A word and what is known of it: half a line of a cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Word {
    key: Key,
    entry: Entry,
}

/// Remembers what is known of words. What it answers is what it was told, so that it changes speed
/// and nothing else.
///
/// Words lie in the order in which they were met, the frequent ones close together at the start, so
/// that these stay in the caches of a core. The index over them is small for the same reason, and
/// grows with them.
#[derive(Debug)]
pub(super) struct Memo {
    /// The numbers of the words met last, each where its hash says.
    near: Vec<u32>,
    /// Places for the numbers of words, each where its hash says or after it; 0 is free. At least
    /// half are.
    index: Vec<u32>,
    words: Vec<Word>,
    memory: Memory,
    /// How often everything was forgotten.
    generation: u32,
}

impl Memo {
    pub(super) fn new() -> Self {
        Self {
            near: vec![0; NEAR],
            index: vec![0; FEW_PLACES],
            words: Vec::new(),
            memory: Memory::default(),
            generation: 0,
        }
    }

    /// Where the readings and candidates of entries are.
    #[inline]
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Changes when entries got before are no longer good.
    #[inline]
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// What is known of `form`; `learn` finds it out if nothing is.
    #[inline]
    pub(super) fn entry(
        &mut self,
        form: &Form<'_>,
        learn: impl FnOnce(&mut Memory) -> Entry,
    ) -> Entry {
        let Some(key) = form.key() else {
            self.make_room();
            return learn(&mut self.memory);
        };
        match self.find(key) {
            Some((_, entry)) => entry,
            None => self.learn(key, learn),
        }
    }

    /// Puts what `learn` finds out in place of what is known of `form`.
    #[cold]
    pub(super) fn relearn(
        &mut self,
        form: &Form<'_>,
        learn: impl FnOnce(&mut Memory) -> Entry,
    ) -> Entry {
        self.make_room();
        let Some(key) = form.key() else {
            return learn(&mut self.memory);
        };
        let Some((number, _)) = self.find(key) else {
            return self.learn(key, learn);
        };
        let entry = learn(&mut self.memory);
        if let Some(word) = self.words.get_mut(number) {
            word.entry = entry;
        }
        entry
    }

    /// The number of a word and what is known of it.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are taken")]
    fn find(&mut self, key: Key) -> Option<(usize, Entry)> {
        let hash = key.hash();
        let near = hash as usize % NEAR;
        let kept = self.near.get(near).copied().unwrap_or_default();
        if let Some(found) = self.entry_of(kept, hash, key) {
            return Some(found);
        }
        let last = self.index.len() - 1;
        let mut place = self.home(hash);
        // The index is never full, so this ends.
        loop {
            let kept = *self.index.get(place)?;
            if kept == 0 {
                return None;
            }
            if let Some(found) = self.entry_of(kept, hash, key) {
                if let Some(near) = self.near.get_mut(near) {
                    *near = kept;
                }
                return Some(found);
            }
            place = (place + 1) & last;
        }
    }

    /// The word whose number was kept, if it is this one.
    #[inline]
    fn entry_of(&self, kept: u32, hash: u64, key: Key) -> Option<(usize, Entry)> {
        if kept >> NUMBER_BITS != mark_of(hash) {
            return None;
        }
        let number = number_of(kept)?;
        let word = self.words.get(number)?;
        word.key.is(key).then_some((number, word.entry))
    }

    /// Where to begin to look for a word.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are taken")]
    fn home(&self, hash: u64) -> usize {
        // A power of two.
        hash as usize & (self.index.len() - 1)
    }

    #[cold]
    fn learn(&mut self, key: Key, learn: impl FnOnce(&mut Memory) -> Entry) -> Entry {
        self.make_room();
        let entry = learn(&mut self.memory);
        self.words.push(Word { key, entry });
        if self.words.len() * 2 > self.index.len() {
            self.index = vec![0; self.index.len() * 2];
            (0..self.words.len()).for_each(|word| self.put(word));
        } else {
            self.put(self.words.len() - 1);
        }
        entry
    }

    /// Puts a word into the index.
    fn put(&mut self, word: usize) {
        let Some(Word { key, .. }) = self.words.get(word) else {
            return;
        };
        let hash = key.hash();
        let mut place = self.home(hash);
        while self.index.get(place).is_some_and(|kept| *kept != 0) {
            place = (place + 1) & (self.index.len() - 1);
        }
        let number = u32::try_from(word + 1).unwrap_or_default();
        if let Some(free) = self.index.get_mut(place) {
            *free = mark_of(hash) << NUMBER_BITS | number;
        }
    }

    /// Forgets everything if there is no room for more.
    fn make_room(&mut self) {
        if self.words.len() >= MOST_WORDS || self.memory.bytes() >= MOST_BYTES {
            self.near.fill(0);
            self.index.fill(0);
            self.words.clear();
            self.memory.clear();
            self.generation = self.generation.wrapping_add(1);
        }
    }
}

/// What is kept of a hash beside the number of a word: most other words are told apart by it.
#[inline]
fn mark_of(hash: u64) -> u32 {
    (hash >> (u64::BITS - (u32::BITS - NUMBER_BITS))) as u32
}

/// Where the word is whose number was kept, if one was.
#[inline]
fn number_of(kept: u32) -> Option<usize> {
    (kept as usize & !(usize::MAX << NUMBER_BITS)).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::super::super::part_of_speech::Tag;
    use super::super::memory::Found;
    use super::*;

    fn told(memory: &mut Memory, candidates: &[(&str, u32)]) -> Entry {
        let owned = candidates
            .iter()
            .map(|(text, weight)| ((*text).to_owned(), *weight));
        let found = Found {
            tag: Tag::Noun,
            evidence: 0,
            candidates: owned.collect(),
            participles: None,
        };
        memory.keep(memory.entry(), &[found])
    }

    fn picked(memo: &Memo, entry: Entry, number: u32) -> Option<&str> {
        let reading = memo.memory().readings(entry).next().unwrap();
        memo.memory().pick(reading.list, number)
    }

    #[test]
    fn what_was_told_is_remembered_and_forgetting_changes_nothing() {
        let mut memo = Memo::new();
        let mut times = 0;
        for _ in 0..3 {
            for number in 0..MOST_WORDS + 10 {
                let form = format!("w{number}");
                let entry = memo.entry(&Form::of_neighbor(&form), |memory| {
                    times += 1;
                    told(memory, &[(&form, 1), ("x", 2)])
                });
                assert_eq!(picked(&memo, entry, 0), Some(form.as_str()));
                assert_eq!(picked(&memo, entry, 1), Some("x"));
                assert_eq!(picked(&memo, entry, 2), Some("x"));
                assert_eq!(picked(&memo, entry, 3), None);
            }
        }
        assert!(times > MOST_WORDS);
        assert!(memo.generation() > 0);
        let before = times;
        for _ in 0..2 {
            memo.entry(&Form::of_neighbor("new"), |memory| {
                times += 1;
                memory.entry()
            });
        }
        assert_eq!(times, before + 1);
    }

    #[test]
    fn what_is_found_out_later_takes_the_place_of_what_was_known() {
        let mut memo = Memo::new();
        let form = Form::of_neighbor("word");
        let blank = Entry {
            readings: Entry::NOT_LOOKED_UP,
            ..memo.memory().entry()
        };
        assert!(!memo.entry(&form, |_| blank).is_looked_up());
        let learned = memo.relearn(&form, |memory| told(memory, &[("term", 1)]));
        assert_eq!(memo.entry(&form, |_| unreachable!()), learned);
        assert_eq!(picked(&memo, learned, 0), Some("term"));
        // Also of a word that was forgotten meanwhile.
        let other = Form::of_neighbor("other");
        let learned = memo.relearn(&other, |memory| told(memory, &[("another", 1)]));
        assert_eq!(memo.entry(&other, |_| unreachable!()), learned);
    }

    #[test]
    fn long_words_and_none_are_found_each_time() {
        let mut memo = Memo::new();
        for form in ["", "electroencephalographically"] {
            for _ in 0..2 {
                let entry =
                    memo.entry(&Form::of_neighbor(form), |memory| told(memory, &[("y", 1)]));
                assert_eq!(picked(&memo, entry, 0), Some("y"));
            }
        }
    }
}
