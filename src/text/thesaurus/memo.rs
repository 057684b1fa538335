//! Candidates found before: the same words come up again and again.

use super::context::Before;

/// Slots of the table; a power of two.
const SLOTS: usize = 1 << 18;
/// Words that are kept before all are forgotten: the table stays sparse and memory bounded.
const MOST_WORDS: usize = SLOTS / 2;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 16 << 20;
/// The longest word, in bytes, that is remembered: longer ones are rare.
const LONGEST: usize = 16;

/// A word and what stands before it, small enough to be compared at a stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    form: [u64; 2],
    length: u8,
    before: Before,
}

impl Key {
    /// No word: marks a free slot.
    const FREE: Self = Self {
        form: [0; 2],
        length: 0,
        before: Before::Other,
    };

    #[inline]
    fn new(form: &str, before: Before) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes
            .get_mut(..form.len())?
            .copy_from_slice(form.as_bytes());
        let length = u8::try_from(form.len()).ok().filter(|length| *length > 0)?;
        let [low, high] = [0, 8].map(|start| {
            let eight = bytes.get(start..).and_then(|half| half.first_chunk::<8>());
            u64::from_le_bytes(eight.copied().unwrap_or_default())
        });
        Some(Self {
            form: [low, high],
            length,
            before,
        })
    }

    /// Where to begin to look: the product of both halves, folded.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves are taken")]
    fn slot(self) -> usize {
        let [low, high] = self.form;
        let low = low ^ 0x9e37_79b9_7f4a_7c15;
        let high = high ^ 0xbf58_476d_1ce4_e5b9 ^ self.before as u64;
        let product = u128::from(low) * u128::from(high);
        (product as u64 ^ (product >> 64) as u64) as usize % SLOTS
    }
}

/// A word and where its candidates are, in one piece of memory: most words have none, and are done
/// with here.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: Key,
    count: u16,
    start: u32,
}

/// The candidates of one word, each after a byte that holds its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidates<'a> {
    count: usize,
    store: &'a str,
}

impl<'a> Candidates<'a> {
    pub(super) fn len(self) -> usize {
        self.count
    }

    pub(super) fn get(self, index: usize) -> Option<&'a str> {
        if index >= self.count {
            return None;
        }
        let mut rest = self.store;
        for _ in 0..index {
            let (_, after) = split_first(rest)?;
            rest = after;
        }
        split_first(rest).map(|(candidate, _)| candidate)
    }
}

/// The first candidate of `store`, and what comes after it.
#[inline]
fn split_first(store: &str) -> Option<(&str, &str)> {
    let length = usize::from(*store.as_bytes().first()?);
    store.get(1..)?.split_at_checked(length)
}

/// Words that are kept within reach: their part of the table stays in the caches of a core. A power
/// of two.
const NEAR: usize = 1 << 12;

/// Remembers the candidates of words. What it answers is what it was told, so that it changes
/// speed and nothing else.
#[derive(Debug)]
pub(super) struct Memo {
    /// The words met last, each at the place that its hash gives it.
    near: Vec<Slot>,
    slots: Vec<Slot>,
    words: usize,
    store: String,
}

impl Memo {
    pub(super) fn new() -> Self {
        let free = Slot {
            key: Key::FREE,
            count: 0,
            start: 0,
        };
        Self {
            near: vec![free; NEAR],
            slots: vec![free; SLOTS],
            words: 0,
            store: String::new(),
        }
    }

