//! English function words: changing one seldom gives a sentence that says the same.

/// Pronouns, determiners, prepositions, conjunctions, auxiliaries, and the adverbs of degree,
/// place and negation that go with them. Sorted by byte value. Contractions with an apostrophe
/// count as stop words without being listed.
const STOP_WORDS: [&str; 156] = [
    "a",
    "about",
    "above",
    "after",
    "again",
    "against",
    "all",
    "also",
    "although",
    "always",
    "am",
    "among",
    "an",
    "and",
    "another",
    "any",
    "are",
    "around",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "can",
    "cannot",
    "could",
    "did",
    "do",
    "does",
    "doing",
    "down",
    "during",
    "each",
    "either",
    "else",
    "every",
    "few",
    "for",
    "from",
    "further",
    "had",
    "has",
    "have",
    "having",
    "he",
    "her",
    "here",
    "hers",
    "herself",
    "him",
    "himself",
    "his",
    "how",
    "however",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "itself",
    "just",
    "least",
    "less",
    "may",
    "me",
    "might",
    "more",
    "most",
    "much",
    "must",
    "my",
    "myself",
    "neither",
    "never",
    "no",
    "nor",
    "not",
    "nothing",
    "now",
    "of",
    "off",
    "on",
    "once",
    "one",
    "only",
    "or",
    "other",
    "our",
    "ours",
    "ourselves",
    "out",
    "over",
    "own",
    "per",
    "same",
    "shall",
    "she",
    "should",
    "since",
    "so",
    "some",
    "such",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "though",
    "through",
    "to",
    "too",
    "under",
    "until",
    "up",
    "upon",
    "us",
    "very",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "without",
    "would",
    "yet",
    "you",
    "your",
    "yours",
    "yourself",
];

/// Whether `word`, which must be lower-case, is a function word of English.
#[inline]
pub fn is_stop_word(word: &str) -> bool {
    word.contains('\'') || STOP_WORDS.binary_search(&word).is_ok()
}

/// Words that operators leave alone, in whatever case they stand in a text.
///
/// ```
/// use augment::text::StopWords;
/// assert!(StopWords::english().contains("The"));
/// assert!(StopWords::of(["ÜBER", "uns"]).contains("über"));
/// assert!(StopWords::none().is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct StopWords {
    english: bool,
    /// In lower case, sorted.
    words: Vec<Box<str>>,
}

impl StopWords {
    /// No word.
    pub fn none() -> Self {
        Self::default()
    }

    /// The function words of English, see [`is_stop_word`].
    pub fn english() -> Self {
        Self {
            english: true,
            words: Vec::new(),
        }
    }

    /// These words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let lower = words.into_iter().map(|word| word.to_lowercase().into());
        let mut words: Vec<Box<str>> = lower.collect();
        words.sort();
        words.dedup();
        Self {
            english: false,
            words,
        }
    }

    /// Whether there is no such word.
    pub fn is_empty(&self) -> bool {
        !self.english && self.words.is_empty()
    }

    /// Whether `word` is one of them.
    pub fn contains(&self, word: &str) -> bool {
        let mut buffer = [0; LONGEST];
        let Some(lower) = lower_case(word, &mut buffer) else {
            // Of English words only contractions are as long, or hold another apostrophe.
            return (self.english && word.contains(['\'', '’']))
                || self.lists(&word.to_lowercase());
        };
        (self.english && is_stop_word(lower)) || self.lists(lower)
    }

    fn lists(&self, lower: &str) -> bool {
        !self.words.is_empty()
            && self
                .words
                .binary_search_by(|word| (**word).cmp(lower))
                .is_ok()
    }
}

/// The longest word, in bytes, that is put in lower case without memory of its own.
const LONGEST: usize = 24;

/// `word` in lower case, if it is a short word of ASCII.
fn lower_case<'a>(word: &str, buffer: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    lower.is_ascii().then_some(())?;
    std::str::from_utf8(lower).ok()
}

#[cfg(test)]
mod tests {
    use super::{STOP_WORDS, StopWords, is_stop_word};

    #[test]
    fn lists_are_compared_without_case() {
        let words = StopWords::of(["Straße", "the", "NOT", "incomprehensibilities-and-more"]);
        for word in [
            "STRAßE",
            "straße",
            "The",
            "not",
            "Incomprehensibilities-and-more",
        ] {
            assert!(words.contains(word), "{word}");
        }
        for word in ["", "a", "strasse"] {
            assert!(!words.contains(word), "{word}");
        }
        let english = StopWords::english();
        assert!(
            ["A", "don’t", "Don't", "YOURSELF"]
                .iter()
                .all(|word| english.contains(word))
        );
        assert!(!english.contains("straße") && !english.contains("house"));
        assert!(StopWords::none().is_empty() && !StopWords::none().contains("the"));
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn function_words_are_known_and_content_words_are_not() {
        for word in ["the", "not", "don't", "we're", "yourself", "a"] {
            assert!(is_stop_word(word), "{word}");
        }
        for word in ["house", "good", "quickly", ""] {
            assert!(!is_stop_word(word), "{word}");
        }
    }
}
