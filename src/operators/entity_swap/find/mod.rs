//! Finding numbers, dates, names and places.

mod dated;
mod named;
mod scan;

use super::dates::Calendar;
use super::lists::{Class, Lists};
use super::{EntityKind, dates, lists, numbers};
use crate::prelude::*;
use scan::{Scan, without_possessive};

/// What an entity looks like: it is swapped for one of the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Number,
    /// A number that is taken for a year.
    Year,
    /// `21st`
    Ordinal,
    /// A word of one of the lists of [`NUMBER_WORDS`](super::numbers::NUMBER_WORDS).
    NumberWord(usize),
    /// A date in digits.
    Date,
    /// The day beside the name of a month, with the letters of an ordinal or without.
    Day,
    Calendar(Calendar),
    Name(Class),
}

/// An entity of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) span: Word,
    pub(super) form: Form,
    pub(super) kind: EntityKind,
    /// The days that a month must have, at least.
    pub(super) days: u32,
}

/// Finds entities; keeps its memory from text to text.
pub(super) struct Finder {
    kinds: Vec<EntityKind>,
    lists: Option<&'static Lists>,
    words: Vec<Word>,
    folded: String,
    found: Vec<Found>,
}

impl Finder {
    pub(super) fn new(kinds: &[EntityKind]) -> Self {
        let listed = |kind: &EntityKind| matches!(kind, EntityKind::Name | EntityKind::Place);
        Self {
            kinds: kinds.to_vec(),
            lists: kinds.iter().any(listed).then(Lists::embedded),
            words: Vec::new(),
            folded: String::new(),
            found: Vec::new(),
        }
    }

    /// The entities of `text`.
    pub(super) fn find(&mut self, text: &Text<'_>) -> &[Found] {
        self.words.clear();
        self.words.extend(text.words());
        self.found.clear();
        let mut place = 0;
        while let Some(word) = self.words.get(place).copied() {
            let scan = Scan {
                text: *text,
                words: &self.words,
                lists: self.lists,
            };
            let (found, more) = scan.find_at(place, word, &mut self.folded);
            let wanted = found.into_iter().chain(more);
            let mut end = word.end;
            for found in wanted {
                end = end.max(found.span.end);
                if self.kinds.contains(&found.kind) {
                    self.found.push(found);
                }
            }
            while self.words.get(place).is_some_and(|word| word.start < end) {
                place += 1;
            }
        }
        self.find_again(text);
        &self.found
    }

    /// Adds words that are not clear by themselves, but are names that stand elsewhere in the text:
    /// "I saw Mark. Mark was there."
    fn find_again(&mut self, text: &Text<'_>) {
        /// Names that are looked for.
        const MOST: usize = 64;
        let first_pass = self.found.len();
        let is_name = |found: &&Found| found.kind == EntityKind::Name;
        if !self.found.iter().any(|found| is_name(&found)) {
            return;
        }
        let mut known = 0;
        for word in &self.words {
            while self
                .found
                .get(known)
                .is_some_and(|found| known < first_pass && found.span.end <= word.start)
            {
                known += 1;
            }
            let here = self.found.get(known).filter(|_| known < first_pass);
            let content = without_possessive(text.word(*word));
            if here.is_some_and(|found| found.span.start < word.end)
                || !content.starts_with(char::is_uppercase)
            {
                continue;
            }
            let names = self
                .found
                .iter()
                .take(first_pass)
                .filter(is_name)
                .take(MOST);
            let same = |found: &&Found| text.word(found.span).eq_ignore_ascii_case(content);
            if let Some(found) = names.into_iter().find(same).copied() {
                let end = word.start + (found.span.end - found.span.start);
                let span = Word {
                    start: word.start,
                    end,
                };
                self.found.push(Found { span, ..found });
            }
        }
    }
}
