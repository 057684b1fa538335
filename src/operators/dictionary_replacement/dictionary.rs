//! The entries of a dictionary, and where a text has them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::file::Table;
use crate::prelude::*;
use crate::text::Segmenter;

/// A word or phrase and what may take its place.
#[derive(Debug)]
pub(super) struct Entry {
    /// As it was given.
    pub(super) word: Box<str>,
    pub(super) replacements: Vec<Box<str>>,
    /// As it is compared: see [`normal`].
    key: Box<str>,
    /// How many words it has; none if it begins with a mark.
    words: usize,
    /// Whether it ends in a letter or a digit, so that a word must end there.
    ends_in_word: bool,
}

/// All entries.
#[derive(Debug)]
pub(super) struct Dictionary {
    entries: Vec<Entry>,
    /// By the first word, or the first mark of those that begin with one: places in `entries`, the
    /// longest entry first.
    by_start: HashMap<Box<str>, Vec<u32>>,
    /// Whether an entry begins with a mark.
    has_marks: bool,
    case_sensitive: bool,
}

/// A place of a text where there is an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) span: Word,
    entry: u32,
}

/// The form in which entries are compared with texts: one space between words, straight
/// apostrophes, and lower case unless case counts.
pub(super) fn normal(word: &str, case_sensitive: bool) -> String {
    let mut normal = String::new();
    for part in word.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        push_normal(part, case_sensitive, &mut normal);
    }
    normal
}

fn push_normal(part: &str, case_sensitive: bool, into: &mut String) {
    let start = into.len();
    if part.is_ascii() {
        into.push_str(part);
        if !case_sensitive && let Some(part) = into.get_mut(start..) {
            part.make_ascii_lowercase();
        }
    } else {
        part.chars()
            .for_each(|letter| fold(letter, case_sensitive, |folded| into.push(folded)));
    }
}

/// Hands the letters that `letter` is compared by to `each`.
#[inline]
fn fold(letter: char, case_sensitive: bool, mut each: impl FnMut(char)) {
    match letter {
        '’' => each('\''),
        _ if case_sensitive => each(letter),
        _ => letter.to_lowercase().for_each(each),
    }
}

impl Dictionary {
    /// The entries of all tables; of several of the same word the first counts.
    pub(super) fn new(tables: &[Table], case_sensitive: bool) -> Self {
        let mut dictionary = Self {
            entries: Vec::new(),
            by_start: HashMap::new(),
            has_marks: false,
            case_sensitive,
        };
        let mut segmenter = Segmenter::default();
        let mut known = std::collections::HashSet::new();
        for (word, replacements) in tables.iter().flatten() {
            let key = normal(word, case_sensitive);
            if !key.is_empty() && known.insert(key.clone()) {
                dictionary.add(word, key, replacements, &mut segmenter);
            }
        }
        let entries = &dictionary.entries;
        // Keys differ, so that the order is always the same.
        let rank = |place: &u32| {
            let entry = entries.get(*place as usize);
            Reverse(entry.map(|entry| (entry.words, entry.key.len(), &*entry.key)))
        };
        #[expect(clippy::iter_over_hash_type, reason = "each list is sorted by itself")]
        for places in dictionary.by_start.values_mut() {
            places.sort_by_key(rank);
        }
        dictionary
    }

    fn add(&mut self, word: &str, key: String, replacements: &[String], segmenter: &mut Segmenter) {
        let first = segmenter.first_word(&key).filter(|first| first.start == 0);
        let words = segmenter.count_words(&key);
        self.has_marks |= first.is_none();
        let mark = key.chars().next().map_or(0, char::len_utf8);
        let start = key.get(..first.map_or(mark, |first| first.range().end));
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let places = self.by_start.entry(start.unwrap_or_default().into());
        places.or_default().push(place);
        self.entries.push(Entry {
            word: word.into(),
            replacements: replacements.iter().map(|new| new.as_str().into()).collect(),
            words: if first.is_some() { words } else { 0 },
            ends_in_word: key.ends_with(char::is_alphanumeric),
            key: key.into(),
        });
    }

    pub(super) fn entry(&self, found: &Found) -> Option<&Entry> {
        self.entries.get(found.entry as usize)
    }

    /// The entries that begin with a word or a mark, the longest first.
    fn starting(&self, start: &str) -> impl Iterator<Item = (u32, &Entry)> {
        let places = self
            .by_start
            .get(start)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let entry = |place: &u32| Some((*place, self.entries.get(*place as usize)?));
        places.iter().filter_map(entry)
    }

