//! Contractions of English: where "do not" may become "don't", and the other way round.
//!
//! Both directions are sure rather than complete: a place where the result might not be English, or
//! might mean something else, is none. [`contract`] and [`expand`] say what they leave alone.

mod contract;
mod expand;
mod lists;

pub use contract::contract;
pub use expand::expand;

use super::Word;

/// Where a text may be contracted or expanded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The bytes that go.
    pub span: Word,
    /// What takes their place, in lower case, with a straight apostrophe.
    new: &'static str,
    /// Whether it is written in capitals.
    upper: bool,
}

impl Change {
    /// Appends what takes the place of the span, with this apostrophe.
    pub fn write(&self, apostrophe: char, into: &mut String) {
        for letter in self.new.chars() {
            into.push(match letter {
                '\'' => apostrophe,
                letter if self.upper => letter.to_ascii_uppercase(),
                letter => letter,
            });
        }
    }
}

/// The words of a text, and what stands between them.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The text.
    pub text: &'a str,
    /// Its words, in order.
    pub words: &'a [Word],
}

impl<'a> Surroundings<'a> {
    /// The word at `place`, if there is one.
    fn word(self, place: usize) -> Option<(Word, &'a str)> {
        let word = *self.words.get(place)?;
        Some((word, self.text.get(word.range())?))
    }

    /// The word at `place` in lower case; empty where there is none, or a long or foreign one.
    fn lower(self, place: usize) -> Lower {
        let word = self.word(place).map(|(_, word)| word);
        Lower::of(word.unwrap_or_default())
    }

    /// Whether nothing but spaces and tabs parts the word at `place` from the one after it.
    fn joins_next(self, place: usize) -> bool {
        let pair = self.words.get(place).zip(self.words.get(place + 1));
        pair.is_some_and(|(word, next)| {
            let between = self
                .text
                .as_bytes()
                .get(word.range().end..next.range().start);
            between.is_some_and(|between| {
                !between.is_empty() && between.iter().all(|byte| matches!(byte, b' ' | b'\t'))
            })
        })
    }

    /// The word after that at `place`, in lower case; empty unless nothing but space parts them.
    fn next(self, place: usize) -> Lower {
        if self.joins_next(place) {
            self.lower(place + 1)
        } else {
            Lower::default()
        }
    }

    /// The first word after that at `place` that is no adverb, and its place; empty where something
    /// else than space comes first.
    fn after_adverbs(self, place: usize) -> (Lower, usize) {
        const MOST: usize = 4;
        for after in place..place + MOST {
            let next = self.next(after);
            if next.length == 0 || !lists::is_adverb(next.as_str()) {
                return (next, after + 1);
            }
        }
        (Lower::default(), place + MOST)
    }

    /// The word before that at `place`, in lower case; empty unless nothing but space parts them.
    fn previous(self, place: usize) -> Lower {
        match place.checked_sub(1) {
            Some(previous) if self.joins_next(previous) => self.lower(previous),
            _ => Lower::default(),
        }
    }

    /// Whether the sentence around the word at `place` ends in a question mark.
    fn is_question(self, place: usize) -> bool {
        let after = self.words.get(place).map_or(0, |word| word.range().end);
        let rest = self.text.get(after..).unwrap_or_default();
        let end = rest
            .bytes()
            .find(|byte| matches!(byte, b'.' | b'!' | b'?' | b'\n'));
        end == Some(b'?')
    }

    /// Whether the word at `place` is the first of its sentence, or of its part of it after a colon,
    /// a semicolon, a dash or a bracket.
    fn starts_sentence(self, place: usize) -> bool {
        let start = self.words.get(place).map_or(0, |word| word.range().start);
        let before = self.text.get(..start).unwrap_or_default();
        let before = before.trim_end_matches([' ', '\t', '"', '\'', '*', '_', '“', '‘', '«', '>']);
        before.is_empty()
            || before.ends_with(|last: char| {
                !last.is_alphanumeric() && !matches!(last, ',' | '%' | '$' | '€' | '£' | '&')
            })
    }
}

/// A short ASCII word in lower case, its apostrophes straight.
#[derive(Debug, Clone, Copy, Default)]
struct Lower {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Lower {
    /// The longest word, in bytes, that is looked up: "straightforwardly".
    const LONGEST: usize = 18;

    /// `word`, or the empty word if it is long or has letters that are not ASCII.
    fn of(word: &str) -> Self {
        let mut lower = Self::default();
        for letter in word.chars() {
            let letter = if letter == '’' { '\'' } else { letter };
            let Some(place) = lower
                .bytes
                .get_mut(lower.length)
                .filter(|_| letter.is_ascii())
            else {
                return Self::default();
            };
            *place = u8::try_from(letter)
                .unwrap_or_default()
                .to_ascii_lowercase();
            lower.length += 1;
        }
        lower
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Whether all letters of `word` are capitals.
fn is_upper(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Whether no letter of `word` is a capital.
fn is_lower(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests;
