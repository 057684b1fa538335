//! What the operators on characters have in common: which characters of which words they edit.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::check_share;
use crate::prelude::*;
use crate::text::Graphemes;

/// Which characters of a word are edited, and how many.
///
/// The rule is the same in all operators on characters. `rate`, `min` and `max` of the operator say
/// how many *words* of the text are edited, as everywhere. `characters` says how many *characters*
/// of each of these words: `max(min, round(rate * eligible))`, halves rounded up, but at most `max`.
/// A character is a grapheme cluster: a letter with its marks, an emoji with what is joined to it.
/// Eligible are those that the operator could edit. A word that has none does not count: another
/// is drawn in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CharacterOptions {
    /// Share of the eligible characters of a word to edit, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Characters to edit in a word, at least.
    #[serde(default = "one")]
    pub min: u32,
    /// Characters to edit in a word, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Whether the first character of a word may be edited.
    #[serde(default = "yes")]
    pub first: bool,
    /// Whether the last character of a word may be edited.
    #[serde(default = "yes")]
    pub last: bool,
    /// Words of fewer characters are left alone.
    #[serde(default = "one")]
    pub shortest: u32,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

impl CharacterOptions {
    /// As many characters of a word as the operator sees fit, but at least one.
    pub(super) fn unsaid() -> Self {
        Self {
            rate: None,
            min: one(),
            max: None,
            first: yes(),
            last: yes(),
            shortest: one(),
        }
    }

    /// One character in ten, but at least one: in most words, one.
    pub(super) fn few() -> Self {
        Self {
            rate: Some(0.1),
            ..Self::unsaid()
        }
    }

    /// All characters of a word.
    pub(super) fn all() -> Self {
        Self {
            rate: Some(1.0),
            ..Self::unsaid()
        }
    }

    /// What is wrong with the options.
    pub(super) fn validate(&self) -> Vec<Problem> {
        let rate = self
            .rate
            .and_then(|rate| check_share("characters.rate", rate));
        let bounds = self.max.filter(|max| *max < self.min).map(|max| {
            Problem::new(
                "characters.max",
                format!(
                    "`characters.max` is {max}, and `characters.min` is {}",
                    self.min
                ),
                "give a `max` that is at least `min`; the same for a fixed number of characters",
            )
        });
        rate.into_iter().chain(bounds).collect()
    }

    /// How many characters of a word are edited; `rate` where the options have none.
    pub(super) fn amount(&self, rate: f64) -> Amount {
        Amount::new(self.rate.unwrap_or(rate), self.min, self.max)
    }

    /// The places of the characters that may be edited in a word of `length` characters.
    pub(super) fn places(&self, length: usize) -> Range<usize> {
        if length < self.shortest as usize {
            return 0..0;
        }
        usize::from(!self.first)..length.saturating_sub(usize::from(!self.last))
    }
}

/// Edits one character of a word: what tells one operator on characters from another.
pub(super) trait CharacterEdit: Send {
    /// Why a text is left as it is where no word has a character to edit.
    const NOTHING: &'static str;

    /// Whether the character at `place` is one that could be edited.
    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool;

    /// Edits the character at `place`, perhaps together with some beside it, which it must
    /// [take](Spelling::take); answers false where it turns out that it cannot.
    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool;
}