    /// The candidates of `form` after `before`; `find` appends them, one call of its argument
    /// each, if they are not known yet.
    #[inline]
    pub(super) fn candidates(
        &mut self,
        form: &str,
        before: Before,
        find: impl FnOnce(&mut dyn FnMut(&str)),
    ) -> Candidates<'_> {
        let (count, start) = match Key::new(form, before) {
            Some(key) => self.known(key, find),
            None => self.keep(find),
        };
        Candidates {
            count: usize::from(count),
            store: self.store.get(start as usize..).unwrap_or_default(),
        }
    }

    /// How many candidates the word has, and where.
    #[inline]
    fn known(&mut self, key: Key, find: impl FnOnce(&mut dyn FnMut(&str))) -> (u16, u32) {
        let home = key.slot();
        if let Some(near) = self.near.get(home % NEAR)
            && near.key == key
        {
            return (near.count, near.start);
        }
        let (count, start) = match self.find(home, key) {
            Ok(known) => (known.count, known.start),
            Err(slot) => self.learn(slot, key, find),
        };
        if let Some(near) = self.near.get_mut(home % NEAR) {
            *near = Slot { key, count, start };
        }
        (count, start)
    }

    /// What is known of the word, or the slot where it would be.
    #[inline]
    fn find(&self, home: usize, key: Key) -> Result<Slot, usize> {
        let mut slot = home;
        // The table is never full, so this ends.
        loop {
            match self.slots.get(slot) {
                Some(known) if known.key == key => return Ok(*known),
                Some(known) if known.key.length > 0 => slot = (slot + 1) % SLOTS,
                _ => return Err(slot),
            }
        }
    }

    #[cold]
    fn learn(
        &mut self,
        slot: usize,
        key: Key,
        find: impl FnOnce(&mut dyn FnMut(&str)),
    ) -> (u16, u32) {
        let (count, start) = self.keep(find);
        // If everything was forgotten to make room, the first slot is free.
        let slot = if self.words == 0 { key.slot() } else { slot };
        if let Some(free) = self.slots.get_mut(slot) {
            *free = Slot { key, count, start };
            self.words += 1;
        }
        (count, start)
    }

    /// Keeps what `find` appends: how many candidates, and where. Forgets everything first if
    /// there is no room.
    fn keep(&mut self, find: impl FnOnce(&mut dyn FnMut(&str))) -> (u16, u32) {
        if self.words >= MOST_WORDS || self.store.len() >= MOST_BYTES {
            let free = Slot {
                key: Key::FREE,
                count: 0,
                start: 0,
            };
            self.near.fill(free);
            self.slots.fill(free);
            self.words = 0;
            self.store.clear();
        }
        let start = u32::try_from(self.store.len()).unwrap_or(u32::MAX);
        let store = &mut self.store;
        let mut count = 0_u16;
        find(&mut |candidate| {
            // One byte for the length, itself a character: no word is as long as 128 bytes.
            let length = u8::try_from(candidate.len()).ok().filter(u8::is_ascii);
            if let (Some(length), Some(more)) = (length, count.checked_add(1)) {
                store.push(char::from(length));
                store.push_str(candidate);
                count = more;
            }
        });
        (count, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_remembered_and_forgetting_changes_nothing() {
        let mut memo = Memo::new();
        let mut told = 0;
        for round in 0..3 {
            for number in 0..MOST_WORDS + 10 {
                let form = format!("w{number}");
                let candidates = memo.candidates(&form, Before::Other, |add| {
                    told += 1;
                    add(&form);
                    add("x");
                });
                assert_eq!(candidates.len(), 2, "round {round}");
                assert_eq!(candidates.get(0), Some(form.as_str()));
                assert_eq!(candidates.get(1), Some("x"));
                assert_eq!(candidates.get(2), None);
            }
        }
        assert!(told > MOST_WORDS);
        let before = told;
        memo.candidates("w0", Before::Determiner, |_| told += 1);
        memo.candidates("w0", Before::Determiner, |_| told += 1);
        assert_eq!(told, before + 1);
    }

    #[test]
    fn long_words_and_none_are_found_each_time() {
        let mut memo = Memo::new();
        for form in ["", "incomprehensibilities"] {
            for _ in 0..2 {
                let candidates = memo.candidates(form, Before::Other, |add| add("y"));
                assert_eq!(candidates.get(0), Some("y"));
            }
        }
    }
}
