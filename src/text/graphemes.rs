//! The characters of a word as people count them.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The characters of one word: grapheme clusters of
/// [UAX #29](https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries). A letter with its
/// combining marks is one, and so is an emoji with what is joined to it. Keeps its memory from word
/// to word.
///
/// ```
/// use augment::text::Graphemes;
/// let text = "un cafe\u{301}";
/// let mut characters = Graphemes::default();
/// characters.find(text, 3..text.len());
/// assert_eq!(characters.len(), 4);
/// assert_eq!(&text[characters.span(3)], "e\u{301}");
/// ```
#[derive(Debug, Default)]
pub struct Graphemes {
    start: u32,
    end: u32,
    /// Whether each is one byte.
    ascii: bool,
    /// Where they end, unless each is one byte.
    ends: Vec<u32>,
}

impl Graphemes {
    /// Forgets what was found before and finds the characters of `text` in `span`.
    #[expect(clippy::cast_possible_truncation, reason = "texts are under 4 GiB")]
    pub fn find(&mut self, text: &str, span: Range<usize>) {
        let word = text.get(span.clone()).unwrap_or_default();
        let (start, end) = (span.start as u32, (span.start + word.len()) as u32);
        (self.start, self.end) = (start, end);
        // No word has the one cluster of ASCII that is longer, a line break.
        self.ascii = word.is_ascii();
        if self.ascii {
            return;
        }
        self.ends.clear();
        let clusters = word.grapheme_indices(true);
        self.ends
            .extend(clusters.map(|(at, cluster)| start + (at + cluster.len()) as u32));
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        if self.ascii {
            (self.end - self.start) as usize
        } else {
            self.ends.len()
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where they stand in the text, if each is one byte of ASCII.
    #[inline]
    pub fn ascii(&self) -> Option<Range<usize>> {
        self.ascii.then_some(self.start as usize..self.end as usize)
    }

    /// Where the character at `place`, counted from 0, stands in the text; an empty span where
    /// there is none.
    #[inline]
    pub fn span(&self, place: usize) -> Range<usize> {
        if self.ascii {
            let end = self.end as usize;
            let start = (self.start as usize + place).min(end);
            return start..(start + 1).min(end);
        }
        let start = match place.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => self.start,
        };
        let end = self.ends.get(place).copied().unwrap_or(start);
        start as usize..end as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_the_clusters_of_the_word(before in "\\PC{0,4}", word in "[a-zé👍🏽\u{301}\u{200d}한]{0,9}") {
            let text = format!("{before} {word}");
            let mut characters = Graphemes::default();
            characters.find(&text, before.len() + 1..text.len());
            let found: Vec<&str> = (0..characters.len()).map(|place| &text[characters.span(place)]).collect();
            prop_assert_eq!(found, word.graphemes(true).collect::<Vec<_>>());
            prop_assert!(characters.span(characters.len()).is_empty());
        }
    }
}
