//! What of a text is translated: sentences, or parts of them where they are too long.

use std::ops::Range;

use crate::text::{Word, Words, middle, sentences};

/// A stretch of text that is translated by itself. Texts are put together again from their pieces
/// and the bytes between them, which no translator sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it stands in the text.
    pub(super) span: Range<usize>,
    /// The protected spans in it, in offsets of the text.
    pub(super) protected: Vec<Range<usize>>,
}

/// The pieces of `text`, in order. `words` are its words outside of protected spans; `fits` tells
/// whether a piece is short enough for the models. Sentences without a letter outside of what is
/// protected are none, and neither is what cannot be made short enough.
pub(super) fn pieces(
    text: &str,
    words: Words<'_>,
    protected: &[Word],
    fits: &dyn Fn(&str) -> bool,
) -> Vec<Piece> {
    let mut spans = Vec::new();
    sentences(text, protected, &mut spans);
    let mut pieces = Vec::with_capacity(spans.len());
    for span in spans {
        // The part to look at next is at the end.
        let mut parts = vec![span.range()];
        while let Some(part) = parts.pop() {
            let content = text.get(part.clone()).unwrap_or_default();
            if !has_letters(text, words, &part) {
                continue;
            }
            let inside = protected_in(protected, &part);
            if fits(content) {
                pieces.push(Piece {
                    span: part,
                    protected: inside,
                });
                continue;
            }
            let relative: Vec<Range<usize>> = inside
                .iter()
                .map(|span| span.start - part.start..span.end - part.start)
                .collect();
            if let Some((left, right)) = middle(content, &relative) {
                parts.push(part.start + right..part.end);
                parts.push(part.start..part.start + left);
            }
        }
    }
    pieces
}

/// The protected spans that lie in `part`.
fn protected_in(protected: &[Word], part: &Range<usize>) -> Vec<Range<usize>> {
    let first = protected.partition_point(|span| span.range().start < part.start);
    let rest = protected.get(first..).unwrap_or_default().iter();
    rest.map(|span| span.range())
        .take_while(|span| span.end <= part.end)
        .collect()
}

/// Whether a word in `part` has a letter.
fn has_letters(text: &str, words: Words<'_>, part: &Range<usize>) -> bool {
    words
        .reaching(part.start)
        .take_while(|word| word.range().start < part.end)
        .any(|word| {
            let word = text.get(word.range()).unwrap_or_default();
            word.contains(char::is_alphabetic)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Segmenter;

    /// Pieces of at most so many words.
    fn split(text: &str, most: usize) -> Vec<&str> {
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let fits = |piece: &str| piece.split_whitespace().count() <= most;
        pieces(text, segments.words, segments.protected, &fits)
            .into_iter()
            .map(|piece| &text[piece.span])
            .collect()
    }

    #[test]
    fn what_has_no_letter_is_no_piece() {
        assert_eq!(split("", 9), [""; 0]);
        assert_eq!(split("12. 3.5? !!! https://example.com 12 kg", 9), [""; 0]);
        assert_eq!(split("Yes. 42. No.", 9), ["Yes.", "No."]);
    }

    #[test]
    fn long_sentences_are_cut_where_a_clause_ends() {
        let text = "When it rained, they all stayed at home, and read.  Next one.";
        let expected = [
            "When it rained,",
            "they all stayed",
            "at home,",
            "and read.",
            "Next one.",
        ];
        assert_eq!(split(text, 3), expected);
        assert_eq!(split(text, 99).len(), 2);
    }

    #[test]
    fn protected_spans_stay_whole_and_with_their_piece() {
        let text = "a b `c d e f` g h";
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let fits = |piece: &str| piece.len() <= 10;
        let found = pieces(text, segments.words, segments.protected, &fits);
        assert!(
            found.iter().all(|piece| piece.protected.is_empty()
                || text[piece.span.clone()].contains("`c d e f`"))
        );
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_short_enough(text in "([a-z]{1,8}[ .,\n]{1,2}){0,40}", most in 1_usize..9) {
            let mut segmenter = Segmenter::new(&[]).unwrap();
            let segments = segmenter.segment(&text);
            let fits = |piece: &str| piece.split_whitespace().count() <= most;
            let found = pieces(&text, segments.words, segments.protected, &fits);
            let mut done = 0;
            for piece in found {
                prop_assert!(piece.span.start >= done);
                prop_assert!(text[done..piece.span.start].chars().all(|c| !c.is_alphabetic()));
                prop_assert!(fits(&text[piece.span.clone()]));
                done = piece.span.end;
            }
            prop_assert!(text[done..].chars().all(|c| !c.is_alphabetic()));
        }
    }
}
