//! Cutting a text into words and protected spans.

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::{Word, ascii, protect};

/// The words and the protected spans of a text.
#[derive(Debug, Clone, Copy)]
pub struct Segments<'a> {
    /// The words outside protected spans, in order.
    pub words: &'a [Word],
    /// The protected spans, in order, none touching another.
    pub protected: &'a [Word],
}

/// Cuts texts into words; keeps its memory from text to text.
///
/// A word is a segment between word boundaries of [UAX #29](https://unicode.org/reports/tr29/)
/// that holds a letter or a digit; ASCII white space always ends one. Runs of ASCII are cut by a loop of our own, the rest by the crate
/// `unicode-segmentation`; both cut alike.
///
/// ```
/// use augment::text::Segmenter;
/// let mut segmenter = Segmenter::new(&[])?;
/// let text = "Don't stop: see https://example.com/a, it costs 5 kg.";
/// let segments = segmenter.segment(text);
/// let words: Vec<&str> = segments.words.iter().map(|word| &text[word.range()]).collect();
/// assert_eq!(words, ["Don't", "stop", "see", "it", "costs"]);
/// # Ok::<(), regex::Error>(())
/// ```
#[derive(Debug)]
pub struct Segmenter {
    words: Vec<Word>,
    protected: Vec<Word>,
    triggers: Vec<u32>,
    patterns: Vec<Regex>,
}

impl Segmenter {
    /// A segmenter that protects what `patterns` match, beside what is always protected.
    ///
    /// # Errors
    /// When a pattern is not a regular expression.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let patterns = patterns.iter().map(|pattern| Regex::new(pattern));
        Ok(Self {
            words: Vec::new(),
            protected: Vec::new(),
            triggers: Vec::new(),
            patterns: patterns.collect::<Result<_, _>>()?,
        })
    }

    /// The words and protected spans of `text`.
    pub fn segment(&mut self, text: &str) -> Segments<'_> {
        self.words.clear();
        self.protected.clear();
        self.triggers.clear();
        find_words(text, &mut self.words, &mut self.triggers);
        if !self.triggers.is_empty() {
            protect::find(text, &self.triggers, &mut self.protected);
        }
        for pattern in &self.patterns {
            let matches = pattern.find_iter(text).filter(|found| !found.is_empty());
            self.protected
                .extend(matches.map(|found| Word::new(found.start(), found.end())));
        }
        if !self.protected.is_empty() {
            unite(&mut self.protected);
            remove_overlapping(&mut self.words, &self.protected);
        }
        Segments {
            words: &self.words,
            protected: &self.protected,
        }
    }

    /// How many words `text` has, protected or not.
    pub fn count_words(&mut self, text: &str) -> usize {
        self.words.clear();
        self.triggers.clear();
        find_words(text, &mut self.words, &mut self.triggers);
        self.words.len()
    }
}

/// Appends the words of `text` to `words`, and the places where a protected span may begin to
/// `triggers`.
pub(super) fn find_words(text: &str, words: &mut Vec<Word>, triggers: &mut Vec<u32>) {
    if text.is_ascii() {
        return ascii::scan(text.as_bytes(), 0, words, triggers);
    }
    let bytes = text.as_bytes();
    let mut done = 0;
    // ASCII white space is always a boundary, so a stretch between two spaces can be cut by itself.
    while let Some(found) = slice(bytes, done, bytes.len())
        .iter()
        .position(|b| !b.is_ascii())
    {
        let foreign = done + found;
        let start = slice(bytes, done, foreign)
            .iter()
            .rposition(u8::is_ascii_whitespace)
            .map_or(done, |space| done + space + 1);
        let end = slice(bytes, foreign, bytes.len())
            .iter()
            .position(u8::is_ascii_whitespace)
            .map_or(bytes.len(), |space| foreign + space);
        ascii::scan(
            slice(bytes, done, start),
            Word::new(done, done).start,
            words,
            triggers,
        );
        let stretch = text.get(start..end).unwrap_or_default();
        for (position, word) in stretch.unicode_word_indices() {
            words.push(Word::new(start + position, start + position + word.len()));
        }
        for (position, _) in stretch
            .bytes()
            .enumerate()
            .filter(|(_, b)| protect::is_trigger(*b))
        {
            triggers.push(Word::new(start + position, end).start);
        }
        done = end;
    }
    let rest = slice(bytes, done, bytes.len());
    ascii::scan(rest, Word::new(done, done).start, words, triggers);
}

fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

/// Sorts `spans` and makes one of those that touch.
fn unite(spans: &mut Vec<Word>) {
    spans.sort_by_key(|span| (span.start, span.end));
    spans.dedup_by(|later, earlier| {
        let touch = later.start <= earlier.end;
        if touch {
            earlier.end = earlier.end.max(later.end);
        }
        touch
    });
}

/// Removes from `words` those that share a byte with one of `spans`; both are sorted.
fn remove_overlapping(words: &mut Vec<Word>, spans: &[Word]) {
    let mut ahead = spans.iter().peekable();
    words.retain(|word| {
        while ahead.next_if(|span| span.end <= word.start).is_some() {}
        ahead.peek().is_none_or(|span| word.end <= span.start)
    });
}
