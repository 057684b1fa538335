//! English function words: changing one seldom gives a sentence that says the same.

use std::ops::Range;

use super::Word;
use super::eights::{self, HIGH};

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

/// Bytes that are compared at a stroke.
const SHORT: usize = 8;

/// The stop words of more bytes.
const LONG: [&[u8; 2 * SHORT]; 2] = [b"ourselves\0\0\0\0\0\0\0", b"themselves\0\0\0\0\0\0"];

/// Slots of the table of short stop words; a power of two.
const SLOTS: usize = 1024;

/// The stop words of up to eight bytes, as numbers, each where its hash says: a word is told from them
/// by one comparison, and without a branch, because which way it went could not be predicted.
static TABLE: [u64; SLOTS] = table();

const fn table() -> [u64; SLOTS] {
    let mut table = [0; SLOTS];
    let mut number = 0;
    while number < STOP_WORDS.len() {
        let word = STOP_WORDS[number].as_bytes();
        if word.len() <= SHORT {
            let mut packed = 0;
            let mut byte = word.len();
            while byte > 0 {
                byte -= 1;
                packed = packed << 8 | word[byte] as u64;
            }
            let slot = slot_of(packed);
            assert!(
                table[slot] == 0,
                "two words in one slot: take another factor"
            );
            table[slot] = packed;
        }
        number += 1;
    }
    table
}

/// Where a word is, if it is in the table. The factor was drawn until no two words fell together.
const fn slot_of(packed: u64) -> usize {
    // The high bits of the product: ten, for 1024 slots.
    (packed.wrapping_mul(0x400e_67ed_8c9c_f441) >> 54) as usize
}

/// Whether `word`, which must be lower-case, is a function word of English.
#[inline]
pub fn is_stop_word(word: &str) -> bool {
    is_english(word.as_bytes(), 0..word.len()).unwrap_or_else(|| word.contains('\''))
}

/// Whether the word at `range` is a function word of English, in whatever case; nothing where it is not
/// ASCII.
#[inline]
fn is_english(text: &[u8], range: Range<usize>) -> Option<bool> {
    let word = text.get(range.clone())?;
    // Most words have eight bytes from their first on.
    let beginning = match text
        .get(range.start..)
        .and_then(<[u8]>::first_chunk::<SHORT>)
    {
        Some(eight) => u64::from_le_bytes(*eight) & eights::first(word.len().min(SHORT)),
        None => eights::at(word, 0).0,
    };
    if word.len() > SHORT {
        return is_long(word, beginning);
    }
    // No byte becomes a letter by it but a capital, and the list has nothing but letters.
    let packed = beginning | (eights::first(word.len()) & (eights::EACH * 0x20));
    let known = TABLE.get(slot_of(packed)).copied().unwrap_or_default();
    // The slot of no word at all is free.
    let is_known = known == packed && packed != 0;
    (beginning & HIGH == 0).then_some(is_known | has_apostrophe(beginning))
}

/// [`is_english`] of a word with more than eight bytes, which are its `beginning`.
#[inline]
fn is_long(word: &[u8], beginning: u64) -> Option<bool> {
    let (mut foreign, mut contracted) = (beginning, has_apostrophe(beginning));
    for place in (SHORT..word.len()).step_by(SHORT) {
        let (eight, _) = eights::at(word, place);
        foreign |= eight;
        contracted |= has_apostrophe(eight);
    }
    if foreign & HIGH != 0 {
        return None;
    }
    let parts = [beginning, eights::at(word, SHORT).0].map(eights::lower_case);
    let is_known = |long: &&[u8; 2 * SHORT]| {
        let (eights, _) = long.as_chunks::<SHORT>();
        eights
            .iter()
            .zip(parts)
            .all(|(eight, part)| u64::from_le_bytes(*eight) == part)
    };
    Some(contracted || word.len() <= 2 * SHORT && LONG.iter().any(is_known))
}

#[inline]
fn has_apostrophe(eight: u64) -> bool {
    eights::equal(eight, b'\'') != 0
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

    /// Whether the word at `span` of `text` is one of them.
    #[inline]
    pub(super) fn contains_at(&self, text: &str, span: Word) -> bool {
        if self.words.is_empty()
            && let Some(found) = is_english(text.as_bytes(), span.range())
        {
            return self.english & found;
        }
        self.looks_up(text.get(span.range()).unwrap_or_default())
    }

    /// Whether `word` is one of them.
    #[inline]
    pub fn contains(&self, word: &str) -> bool {
        self.contains_at(word, Word::new(0, word.len()))
    }

    fn looks_up(&self, word: &str) -> bool {
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
    use proptest::prelude::*;

    use super::*;

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
    fn words_are_told_alike_wherever_they_stand() {
        let text = "It isn't THE house of Themselves, über don’t you yourself Ourselves a";
        for words in [
            StopWords::english(),
            StopWords::none(),
            StopWords::of(["THE", "über"]),
        ] {
            for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                let span = Word::new(start, start + word.len());
                assert_eq!(
                    words.contains_at(text, span),
                    words.contains(word),
                    "{word}"
                );
            }
        }
    }

    /// Whether `long` is `word` and zeros after it.
    fn is_padded(long: &[u8], word: &str) -> bool {
        let rest = long.strip_prefix(word.as_bytes());
        rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    }

    proptest! {
        #[test]
        fn words_are_told_as_by_looking_through_the_list(
            word in "[a-zA-Z]{0,12}|[a-z'’é]{0,20}|(THEM|OUR|your)(selves|s)?",
        ) {
            let is_known = STOP_WORDS.contains(&word.to_lowercase().as_str());
            let expected = is_known || word.contains(['\'', '’']);
            prop_assert_eq!(StopWords::english().contains(&word), expected);
            prop_assert!(!StopWords::none().contains(&word));
        }
    }

    #[test]
    fn every_word_of_the_list_is_found() {
        for word in STOP_WORDS {
            let is_long = LONG.iter().any(|long| is_padded(*long, word));
            assert_eq!(is_long, word.len() > SHORT, "{word}");
            assert!(is_stop_word(word), "{word}");
            assert!(
                StopWords::english().contains(&word.to_uppercase()),
                "{word}"
            );
        }
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
