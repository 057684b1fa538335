//! Candidates found before: the same words come up again and again.

use super::context::Before;
use crate::random::hash_bytes;

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

#[derive(Debug, Clone, Copy)]
struct Known {
    before: Before,
    form: Piece,
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
        let candidates = match self.find(form, before) {
            Ok(known) => known.candidates,
            Err(slot) => self.learn(slot, form, before, find),
        };
        let range = candidates.start as usize..candidates.end as usize;
        Candidates {
            store: &self.store,
            pieces: self.pieces.get(range).unwrap_or_default(),
        }
    }

    /// What is known of the word, or the slot where it would be.
    #[inline]
    fn find(&self, form: &str, before: Before) -> Result<Known, usize> {
        let hash = hash_bytes(before as u64, form.as_bytes());
        let mut slot = usize::try_from(hash % SLOTS as u64).unwrap_or_default();
        // The table is never full, so this ends.
        loop {
            let number = self.slots.get(slot).copied().unwrap_or_default() as usize;
            let Some(known) = number
                .checked_sub(1)
                .and_then(|number| self.known.get(number))
            else {
                return Err(slot);
            };
            let range = known.form.start as usize..known.form.end as usize;
            if known.before == before && self.store.get(range) == Some(form) {
                return Ok(*known);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    #[cold]
    fn learn(
        &mut self,
        mut slot: usize,
        form: &str,
        before: Before,
        find: impl FnOnce(&mut dyn FnMut(&str)),
    ) -> Piece {
        if self.known.len() >= MOST_WORDS || self.store.len() >= MOST_BYTES {
            self.slots.fill(0);
            self.known.clear();
            self.store.clear();
            self.pieces.clear();
            slot = self.find(form, before).err().unwrap_or(slot);
        }
        let kept = keep(&mut self.store, form);
        let start = number_of(self.pieces.len());
        let (store, pieces) = (&mut self.store, &mut self.pieces);
        find(&mut |candidate| pieces.push(keep(store, candidate)));
        let candidates = Piece {
            start,
            end: number_of(self.pieces.len()),
        };
        self.known.push(Known {
            before,
            form: kept,
            candidates,
        });
        if let Some(free) = self.slots.get_mut(slot) {
            *free = number_of(self.known.len());
        }
        candidates
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
