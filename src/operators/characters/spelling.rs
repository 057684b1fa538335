//! One word, character by character.

use std::ops::Range;

use crate::prelude::*;
use crate::text::Graphemes;

/// The characters of one word, and which of them have been edited.
pub(in crate::operators) struct Spelling<'a> {
    text: &'a str,
    characters: &'a Graphemes,
    /// Places that may be edited.
    open: Range<usize>,
    /// For each place whether it has been edited.
    taken: &'a mut [bool],
    /// Characters that are not deleted.
    left: usize,
}

impl<'a> Spelling<'a> {
    /// The word of `text` that has these `characters`, of which those at the places in `open` may
    /// be edited. `taken` is memory to be used again.
    pub(super) fn new(
        text: &'a str,
        characters: &'a Graphemes,
        open: Range<usize>,
        taken: &'a mut Vec<bool>,
    ) -> Self {
        let left = characters.len();
        taken.clear();
        taken.resize(left, false);
        Self {
            text,
            characters,
            open,
            taken,
            left,
        }
    }

    /// Where the character at `place` stands in the text.
    #[inline]
    pub(in crate::operators) fn span(&self, place: usize) -> Range<usize> {
        self.characters.span(place)
    }

    /// The character at `place`; empty where there is none.
    #[inline]
    pub(in crate::operators) fn character(&self, place: usize) -> &'a str {
        self.text.get(self.span(place)).unwrap_or_default()
    }

    /// The one code point that the character at `place` is; nothing where it has marks.
    #[inline]
    pub(in crate::operators) fn single(&self, place: usize) -> Option<char> {
        if let Some(letter) = self.ascii(place) {
            return Some(char::from(letter));
        }
        let mut all = self.character(place).chars();
        all.next().filter(|_| all.as_str().is_empty())
    }

    /// The character at `place` of a word of ASCII.
    #[inline]
    fn ascii(&self, place: usize) -> Option<u8> {
        let word = self.text.as_bytes().get(self.characters.ascii()?)?;
        word.get(place).copied()
    }

    /// The text from the character at `place` on.
    #[inline]
    pub(in crate::operators) fn from(&self, place: usize) -> &'a str {
        self.text.get(self.span(place).start..).unwrap_or_default()
    }

    /// How many characters the word has.
    pub(in crate::operators) fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether the character at `place` may be edited, and has not been.
    #[inline]
    pub(in crate::operators) fn is_free(&self, place: usize) -> bool {
        self.open.contains(&place) && self.taken.get(place) == Some(&false)
    }

    /// Marks the character at `place` as edited: no other edit may concern it.
    #[inline]
    pub(in crate::operators) fn take(&mut self, place: usize) {
        if let Some(taken) = self.taken.get_mut(place) {
            *taken = true;
        }
    }

    /// The character at `place` if it is a letter or a digit, with or without marks: its first
    /// code point.
    #[inline]
    pub(in crate::operators) fn letter(&self, place: usize) -> Option<char> {
        if let Some(letter) = self.ascii(place) {
            return letter.is_ascii_alphanumeric().then(|| char::from(letter));
        }
        let first = self.character(place).chars().next();
        first.filter(|first| first.is_alphanumeric())
    }

    /// Whether what is inserted beside the character at `place`, after it or before it, stands
    /// among capitals.
    pub(in crate::operators) fn is_among_capitals(&self, place: usize, after: bool) -> bool {
        let is_capital = |place| self.letter(place).is_some_and(char::is_uppercase);
        let beside = |after: bool| {
            if after {
                Some(place + 1).filter(|next| *next < self.len())
            } else {
                place.checked_sub(1)
            }
        };
        is_capital(place)
            && beside(after)
                .or_else(|| beside(!after))
                .is_some_and(is_capital)
    }

    /// Whether the character at `place` could be deleted: not the last that is left of a word.
    pub(in crate::operators) fn can_delete(&self) -> bool {
        self.left > 1
    }

    /// Deletes the character at `place`; answers false where it is all that is left of the word.
    pub(in crate::operators) fn delete(&mut self, place: usize, edits: &mut Edits) -> bool {
        if !self.can_delete() {
            return false;
        }
        self.left -= 1;
        self.take(place);
        edits.delete(self.span(place));
        true
    }

    /// Puts `new` in place of the character at `place`.
    pub(in crate::operators) fn replace(&mut self, place: usize, new: &str, edits: &mut Edits) {
        self.take(place);
        edits.replace(self.span(place), new);
    }

    /// Puts `new` before or after the character at `place`.
    pub(in crate::operators) fn insert(
        &mut self,
        place: usize,
        after: bool,
        new: &str,
        edits: &mut Edits,
    ) {
        self.take(place);
        let span = self.span(place);
        edits.insert(if after { span.end } else { span.start }, new);
    }

    /// The place with which the one at `place` could change its letter: the next, or else the one
    /// before, if it is free and has another letter.
    pub(in crate::operators) fn swappable(&self, place: usize) -> Option<usize> {
        let other = |other: usize| {
            let differ = self.character(other) != self.character(place);
            let letters = self.letter(other).is_some() && self.letter(place).is_some();
            (self.is_free(other) && differ && letters).then_some(other)
        };
        other(place + 1).or_else(|| other(place.checked_sub(1)?))
    }

    /// Exchanges the letter at `place` with one beside it. Capitals stay where they are: `The`
    /// becomes `Hte`. Answers false where there is no other letter beside it.
    pub(in crate::operators) fn swap(&mut self, place: usize, edits: &mut Edits) -> bool {
        let Some(other) = self.swappable(place) else {
            return false;
        };
        let (first, second) = (place.min(other), place.max(other));
        let (was_first, was_second) = (self.character(first), self.character(second));
        let before = edits.len();
        edits.replace_if(self.span(first).start..self.span(second).end, |new| {
            let start = new.len();
            push_like(was_second, was_first, new);
            push_like(was_first, was_second, new);
            // `Aa` is the same the other way round.
            new.get(start..) != self.text.get(self.span(first).start..self.span(second).end)
        });
        self.take(first);
        self.take(second);
        edits.len() > before
    }
}

/// Appends `character` as a capital or a small letter, as `like` is one.
fn push_like(character: &str, like: &str, into: &mut String) {
    let is_capital = |text: &str| text.chars().next().is_some_and(char::is_uppercase);
    let is_small = |text: &str| text.chars().next().is_some_and(char::is_lowercase);
    if is_capital(like) && is_small(character) {
        into.extend(character.chars().map(|c| to_case(c, true)));
    } else if is_small(like) && is_capital(character) {
        into.extend(character.chars().map(|c| to_case(c, false)));
    } else {
        into.push_str(character);
    }
}

/// The capital of a letter, or its small letter; the letter itself where that is not one letter.
pub(in crate::operators) fn to_case(letter: char, capital: bool) -> char {
    fn only(mut letters: impl Iterator<Item = char>, otherwise: char) -> char {
        match (letters.next(), letters.next()) {
            (Some(letter), None) => letter,
            _ => otherwise,
        }
    }
    if capital {
        only(letter.to_uppercase(), letter)
    } else {
        only(letter.to_lowercase(), letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_change_places_and_capitals_do_not() {
        for (first, second, swapped) in [
            ("T", "h", "Ht"),
            ("e\u{301}", "A", "aE\u{301}"),
            ("t", "h", "ht"),
            ("T", "H", "HT"),
            ("ß", "A", "aß"),
            ("a", "1", "1a"),
        ] {
            let mut new = String::new();
            push_like(second, first, &mut new);
            push_like(first, second, &mut new);
            assert_eq!(new, swapped);
        }
    }
}
