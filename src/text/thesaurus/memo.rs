//! Candidates found before: the same words come up again and again.

use super::context::Before;
use crate::random::hash_bytes;

/// Slots of the table; a power of two.
const SLOTS: usize = 1 << 16;
/// Words that are kept before all are forgotten: the table stays sparse and memory bounded.
const MOST_WORDS: usize = SLOTS / 2;
/// Bytes of candidates that are kept before all are forgotten.
const MOST_BYTES: usize = 8 << 20;

/// A piece of the store.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    before: Before,
    form: Piece,
    /// The candidates, in `pieces`.
    candidates: Piece,
}

/// Remembers the candidates of words. What it answers is what it was told, so that it changes
/// speed and nothing else.
#[derive(Debug)]
pub(super) struct Memo {
    slots: Vec<Option<Slot>>,
    words: usize,
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
            slots: vec![None; SLOTS],
            words: 0,
            store: String::new(),
            pieces: Vec::new(),
        }
    }

    /// The candidates of `form` after `before`; `find` appends them, one call of its argument
    /// each, if they are not known yet.
    pub(super) fn candidates(
        &mut self,
        form: &str,
        before: Before,
        find: impl FnOnce(&mut dyn FnMut(&str)),
    ) -> Candidates<'_> {
        let place = self.place(form, before);
        let known = self.slots.get(place).copied().flatten();
        let slot = known.unwrap_or_else(|| self.learn(form, before, find));
        let range = slot.candidates.start as usize..slot.candidates.end as usize;
        Candidates {
            store: &self.store,
            pieces: self.pieces.get(range).unwrap_or_default(),
        }
    }

    /// Where the word is, or would be.
    #[inline]
    fn place(&self, form: &str, before: Before) -> usize {
        let hash = hash_bytes(before as u64, form.as_bytes());
        let mut place = usize::try_from(hash % SLOTS as u64).unwrap_or_default();
        // The table is never full, so this ends.
        while let Some(Some(slot)) = self.slots.get(place) {
            let known = self
                .store
                .get(slot.form.start as usize..slot.form.end as usize);
            if slot.before == before && known == Some(form) {
                break;
            }
            place = (place + 1) % SLOTS;
        }
        place
    }

    #[cold]
    fn learn(
        &mut self,
        form: &str,
        before: Before,
        find: impl FnOnce(&mut dyn FnMut(&str)),
    ) -> Slot {
        if self.words >= MOST_WORDS || self.store.len() >= MOST_BYTES {
            self.slots.fill(None);
            self.words = 0;
            self.store.clear();
            self.pieces.clear();
        }
        let kept = keep(&mut self.store, form);
        let start = length_of(&self.pieces);
        let (store, pieces) = (&mut self.store, &mut self.pieces);
        find(&mut |candidate| pieces.push(keep(store, candidate)));
        let candidates = Piece {
            start,
            end: length_of(&self.pieces),
        };
        let slot = Slot {
            before,
            form: kept,
            candidates,
        };
        let place = self.place(form, before);
        if let Some(free) = self.slots.get_mut(place) {
            *free = Some(slot);
            self.words += 1;
        }
        slot
    }
}

/// Appends `text` to the store.
fn keep(store: &mut String, text: &str) -> Piece {
    let start = u32::try_from(store.len()).unwrap_or(u32::MAX);
    store.push_str(text);
    Piece {
        start,
        end: u32::try_from(store.len()).unwrap_or(u32::MAX),
    }
}

fn length_of(pieces: &[Piece]) -> u32 {
    u32::try_from(pieces.len()).unwrap_or(u32::MAX)
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
