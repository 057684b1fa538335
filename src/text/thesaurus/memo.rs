//! Words met before: the same ones come up again and again.

use super::super::part_of_speech::{Familiarity, Tag};

/// Slots of the table; a power of two.
const SLOTS: usize = 1 << 18;
/// Words that are kept before all are forgotten: the table stays sparse and memory bounded.
const MOST_WORDS: usize = SLOTS / 2;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 16 << 20;
/// The longest word, in bytes, that is remembered: longer ones are rare.
const LONGEST: usize = 24;
/// Words that are kept within reach: their part of the table stays in the caches of a core. A power
/// of two.
const NEAR: usize = 1 << 13;

/// A word, small enough to be compared at a stroke: its bytes, and zeros after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key([u64; 3]);

impl Key {
    /// No word: marks a free slot.
    const FREE: Self = Self([0; 3]);

    /// A form that is long, empty or ends with a zero has no key.
    #[inline]
    fn new(form: &Form) -> Option<Self> {
        let last = form.length.checked_sub(1)?;
        // No word ends with a zero, so that its length need not be kept.
        if form.length > LONGEST || form.bytes.get(last).is_none_or(|last| *last == 0) {
            return None;
        }
        let (eights, _) = form.bytes.as_chunks::<8>();
        let [first, second, third, ..] = eights else {
            return None;
        };
        Some(Self(
            [first, second, third].map(|eight| u64::from_le_bytes(*eight)),
        ))
    }

    /// Where to begin to look: the product of two parts, folded; the third is in both.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves are taken")]
    fn slot(self) -> usize {
        let [low, high, last] = self.0;
        let low = low ^ last.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15;
        let high = high ^ last ^ 0xbf58_476d_1ce4_e5b9;
        let product = u128::from(low) * u128::from(high);
        (product as u64 ^ (product >> 64) as u64) as usize % SLOTS
    }
}

/// A word in lower case, with zeros after it: no memory of its own, and ready to be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    bytes: [u8; MOST],
    length: usize,
}

/// The longest word, in bytes, that is looked up.
const MOST: usize = 64;

impl Form {
    /// `word`, if it is a short word of ASCII letters, hyphens and apostrophes.
    #[inline]
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let mut bytes = [0; MOST];
        let mut plain = true;
        for (to, from) in bytes.get_mut(..word.len())?.iter_mut().zip(word.bytes()) {
            plain &= from.is_ascii_alphabetic() || matches!(from, b'-' | b'\'');
            *to = from.to_ascii_lowercase();
        }
        plain.then_some(Self {
            bytes,
            length: word.len(),
        })
    }

    /// `word` with ASCII letters in lower case and straight apostrophes; nothing of a long word.
    #[inline]
    pub(super) fn of_neighbor(word: &str) -> Self {
        let mut bytes = [0; MOST];
        let mut length = 0;
        let mut rest = word.as_bytes();
        while let Some((first, others)) = rest.split_first() {
            let (byte, others) = if first.is_ascii() {
                (first.to_ascii_lowercase(), others)
            } else {
                match rest.strip_prefix("’".as_bytes()) {
                    Some(after) => (b'\'', after),
                    None => (*first, others),
                }
            };
            let Some(to) = bytes.get_mut(length) else {
                length = 0;
                break;
            };
            *to = byte;
            length += 1;
            rest = others;
        }
        Self { bytes, length }
    }

    /// The word.
    #[inline]
    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether this is `word` as it stands.
    #[inline]
    pub(super) fn is(&self, word: &str) -> bool {
        self.bytes.get(..self.length) == Some(word.as_bytes())
    }

    /// Whether it can be remembered.
    #[inline]
    pub(super) fn can_be_kept(&self) -> bool {
        matches!(self.length, 1..=LONGEST)
    }
}

/// What is known of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is to its neighbours.
    pub(super) familiarity: Familiarity,
    /// Whether it is mostly a name when it begins with a capital.
    pub(super) is_name: bool,
    readings: u8,
    start: u32,
}

impl Entry {
    /// Whether no word can stand for it, whatever it is.
    #[inline]
    pub(super) fn is_barren(self) -> bool {
        self.readings == 0
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    key: Key,
    entry: Entry,
}

/// What a word can be, and the words that can then stand for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) tag: Tag,
    /// What speaks for this reading wherever the word stands.
    pub(super) evidence: i32,
    pub(super) list: List,
    /// The same words as participles, of a word that is a past or a participle.
    pub(super) participles: List,
}

/// A list of candidates in the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    start: u32,
    count: u16,
    /// The sum of all weights.
    weight: u32,
}

impl List {
    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// One more than the largest number that [`Memory::pick`] makes sense for.
    #[inline]
    pub(super) fn weight(self) -> u32 {
        self.weight
    }
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    /// The weights of the list up to this one.
    up_to: u32,
    start: u32,
    length: u8,
}

/// Readings and candidates, end to end.
#[derive(Debug, Default)]
pub(super) struct Memory {
    readings: Vec<Stored>,
    candidates: Vec<Kept>,
    text: String,
    blank: Familiarity,
}

