//! What stands around a word, read from the raw text: also what operators are not shown.

use std::ops::Range;

use super::super::eights::{self, HIGH};

/// What stands before or after a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbor<'a> {
    /// A word, with its capitals, without quotes around it.
    Word(&'a str),
    /// Punctuation.
    Mark(char),
    /// Nothing: the text begins or ends, or a line does.
    Edge,
}

/// The neighbours of a word: what its part of speech is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// What stands before the word.
    pub before: Neighbor<'a>,
    /// What stands after the word.
    pub after: Neighbor<'a>,
    /// The text ahead of both.
    ahead: &'a str,
}

impl<'a> Context<'a> {
    /// The neighbours of what stands at `span` of `text`. A span that is none has none.
    #[inline]
    pub fn around(text: &'a str, span: Range<usize>) -> Self {
        let (before, ahead) = last(text.get(..span.start).unwrap_or_default());
        Self {
            before,
            after: first(text.get(span.end..).unwrap_or_default()),
            ahead,
        }
    }

    /// What stands before what stands before the word; nothing where nothing stands before. It is looked for
    /// only now, for it seldom tells what the nearer ones do not.
    #[inline]
    pub fn second(&self) -> Neighbor<'a> {
        match self.before {
            Neighbor::Edge => Neighbor::Edge,
            Neighbor::Mark(mark) if is_edge(mark) => Neighbor::Edge,
            _ => last(self.ahead).0,
        }
    }
}

/// Whether a mark ends a sentence or line.
#[inline]
pub(super) fn is_edge(mark: char) -> bool {
    matches!(mark, '.' | '!' | '?' | '…' | '\n' | '\r')
}

/// As many characters of a neighbour are looked at, so that a long one costs no more.
const MOST: usize = 64;

/// The last word or mark of `text`, and what stands before it.
#[inline]
fn last(text: &str) -> (Neighbor<'_>, &str) {
    let spaces = text.as_bytes().iter().rev().take_while(|b| is_space(**b));
    let text = text.get(..text.len() - spaces.count()).unwrap_or_default();
    let length = letters_before_end(text.as_bytes());
    let (rest, piece) = text
        .split_at_checked(text.len() - length)
        .unwrap_or_default();
    // Whatever is not plain letters is looked at with more care.
    if length == 0 || !rest.as_bytes().last().is_none_or(|byte| is_boundary(*byte)) {
        return last_of_any(text);
    }
    (Neighbor::Word(piece), rest)
}

/// How many letters and digits of ASCII end a text; of many, [`MOST`].
#[inline]
fn letters_before_end(text: &[u8]) -> usize {
    // Most words have less than eight: how often a loop over them runs could not be predicted.
    if let Some(eight) = text.last_chunk::<8>() {
        let others = !eights::letters_and_digits(u64::from_le_bytes(*eight)) & HIGH;
        if others != 0 {
            return others.leading_zeros() as usize / 8;
        }
    }
    let near = text.iter().rev().take(MOST);
    near.take_while(|byte| is_letter(**byte)).count()
}

#[inline(never)]
fn last_of_any(text: &str) -> (Neighbor<'_>, &str) {
    let Some(mark) = text.chars().next_back() else {
        return (Neighbor::Edge, text);
    };
    let letters = text.chars().rev().take(MOST);
    let length = letters
        .take_while(|c| is_part_of_word(*c))
        .map(char::len_utf8)
        .sum::<usize>();
    let (rest, piece) = text
        .split_at_checked(text.len() - length)
        .unwrap_or_default();
    match as_word(piece) {
        Some(word) => (Neighbor::Word(word), rest),
        None => (
            Neighbor::Mark(mark),
            text.get(..text.len() - mark.len_utf8()).unwrap_or_default(),
        ),
    }
}

