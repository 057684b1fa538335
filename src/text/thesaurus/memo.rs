//! Words met before: the same ones come up again and again.

use super::super::part_of_speech::Familiarity;
use super::form::{Form, Key};
use super::memory::Memory;

/// Words that are kept before all are forgotten: memory stays bounded.
const MOST_WORDS: usize = 1 << 17;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 16 << 20;
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
    pub(super) readings: u8,
    pub(super) start: u32,
}

impl Entry {
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
    pub(super) fn entry(&mut self, form: &Form, learn: impl FnOnce(&mut Memory) -> Entry) -> Entry {
        let Some(key) = form.key() else {
            self.make_room();
            return learn(&mut self.memory);
        };
        match self.find(key) {
            Some(entry) => entry,
            None => self.learn(key, learn),
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are taken")]
    fn find(&mut self, key: Key) -> Option<Entry> {
        let hash = key.hash();
        let near = hash as usize % NEAR;
        let kept = self.near.get(near).copied().unwrap_or_default();
        if let Some(entry) = self.entry_of(kept, hash, key) {
            return Some(entry);
        }
        let last = self.index.len() - 1;
        let mut place = self.home(hash);
        // The index is never full, so this ends.
        loop {
            let kept = *self.index.get(place)?;
            if kept == 0 {
                return None;
            }
            if let Some(entry) = self.entry_of(kept, hash, key) {
                if let Some(near) = self.near.get_mut(near) {
                    *near = kept;
                }
                return Some(entry);
            }
            place = (place + 1) & last;
        }
    }

    /// What is known of the word whose number was kept, if it is this one.
    #[inline]
    fn entry_of(&self, kept: u32, hash: u64, key: Key) -> Option<Entry> {
        if kept >> NUMBER_BITS != mark_of(hash) {
            return None;
        }
        let word = self.words.get(number_of(kept)?)?;
        word.key.is(key).then_some(word.entry)
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
    use super::super::memory::Stored;
    use super::*;

    fn told(memory: &mut Memory, candidates: &[(&str, u32)]) -> Entry {
        let owned = candidates
            .iter()
            .map(|(text, weight)| ((*text).to_owned(), *weight));
        let list = memory.list(&owned.collect::<Vec<_>>());
        let reading = Stored {
            tag: Tag::Noun,
            evidence: 0,
            list,
            participles: list,
        };
        memory.keep(memory.entry(), &[reading])
    }

    fn picked(memo: &Memo, entry: Entry, number: u32) -> Option<&str> {
        let reading = memo.memory().readings(entry)[0];
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