/// The characters of one word, and which of them have been edited.
pub(super) struct Spelling<'a> {
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
    /// Where the character at `place` stands in the text.
    #[inline]
    pub(super) fn span(&self, place: usize) -> Range<usize> {
        self.characters.span(place)
    }

    /// The character at `place`; empty where there is none.
    #[inline]
    pub(super) fn character(&self, place: usize) -> &'a str {
        self.text.get(self.span(place)).unwrap_or_default()
    }

    /// The text from the character at `place` on.
    #[inline]
    pub(super) fn from(&self, place: usize) -> &'a str {
        self.text.get(self.span(place).start..).unwrap_or_default()
    }

    /// How many characters the word has.
    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether the character at `place` may be edited, and has not been.
    #[inline]
    pub(super) fn is_free(&self, place: usize) -> bool {
        self.open.contains(&place) && self.taken.get(place) == Some(&false)
    }

    /// Marks the character at `place` as edited: no other edit may concern it.
    #[inline]
    pub(super) fn take(&mut self, place: usize) {
        if let Some(taken) = self.taken.get_mut(place) {
            *taken = true;
        }
    }

    /// The character at `place` if it is a letter or a digit, with or without marks: its first
    /// code point.
    #[inline]
    pub(super) fn letter(&self, place: usize) -> Option<char> {
        let first = self.character(place).chars().next();
        first.filter(|first| first.is_alphanumeric())
    }

    /// Whether what is inserted beside the character at `place`, after it or before it, stands
    /// among capitals.
    pub(super) fn is_among_capitals(&self, place: usize, after: bool) -> bool {
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
    pub(super) fn can_delete(&self) -> bool {
        self.left > 1
    }

    /// Deletes the character at `place`; answers false where it is all that is left of the word.
    pub(super) fn delete(&mut self, place: usize, edits: &mut Edits) -> bool {
        if !self.can_delete() {
            return false;
        }
        self.left -= 1;
        self.take(place);
        edits.delete(self.span(place));
        true
    }

    /// Puts `new` in place of the character at `place`.
    pub(super) fn replace(&mut self, place: usize, new: &str, edits: &mut Edits) {
        self.take(place);
        edits.replace(self.span(place), new);
    }

    /// Puts `new` before or after the character at `place`.
    pub(super) fn insert(&mut self, place: usize, after: bool, new: &str, edits: &mut Edits) {
        self.take(place);
        let span = self.span(place);
        edits.insert(if after { span.end } else { span.start }, new);
    }

    /// The place with which the one at `place` could change its letter: the next, or else the one
    /// before, if it is free and has another letter.
    pub(super) fn swappable(&self, place: usize) -> Option<usize> {
        let other = |other: usize| {
            let differ = self.character(other) != self.character(place);
            let letters = self.letter(other).is_some() && self.letter(place).is_some();
            (self.is_free(other) && differ && letters).then_some(other)
        };
        other(place + 1).or_else(|| other(place.checked_sub(1)?))
    }

    /// Exchanges the letter at `place` with one beside it. Capitals stay where they are: `The` becomes
    /// `Hte`. Answers false where there is no other letter beside it.
    pub(super) fn swap(&mut self, place: usize, edits: &mut Edits) -> bool {
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
pub(super) fn to_case(letter: char, capital: bool) -> char {
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

/// The one code point that `character` is; nothing where it has marks.
pub(super) fn single(character: &str) -> Option<char> {
    let mut all = character.chars();
    all.next().filter(|_| all.as_str().is_empty())
}

/// An operator on characters.
pub(super) struct Characters<E> {
    edit: E,
    words: Amount,
    options: CharacterOptions,
    amount: Amount,
    /// Words drawn.
    drawn: Places,
    characters: Graphemes,
    taken: Vec<bool>,
    /// Places of the characters of a word that could be edited.
    eligible: Vec<usize>,
    /// Those of them that are drawn.
    places: Places,
}

impl<E: CharacterEdit> Characters<E> {
    /// Edits as many words as `words` comes to, and in each as many characters as `options` say, or
    /// the share `rate` where they do not.
    pub(super) fn new(edit: E, words: Amount, options: &CharacterOptions, rate: f64) -> Self {
        Self {
            edit,
            words,
            amount: options.amount(rate),
            options: options.clone(),
            drawn: Places::default(),
            characters: Graphemes::default(),
            taken: Vec::new(),
            eligible: Vec::new(),
            places: Places::default(),
        }
    }

    /// Edits one word; answers false where it has nothing to edit.
    fn edit_word(
        &mut self,
        text: &str,
        word: Word,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        self.characters.find(text, word.range());
        let length = self.characters.len();
        self.taken.clear();
        self.taken.resize(length, false);
        let mut spelling = Spelling {
            text,
            characters: &self.characters,
            open: self.options.places(length),
            taken: &mut self.taken,
            left: length,
        };
        let edit = &mut self.edit;
        self.eligible.clear();
        self.eligible.extend(
            spelling
                .open
                .clone()
                .filter(|place| edit.is_eligible(&spelling, *place)),
        );
        let wanted = self.amount.of(self.eligible.len());
        if wanted == 0 {
            return !self.eligible.is_empty();
        }
        self.places.reset(self.eligible.len());
        let mut done = 0;
        while done < wanted
            && let Some(drawn) = self.places.draw(random)
            && let Some(place) = self.eligible.get(drawn)
        {
            if spelling.is_free(*place) && edit.edit(&mut spelling, *place, random, edits) {
                done += 1;
            }
        }
        done > 0
    }
}

impl<E: CharacterEdit> TextOperator for Characters<E> {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let mut wanted = self.words.of(words.len());
        if wanted == 0 && !words.is_empty() {
            return Outcome::Edited;
        }
        self.drawn.reset(words.len());
        // Words are drawn one by one and looked at only then: most texts need but a few.
        while wanted > 0
            && let Some(place) = self.drawn.draw(random)
            && let Some(word) = words.get(place)
        {
            wanted -= usize::from(self.edit_word(text.as_str(), word, random, edits));
        }
        if edits.is_empty() {
            Outcome::Unchanged(E::NOTHING)
        } else {
            Outcome::Edited
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_how_many_characters_and_which() {
        let options = CharacterOptions {
            max: Some(2),
            first: false,
            last: false,
            shortest: 3,
            ..CharacterOptions::few()
        };
        assert_eq!(
            [1, 20, 50].map(|length| options.amount(0.5).of(length)),
            [1, 2, 2]
        );
        assert!(options.places(2).is_empty());
        assert_eq!(options.places(3), 1..2);
        assert_eq!(CharacterOptions::all().places(3), 0..3);
        let problems = CharacterOptions {
            rate: Some(1.5),
            min: 3,
            ..options
        }
        .validate();
        let places: Vec<_> = problems.iter().map(|problem| &*problem.option).collect();
        assert_eq!(places, ["characters.rate", "characters.max"]);
    }

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
