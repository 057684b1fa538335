//! Where a text can be edited.

use std::ops::Range;

use super::Mode;
use crate::operator::Text;
use crate::text::{StopWords, Word};

/// A place that can be edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the word: that is replaced, or behind which one is inserted.
    pub(super) word: usize,
    /// The bytes that are replaced; none of them for an insertion.
    pub(super) span: Range<usize>,
    /// The bytes of the words before and after the blank.
    pub(super) beside: [Option<Range<usize>>; 2],
}

/// The places of a text, in order.
pub(super) fn places(text: &Text<'_>, mode: Mode, stop_words: &StopWords) -> Vec<Place> {
    let words = text.words();
    let span = |number: usize| words.get(number).map(Word::range);
    let before = |number: usize| number.checked_sub(1).and_then(span);
    let mut places = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let place = match mode {
            Mode::Replace => is_plain(text, word, stop_words).then(|| Place {
                word: number,
                span: word.range(),
                beside: [before(number), span(number + 1)],
            }),
            Mode::Insert => has_room(text, word.range().end).then(|| Place {
                word: number,
                span: word.range().end..word.range().end,
                beside: [span(number), span(number + 1)],
            }),
        };
        places.extend(place);
    }
    places
}

/// Whether a word has a letter, and is neither a stop word nor what may be a name.
fn is_plain(text: &Text<'_>, word: Word, stop_words: &StopWords) -> bool {
    let letters = text.word(word);
    letters.chars().any(char::is_alphabetic)
        && !stop_words.contains(letters)
        && !text.may_be_name(word)
}

/// Whether a word can go in at `position`: space, a mark and space, or the end of the text follows.
fn has_room(text: &Text<'_>, position: usize) -> bool {
    let after = text.as_str().get(position..).unwrap_or_default();
    let after = after
        .strip_prefix(['.', ',', ';', ':', '!', '?', ')'])
        .unwrap_or(after);
    let is_protected = text
        .protected()
        .iter()
        .any(|span| span.range().contains(&position));
    !is_protected && after.chars().next().is_none_or(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Segmenter;

    fn found(text: &str, mode: Mode) -> Vec<String> {
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        places(&view, mode, &StopWords::english())
            .into_iter()
            .map(|place| match mode {
                Mode::Replace => text[place.span].to_owned(),
                Mode::Insert => text[place.beside[0].clone().unwrap()].to_owned(),
            })
            .collect()
    }

    #[test]
    fn content_words_are_replaced() {
        let text = "Critics in Paris don't like 7 of 12 kg at https://a.b/c, {slot} or B2B films";
        assert_eq!(found(text, Mode::Replace), ["Critics", "like", "films"]);
        assert!(found("It was he. 42 …", Mode::Replace).is_empty());
    }

    #[test]
    fn words_are_inserted_where_there_is_room() {
        let text = "a well-known film, (so) good! https://a.b/c, end";
        let expected = ["a", "known", "film", "so", "good", "end"];
        assert_eq!(found(text, Mode::Insert), expected);
        assert!(
            found("a.b", Mode::Insert).is_empty()
                || !found("a.b", Mode::Insert).contains(&"a".to_owned())
        );
    }
}
