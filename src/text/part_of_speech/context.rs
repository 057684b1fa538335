//! What stands around a word, read from the raw text: also what operators are not shown.

use std::ops::Range;

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
    /// What stands before that; nothing where nothing stands before.
    pub second: Neighbor<'a>,
    /// What stands after the word.
    pub after: Neighbor<'a>,
}

impl<'a> Context<'a> {
    /// The neighbours of what stands at `span` of `text`. A span that is none has none.
    #[inline]
    pub fn around(text: &'a str, span: Range<usize>) -> Self {
        let (before, rest) = last(text.get(..span.start).unwrap_or_default());
        let second = match before {
            Neighbor::Edge => Neighbor::Edge,
            Neighbor::Mark(mark) if is_edge(mark) => Neighbor::Edge,
            _ => last(rest).0,
        };
        Self {
            before,
            second,
            after: first(text.get(span.end..).unwrap_or_default()),
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
    let text = text.trim_end_matches([' ', '\t']);
    let near = text.as_bytes().iter().rev().take(MOST);
    let length = near.take_while(|byte| is_letter(**byte)).count();
    let (rest, piece) = text
        .split_at_checked(text.len() - length)
        .unwrap_or_default();
    // Whatever is not plain letters is looked at with more care.
    if length == 0 || !rest.as_bytes().last().is_none_or(|byte| is_boundary(*byte)) {
        return last_of_any(text);
    }
    (Neighbor::Word(piece), rest)
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
    let text = text.trim_start_matches([' ', '\t']);
    let near = text.as_bytes().iter().take(MOST);
    let length = near.take_while(|byte| is_letter(**byte)).count();
    let after = text.as_bytes().get(length);
    match text.get(..length) {
        Some(piece) if length > 0 && after.is_none_or(|byte| is_boundary(*byte)) => {
            Neighbor::Word(piece)
        }
        _ => first_of_any(text),
    }
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
        assert_eq!(context.second, Neighbor::Word("don’t"));
        assert_eq!(context.after, Neighbor::Mark('"'));
        let context = around("He");
        assert_eq!(context.before, Neighbor::Edge);
        assert_eq!(context.second, Neighbor::Edge);
        assert_eq!(context.after, Neighbor::Word("said"));
        let context = around("fast");
        assert_eq!(context.before, Neighbor::Mark('('));
        assert_eq!(context.second, Neighbor::Mark('"'));
        assert_eq!(context.after, Neighbor::Mark(')'));
        let context = around("Well");
        assert_eq!(context.before, Neighbor::Mark('\n'));
        assert_eq!(context.second, Neighbor::Edge);
        assert_eq!(context.after, Neighbor::Edge);
    }

    proptest! {
        #[test]
        fn any_text_and_any_span_are_safe(text in "\\PC{0,20}", start in 0_usize..25, length in 0_usize..9) {
            let context = Context::around(&text, start..start + length);
            for neighbor in [context.before, context.second, context.after] {
                if let Neighbor::Word(word) = neighbor {
                    prop_assert!(!word.is_empty());
                }
            }
        }
    }
}
