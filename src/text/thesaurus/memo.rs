//! Words met before: the same ones come up again and again.

use super::super::part_of_speech::Familiarity;
use super::form::{Form, Key};
use super::memory::Memory;

/// Words that are kept before all are forgotten: memory stays bounded.
const MOST_WORDS: usize = 1 << 18;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 32 << 20;
/// Places of the table at first; a power of two.
const FEW_PLACES: usize = 1 << 12;

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

impl Word {
    /// What stands where there is none.
    const NONE: Self = Self {
        key: Key::NONE,
        entry: Entry {
            familiarity: Familiarity::NONE,
            is_name: false,
            readings: 0,
            start: 0,
        },
    };
}

/// Remembers what is known of words. What it answers is what it was told, so that it changes speed
/// and nothing else.
///
/// Words lie where their hash says or after it. With an index over them they would lie closer together,
/// but most words would then be waited for twice.
#[derive(Debug)]
pub(super) struct Memo {
    /// At least half of the places are free.
    places: Vec<Word>,
    words: usize,
    memory: Memory,
    /// How often everything was forgotten.
    generation: u32,
}

impl Memo {
    pub(super) fn new() -> Self {
        Self {
            places: vec![Word::NONE; FEW_PLACES],
            words: 0,
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
            Some(entry) => entry,
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
        let place = self.place_of(key);
        let entry = learn(&mut self.memory);
        match self.places.get_mut(place) {
            Some(word) if !word.key.is(Key::NONE) => word.entry = entry,
            _ => self.add(key, entry),
        }
        entry
    }

    /// What is known of a word.
    #[inline]
    fn find(&self, key: Key) -> Option<Entry> {
        let word = self.places.get(self.place_of(key))?;
        (!word.key.is(Key::NONE)).then_some(word.entry)
    }

    /// Where a word is, or would be.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are taken")]
    fn place_of(&self, key: Key) -> usize {
        // There are as many places as a power of two.
        let last = self.places.len() - 1;
        let mut place = key.hash() as usize & last;
        // Some are free, so this ends.
        while self
            .places
            .get(place)
            .is_some_and(|word| !word.key.is(key) && !word.key.is(Key::NONE))
        {
            place = (place + 1) & last;
        }
        place
    }

    #[cold]
    fn learn(&mut self, key: Key, learn: impl FnOnce(&mut Memory) -> Entry) -> Entry {
        self.make_room();
        let entry = learn(&mut self.memory);
        self.add(key, entry);
        entry
    }

    /// Adds a word that is not there.
    fn add(&mut self, key: Key, entry: Entry) {
        if (self.words + 1) * 2 > self.places.len() {
            let more = vec![Word::NONE; self.places.len() * 2];
            let words = std::mem::replace(&mut self.places, more);
            for word in words.into_iter().filter(|word| !word.key.is(Key::NONE)) {
                self.put(word);
            }
        }
        self.put(Word { key, entry });
        self.words += 1;
    }

    fn put(&mut self, word: Word) {
        let place = self.place_of(word.key);
        if let Some(free) = self.places.get_mut(place) {
            *free = word;
        }
    }

    /// Forgets everything if there is no room for more.
    fn make_room(&mut self) {
        if self.words >= MOST_WORDS || self.memory.bytes() >= MOST_BYTES {
            self.places.fill(Word::NONE);
            self.words = 0;
            self.memory.clear();
            self.generation = self.generation.wrapping_add(1);
        }
    }
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
