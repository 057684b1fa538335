//! Cutting a text into words and protected spans.

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::ascii::Scanner;
use super::words::{WordList, Words};
use super::{StopWords, Word, eights, protect};

/// The words and the protected spans of a text.
#[derive(Debug, Clone, Copy)]
pub struct Segments<'a> {
    /// The words outside protected spans, in order, without stop words.
    pub words: Words<'a>,
    /// The protected spans, in order, none touching another.
    pub protected: &'a [Word],
}

/// Cuts texts into words; keeps its memory from text to text.
///
/// A word is a segment between word boundaries of [UAX #29](https://unicode.org/reports/tr29/)
/// that holds a letter or a digit; ASCII white space always ends one. Runs of ASCII are cut by a loop
/// of our own, the rest by the crate `unicode-segmentation`; both cut alike.
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
    scanner: Scanner,
    words: WordList,
    protected: Vec<Word>,
    triggers: Vec<u32>,
    patterns: Vec<Regex>,
    stop_words: StopWords,
}

impl Default for Segmenter {
    /// A segmenter that protects what is always protected, and nothing else.
    fn default() -> Self {
        Self {
            scanner: Scanner::new(),
            words: WordList::default(),
            protected: Vec::new(),
            triggers: Vec::new(),
            patterns: Vec::new(),
            stop_words: StopWords::none(),
        }
    }
}

impl Segmenter {
    /// A segmenter that protects what `patterns` match, beside what is always protected.
    ///
    /// # Errors
    /// When a pattern is not a regular expression.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let patterns = patterns.iter().map(|pattern| Regex::new(pattern));
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// The same, and what it finds leaves out `stop_words`.
    #[must_use]
    pub fn without(mut self, stop_words: StopWords) -> Self {
        self.stop_words = stop_words;
        self
    }

    /// The words and protected spans of `text`.
    pub fn segment(&mut self, text: &str) -> Segments<'_> {
        self.segment_beside(text, &[])
    }

    /// The same, where the bytes `start..end` of each of `spans` are protected too. An empty span protects
    /// what stands around it from an edit that reaches across.
    pub fn segment_beside(&mut self, text: &str, spans: &[[u32; 2]]) -> Segments<'_> {
        self.protected.clear();
        let spans = spans.iter();
        self.protected
            .extend(spans.map(|[start, end]| Word::new(*start as usize, *end as usize)));
        self.triggers.clear();
        find_words(self.scanner, text, &mut self.words, &mut self.triggers);
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
        if !self.stop_words.is_empty() {
            self.words
                .retain(|word| !self.stop_words.contains_at(text, word));
        }
        Segments {
            words: self.words.words(),
            protected: &self.protected,
        }
    }

    /// How many words `text` has, protected or not.
    pub fn count_words(&mut self, text: &str) -> usize {
        self.triggers.clear();
        find_words(self.scanner, text, &mut self.words, &mut self.triggers);
        self.words.words().len()
    }

    /// The words of `text`, protected or not, stop words too.
    pub fn all_words(&mut self, text: &str) -> Words<'_> {
        self.count_words(text);
        self.words.words()
    }

    /// The first word of `text`, protected or not.
    pub fn first_word(&mut self, text: &str) -> Option<Word> {
        self.count_words(text);
        self.words.words().first()
    }
}

/// Finds the words of `text`, and appends the places where a protected span may begin to
/// `triggers`.
pub(super) fn find_words(
    scanner: Scanner,
    text: &str,
    words: &mut WordList,
    triggers: &mut Vec<u32>,
) {
    words.reset();
    let scan = scanner.scan(text.as_bytes(), 0, words, triggers);
    let mut underscored = scan.underscored;
    if scan.foreign {
        words.reset();
        triggers.clear();
        underscored = find_mixed(scanner, text, words, triggers);
    }
    if underscored {
        words.retain(|word| {
            let word = slice(text.as_bytes(), word.range().start, word.range().end);
            word.iter().any(|byte| *byte != b'_')
        });
    }
}

/// [`find_words`] where there is more than ASCII; answers whether a word may be made of underscores.
fn find_mixed(scanner: Scanner, text: &str, words: &mut WordList, triggers: &mut Vec<u32>) -> bool {
    let bytes = text.as_bytes();
    let mut underscored = false;
    let mut scan_ascii = |start, end, words: &mut WordList, triggers: &mut Vec<u32>| {
        underscored |= scanner
            .scan(slice(bytes, start, end), start, words, triggers)
            .underscored;
    };
    let mut done = 0;
    // ASCII white space is always a boundary, so a stretch between two spaces can be cut by itself.
    while let Some(found) = eights::first_foreign(slice(bytes, done, bytes.len())) {
        let foreign = done + found;
        let start = slice(bytes, done, foreign)
            .iter()
            .rposition(u8::is_ascii_whitespace)
            .map_or(done, |space| done + space + 1);
        let end = slice(bytes, foreign, bytes.len())
            .iter()
            .position(u8::is_ascii_whitespace)
            .map_or(bytes.len(), |space| foreign + space);
        scan_ascii(done, start, words, triggers);
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
    scan_ascii(done, bytes.len(), words, triggers);
    // Foreign words may hold underscores too, but are not made of them alone.
    underscored
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

/// Removes the words that share a byte with one of `spans`, which are sorted.
fn remove_overlapping(words: &mut WordList, spans: &[Word]) {
    let mut ahead = spans.iter().peekable();
    words.retain(|word| {
        while ahead.next_if(|span| span.end <= word.start).is_some() {}
        ahead.peek().is_none_or(|span| word.end <= span.start)
    });
}