    /// Where in `text` the entry that begins at `start` ends.
    fn end_of(&self, entry: &Entry, text: &str, start: usize) -> Option<usize> {
        let mut key = entry.key.chars().peekable();
        let mut in_gap = false;
        for (position, letter) in text.get(start..)?.char_indices() {
            if matches!(letter, ' ' | '\t' | '\u{a0}') {
                if !in_gap {
                    if key.peek().is_none() {
                        return Some(start + position);
                    }
                    key.next_if_eq(&' ')?;
                }
                in_gap = true;
                continue;
            }
            in_gap = false;
            if key.peek().is_none() {
                return Some(start + position);
            }
            let mut same = true;
            fold(letter, self.case_sensitive, |folded| {
                same &= key.next() == Some(folded);
            });
            if !same {
                return None;
            }
        }
        key.peek().is_none().then_some(text.len())
    }
}

/// Finds entries in texts; keeps its memory from text to text.
#[derive(Debug)]
pub(super) struct Matcher {
    dictionary: Arc<Dictionary>,
    words: Vec<Word>,
    found: Vec<Found>,
    start: String,
}

impl Matcher {
    pub(super) fn new(dictionary: Arc<Dictionary>) -> Self {
        Self {
            dictionary,
            words: Vec::new(),
            found: Vec::new(),
            start: String::new(),
        }
    }

    /// Where `text` has entries: from the left, the longest first, without overlap.
    pub(super) fn find(&mut self, text: &Text<'_>) -> (&Dictionary, &[Found]) {
        self.words.clear();
        self.words.extend(text.words());
        self.found.clear();
        let mut done = 0;
        let mut place = 0;
        loop {
            let word = self.words.get(place).copied();
            if self.dictionary.has_marks {
                let end = word.map_or(text.as_str().len(), |word| word.range().start);
                done = self.find_marks(text, done, end, place);
            }
            let Some(word) = word else {
                break;
            };
            if word.range().start >= done {
                done = self
                    .find_word(text, word, place)
                    .unwrap_or(word.range().end);
            }
            place += 1;
        }
        (&self.dictionary, &self.found)
    }

    /// Looks for an entry that begins with the word at `place`; answers where it ends.
    fn find_word(&mut self, text: &Text<'_>, word: Word, place: usize) -> Option<usize> {
        self.start.clear();
        push_normal(
            text.word(word),
            self.dictionary.case_sensitive,
            &mut self.start,
        );
        let (entry, end) = self
            .dictionary
            .starting(&self.start)
            .filter(|(_, entry)| entry.words > 0)
            .find_map(|(place_of_entry, entry)| {
                let end = self
                    .dictionary
                    .end_of(entry, text.as_str(), word.range().start)?;
                let last = self.words.get(place + entry.words - 1)?.range().end;
                let fits = if entry.ends_in_word {
                    last == end
                } else {
                    last <= end
                };
                (fits && self.is_free(place + entry.words, end)).then_some((place_of_entry, end))
            })?;
        self.found.push(Found {
            span: Word::new(word.range().start, end),
            entry,
        });
        Some(end)
    }

    /// Whether the word at `place`, if there is one, begins at `end` or after it.
    fn is_free(&self, place: usize, end: usize) -> bool {
        self.words
            .get(place)
            .is_none_or(|next| next.range().start >= end)
    }

    /// Looks for entries that begin with a mark between `done` and the word at `place`, which
    /// begins at `end`; answers how far the text is done.
    fn find_marks(&mut self, text: &Text<'_>, done: usize, end: usize, place: usize) -> usize {
        let mut done = done;
        let gap = text.as_str().get(done..end).unwrap_or_default();
        let first = done;
        for (position, mark) in gap.char_indices() {
            let start = first + position;
            if start < done || mark.is_whitespace() {
                continue;
            }
            self.start.clear();
            fold(mark, self.dictionary.case_sensitive, |folded| {
                self.start.push(folded);
            });
            let found = self
                .dictionary
                .starting(&self.start)
                .find_map(|(entry_place, entry)| {
                    let end = self.dictionary.end_of(entry, text.as_str(), start)?;
                    let ends_well = self.ends_well(entry, place, end);
                    let is_protected = text
                        .protected()
                        .iter()
                        .any(|span| span.range().start < end && start < span.range().end);
                    (ends_well && !is_protected).then_some((entry_place, end))
                });
            if let Some((entry, end)) = found {
                self.found.push(Found {
                    span: Word::new(start, end),
                    entry,
                });
                done = end;
            }
        }
        done
    }

    /// Whether `end` cuts no word from that at `place` on, and a word ends there if one must.
    fn ends_well(&self, entry: &Entry, place: usize, end: usize) -> bool {
        let rest = self.words.get(place..).unwrap_or_default();
        let inside = rest
            .iter()
            .take_while(|word| word.range().start < end)
            .last();
        match inside {
            Some(last) if entry.ends_in_word => last.range().end == end,
            Some(last) => last.range().end <= end,
            None => !entry.ends_in_word,
        }
    }
}