/// The first word or mark of `text`.
#[inline]
fn first(text: &str) -> Neighbor<'_> {
    let spaces = text.as_bytes().iter().take_while(|b| is_space(**b));
    let text = text.get(spaces.count()..).unwrap_or_default();
    let length = letters_at_start(text.as_bytes());
    let after = text.as_bytes().get(length);
    match text.get(..length) {
        Some(piece) if length > 0 && after.is_none_or(|byte| is_boundary(*byte)) => {
            Neighbor::Word(piece)
        }
        _ => first_of_any(text),
    }
}

/// How many letters and digits of ASCII begin a text; of many, [`MOST`].
#[inline]
fn letters_at_start(text: &[u8]) -> usize {
    if let Some(eight) = text.first_chunk::<8>() {
        let others = !eights::letters_and_digits(u64::from_le_bytes(*eight)) & HIGH;
        if others != 0 {
            return others.trailing_zeros() as usize / 8;
        }
    }
    let near = text.iter().take(MOST);
    near.take_while(|byte| is_letter(**byte)).count()
}

#[inline(never)]
fn first_of_any(text: &str) -> Neighbor<'_> {
    let Some(mark) = text.chars().next() else {
        return Neighbor::Edge;
    };
    let letters = text.chars().take(MOST);
    let length = letters
        .take_while(|c| is_part_of_word(*c))
        .map(char::len_utf8)
        .sum::<usize>();
    text.get(..length)
        .and_then(as_word)
        .map_or(Neighbor::Mark(mark), Neighbor::Word)
}

#[inline]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[inline]
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Whether a byte is ASCII and surely no part of a word.
#[inline]
fn is_boundary(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'\'')
}

#[inline]
fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '_' | '\'' | '’')
        || !c.is_ascii() && c.is_alphanumeric()
}

/// What is left of a piece of text without quotes around it, unless nothing of substance is.
#[inline]
fn as_word(piece: &str) -> Option<&str> {
    let word = piece.trim_matches(['\'', '’']);
    (!word.trim_matches(['\'', '’', '_']).is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbors_are_words_marks_and_edges() {
        let text = "He said: 'don’t \"run\" (fast)'.\nWell";
        let around = |word: &str| {
            let start = text.find(word).unwrap();
            Context::around(text, start..start + word.len())
        };
        let context = around("run");
        assert_eq!(context.before, Neighbor::Mark('"'));
        assert_eq!(context.second(), Neighbor::Word("don’t"));
        assert_eq!(context.after, Neighbor::Mark('"'));
        let context = around("He");
        assert_eq!(context.before, Neighbor::Edge);
        assert_eq!(context.second(), Neighbor::Edge);
        assert_eq!(context.after, Neighbor::Word("said"));
        let context = around("fast");
        assert_eq!(context.before, Neighbor::Mark('('));
        assert_eq!(context.second(), Neighbor::Mark('"'));
        assert_eq!(context.after, Neighbor::Mark(')'));
        let context = around("Well");
        assert_eq!(context.before, Neighbor::Mark('\n'));
        assert_eq!(context.second(), Neighbor::Edge);
        assert_eq!(context.after, Neighbor::Edge);
    }

    proptest! {
        #[test]
        fn runs_of_letters_are_counted_from_both_ends(text in "[a-zA-Z0-9 .é_-]{0,12}[a-z]{0,70}") {
            let bytes = text.as_bytes();
            let at_start = bytes.iter().take_while(|byte| is_letter(**byte)).count();
            let before_end = bytes.iter().rev().take_while(|byte| is_letter(**byte)).count();
            prop_assert_eq!(letters_at_start(bytes), at_start.min(MOST));
            prop_assert_eq!(letters_before_end(bytes), before_end.min(MOST));
        }

        #[test]
        fn any_text_and_any_span_are_safe(text in "\\PC{0,20}", start in 0_usize..25, length in 0_usize..9) {
            let context = Context::around(&text, start..start + length);
            for neighbor in [context.before, context.second(), context.after] {
                if let Neighbor::Word(word) = neighbor {
                    prop_assert!(!word.is_empty());
                }
            }
        }
    }
}