impl Memory {
    /// An entry of which nothing is known.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            familiarity: self.blank,
            is_name: false,
            readings: 0,
            start: 0,
        }
    }

    /// Begins a list of candidates; all are to be added before the next is begun.
    pub(super) fn list(&self) -> List {
        List {
            start: u32::try_from(self.candidates.len()).unwrap_or(u32::MAX),
            count: 0,
            weight: 0,
        }
    }

    /// Adds a candidate to the list begun last, unless it is too long to be a word.
    pub(super) fn add(&mut self, list: &mut List, candidate: &str, weight: u32) {
        let length = u8::try_from(candidate.len());
        let start = u32::try_from(self.text.len());
        let (Ok(length), Ok(start), Some(count), Some(up_to)) = (
            length,
            start,
            list.count.checked_add(1),
            list.weight.checked_add(weight),
        ) else {
            return;
        };
        self.text.push_str(candidate);
        self.candidates.push(Kept {
            up_to,
            start,
            length,
        });
        list.count = count;
        list.weight = up_to;
    }

    /// The entry with these readings.
    pub(super) fn keep(&mut self, entry: Entry, readings: &[Stored]) -> Entry {
        let start = u32::try_from(self.readings.len()).unwrap_or(u32::MAX);
        self.readings.extend_from_slice(readings);
        Entry {
            readings: u8::try_from(readings.len()).unwrap_or(u8::MAX),
            start,
            ..entry
        }
    }

    /// The readings of a word.
    #[inline]
    pub(super) fn readings(&self, entry: Entry) -> &[Stored] {
        let start = entry.start as usize;
        self.readings
            .get(start..start + usize::from(entry.readings))
            .unwrap_or_default()
    }

    /// The candidate of a list on which `number` falls, if each gets as many numbers as it weighs.
    #[inline]
    pub(super) fn pick(&self, list: List, number: u32) -> Option<&str> {
        let start = list.start as usize;
        let all = self
            .candidates
            .get(start..start + usize::from(list.count))?;
        let kept = all.iter().find(|kept| number < kept.up_to)?;
        let start = kept.start as usize;
        self.text.get(start..start + usize::from(kept.length))
    }

    fn clear(&mut self) {
        self.readings.clear();
        self.candidates.clear();
        self.text.clear();
    }
}

/// Remembers what is known of words. What it answers is what it was told, so that it changes speed
/// and nothing else.
#[derive(Debug)]
pub(super) struct Memo {
    /// The words met last, each at the place that its hash gives it.
    near: Vec<Slot>,
    slots: Vec<Slot>,
    words: usize,
    memory: Memory,
    /// How often everything was forgotten.
    generation: u32,
}

impl Memo {
    pub(super) fn new() -> Self {
        let memory = Memory::default();
        let free = Slot {
            key: Key::FREE,
            entry: memory.entry(),
        };
        Self {
            near: vec![free; NEAR],
            slots: vec![free; SLOTS],
            words: 0,
            memory,
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
        let Some(key) = Key::new(form) else {
            self.make_room();
            return learn(&mut self.memory);
        };
        let home = key.slot();
        if let Some(near) = self.near.get(home % NEAR)
            && near.key == key
        {
            return near.entry;
        }
        let entry = match self.find(home, key) {
            Ok(entry) => entry,
            Err(slot) => self.learn(slot, key, learn),
        };
        if let Some(near) = self.near.get_mut(home % NEAR) {
            *near = Slot { key, entry };
        }
        entry
    }

    /// What is known of the word, or the slot where it would be.
    #[inline]
    fn find(&self, home: usize, key: Key) -> Result<Entry, usize> {
        let mut slot = home;
        // The table is never full, so this ends.
        loop {
            match self.slots.get(slot) {
                Some(known) if known.key == key => return Ok(known.entry),
                Some(known) if known.key != Key::FREE => slot = (slot + 1) % SLOTS,
                _ => return Err(slot),
            }
        }
    }

    #[cold]
    fn learn(&mut self, slot: usize, key: Key, learn: impl FnOnce(&mut Memory) -> Entry) -> Entry {
        self.make_room();
        let entry = learn(&mut self.memory);
        // If everything was forgotten to make room, the first slot is free.
        let slot = if self.words == 0 { key.slot() } else { slot };
        if let Some(free) = self.slots.get_mut(slot) {
            *free = Slot { key, entry };
            self.words += 1;
        }
        entry
    }

    /// Forgets everything if there is no room for more.
    fn make_room(&mut self) {
        if self.words >= MOST_WORDS || self.memory.text.len() >= MOST_BYTES {
            let free = Slot {
                key: Key::FREE,
                entry: self.memory.entry(),
            };
            self.near.fill(free);
            self.slots.fill(free);
            self.words = 0;
            self.memory.clear();
            self.generation = self.generation.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(memory: &mut Memory, candidates: &[(&str, u32)]) -> Entry {
        let mut list = memory.list();
        for (candidate, weight) in candidates {
            memory.add(&mut list, candidate, *weight);
        }
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
