//! Candidates found before: the same words come up again and again.

use super::context::Before;

/// Slots of the table; a power of two.
const SLOTS: usize = 1 << 18;
/// Words that are kept before all are forgotten: the table stays sparse and memory bounded.
const MOST_WORDS: usize = SLOTS / 2;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 16 << 20;

/// A piece of the store.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    start: u32,
    end: u32,
}

/// The longest word, in bytes, that is remembered: longer ones are rare.
const LONGEST: usize = 16;

/// A word and what stands before it, small enough to be compared at a stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    form: u128,
    length: u8,
    before: Before,
}

impl Key {
    #[inline]
    fn new(form: &str, before: Before) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes
            .get_mut(..form.len())?
            .copy_from_slice(form.as_bytes());
        let length = u8::try_from(form.len()).ok()?;
        Some(Self {
            form: u128::from_le_bytes(bytes),
            length,
            before,
        })
    }

    /// Where to begin to look: the product of both halves, folded.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves are taken")]
    fn slot(self) -> usize {
        let low = self.form as u64 ^ 0x9e37_79b9_7f4a_7c15;
        let high = (self.form >> 64) as u64 ^ 0xbf58_476d_1ce4_e5b9 ^ self.before as u64;
        let product = u128::from(low) * u128::from(high);
        (product as u64 ^ (product >> 64) as u64) as usize % SLOTS
    }
}

#[derive(Debug, Clone, Copy)]
struct Known {
    key: Key,
    /// The candidates, in `pieces`.
    candidates: Piece,
}

/// Remembers the candidates of words. What it answers is what it was told, so that it changes
/// speed and nothing else.
///
/// Words are kept in the order in which they were met, so the frequent ones, which are met first,
/// lie close together; the table holds but their numbers.
#[derive(Debug)]
pub(super) struct Memo {
    /// Open addressing: the number of a word in `known`, counted from 1; 0 for a free slot.
    slots: Vec<u32>,
    known: Vec<Known>,
    store: String,
    pieces: Vec<Piece>,
}

/// The candidates of one word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidates<'a> {
    store: &'a str,
    pieces: &'a [Piece],
}

impl<'a> Candidates<'a> {
    pub(super) fn len(self) -> usize {
        self.pieces.len()
    }

    pub(super) fn get(self, index: usize) -> Option<&'a str> {
        let piece = self.pieces.get(index)?;
        self.store.get(piece.start as usize..piece.end as usize)
    }
}

impl Memo {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![0; SLOTS],
            known: Vec::new(),
            store: String::new(),
            pieces: Vec::new(),
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
        let candidates = match Key::new(form, before) {
            Some(key) => match self.find(key) {
                Ok(known) => known.candidates,
                Err(slot) => self.learn(slot, key, find),
            },
            None => self.store_candidates(find),
        };
        let range = candidates.start as usize..candidates.end as usize;
        Candidates {
            store: &self.store,
            pieces: self.pieces.get(range).unwrap_or_default(),
        }
    }

    /// What is known of the word, or the slot where it would be.
    #[inline]
    fn find(&self, key: Key) -> Result<Known, usize> {
        let mut slot = key.slot();
        // The table is never full, so this ends.
        loop {
            let number = self.slots.get(slot).copied().unwrap_or_default() as usize;
            let known = number
                .checked_sub(1)
                .and_then(|number| self.known.get(number));
            match known {
                None => return Err(slot),
                Some(known) if known.key == key => return Ok(*known),
                Some(_) => slot = (slot + 1) % SLOTS,
            }
        }
    }

    #[cold]
    fn learn(&mut self, slot: usize, key: Key, find: impl FnOnce(&mut dyn FnMut(&str))) -> Piece {
        let candidates = self.store_candidates(find);
        // If everything was forgotten to make room, the first slot is free.
        let slot = if self.known.is_empty() {
            key.slot()
        } else {
            slot
        };
        self.known.push(Known { key, candidates });
        if let Some(free) = self.slots.get_mut(slot) {
            *free = number_of(self.known.len());
        }
        candidates
    }

    /// Keeps what `find` appends. Forgets everything first if there is no room.
    fn store_candidates(&mut self, find: impl FnOnce(&mut dyn FnMut(&str))) -> Piece {
        if self.known.len() >= MOST_WORDS || self.store.len() >= MOST_BYTES {
            self.slots.fill(0);
            self.known.clear();
            self.store.clear();
            self.pieces.clear();
        }
        let start = number_of(self.pieces.len());
        let (store, pieces) = (&mut self.store, &mut self.pieces);
        find(&mut |candidate| pieces.push(keep(store, candidate)));
        Piece {
            start,
            end: number_of(self.pieces.len()),
        }
    }
}

/// Appends `text` to the store.
fn keep(store: &mut String, text: &str) -> Piece {
    let start = number_of(store.len());
    store.push_str(text);
    Piece {
        start,
        end: number_of(store.len()),
    }
}

fn number_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
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
            }
        }
        assert!(told > MOST_WORDS);
        let before = told;
        memo.candidates("w0", Before::Determiner, |_| told += 1);
        memo.candidates("w0", Before::Determiner, |_| told += 1);
        assert_eq!(told, before + 1);
    }
}
