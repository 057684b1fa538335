//! Looking at the words of a text, and at what stands beside them.

use super::dated::number_word;
use super::{EntityKind, Form, Found, Lists};
use crate::prelude::*;

/// One text, looked at word by word.
pub(super) struct Scan<'a> {
    pub(super) text: Text<'a>,
    pub(super) words: &'a [Word],
    pub(super) lists: Option<&'static Lists>,
}

/// An entity, and one right after it that was found with it.
pub(super) type Pair = (Option<Found>, Option<Found>);

pub(super) const NOTHING: Pair = (None, None);

pub(super) fn one(span: Word, form: Form, kind: EntityKind) -> Pair {
    let found = Found {
        span,
        form,
        kind,
        days: 0,
    };
    (Some(found), None)
}

impl<'a> Scan<'a> {
    pub(super) fn find_at(&self, place: usize, word: Word, folded: &mut String) -> Pair {
        let content = self.text.word(word);
        match content.as_bytes().first() {
            Some(byte) if byte.is_ascii_digit() => self.number(place, word),
            Some(byte) if byte.is_ascii_lowercase() => number_word(word, content),
            _ if content.starts_with(char::is_uppercase) => self.capital(place, word, folded),
            _ => NOTHING,
        }
    }

    /// The text of the word at `place`; empty where there is none.
    pub(super) fn content(&self, place: Option<usize>) -> &'a str {
        let word = place.and_then(|place| self.words.get(place));
        word.map_or("", |word| self.text.word(*word))
    }

    /// What stands between the word at `place` and the next.
    pub(super) fn gap(&self, place: usize) -> Option<&'a str> {
        let (word, next) = (self.words.get(place)?, self.words.get(place + 1)?);
        self.text.as_str().get(word.range().end..next.range().start)
    }

    /// The word before the one at `place`, if what parts them is `allowed`.
    pub(super) fn before(&self, place: usize, allowed: impl Fn(&str) -> bool) -> &'a str {
        let before = place.checked_sub(1);
        let near = before
            .and_then(|before| self.gap(before))
            .is_some_and(allowed);
        self.content(before.filter(|_| near))
    }

    /// The word after the one at `place`, if what parts them is `allowed`.
    pub(super) fn after(&self, place: usize, allowed: impl Fn(&str) -> bool) -> &'a str {
        let near = self.gap(place).is_some_and(allowed);
        self.content(Some(place + 1).filter(|_| near))
    }

    /// Whether `span` is a part of something longer, such as a range, a code or a time.
    pub(super) fn is_joined(&self, span: Word) -> bool {
        let range = span.range();
        let before = self.text.as_str().get(..range.start).unwrap_or_default();
        let after = self.text.as_str().get(range.end..).unwrap_or_default();
        let joins = |c: char| {
            matches!(
                c,
                '-' | '–'
                    | '/'
                    | ':'
                    | '.'
                    | ','
                    | '_'
                    | '#'
                    | '\''
                    | '’'
                    | '+'
                    | '*'
                    | '='
                    | '^'
                    | '\\'
            )
        };
        let mut backwards = before.chars().rev();
        let joined_before = match backwards.next() {
            Some('.' | '#' | '_' | '^') => true,
            Some(c) if joins(c) => backwards.next().is_some_and(char::is_alphanumeric),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        let mut forwards = after.chars();
        let joined_after = match forwards.next() {
            Some('_') => true,
            Some(c) if joins(c) => forwards.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        joined_before || joined_after
    }

    /// Whether a hyphen makes a longer name of it: `Guinea-Bissau`, but not `Paris-born`.
    pub(super) fn is_hyphenated(&self, word: Word) -> bool {
        let range = word.range();
        let before = self.text.as_str().get(..range.start).unwrap_or_default();
        let after = self.text.as_str().get(range.end..).unwrap_or_default();
        let goes_on = after
            .strip_prefix('-')
            .is_some_and(|after| after.starts_with(char::is_uppercase));
        goes_on
            || before
                .strip_suffix('-')
                .is_some_and(|before| before.ends_with(char::is_alphabetic))
    }
}

pub(super) fn is_among(word: &str, list: &[&str]) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(word))
}

pub(super) fn is_blank(gap: &str) -> bool {
    gap == " "
}

/// `word` without `'s`.
pub(super) fn without_possessive(word: &str) -> &str {
    ["'s", "’s", "'S", "’S"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .unwrap_or(word)
}

/// Puts `name` in small letters in `folded`.
pub(super) fn fold(name: &str, folded: &mut String) {
    folded.clear();
    folded.extend(name.chars().flat_map(char::to_lowercase));
}
