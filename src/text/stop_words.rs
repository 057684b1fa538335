//! English function words: changing one seldom gives a sentence that says the same.

use super::Word;

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
const LONG: [&str; 2] = ["ourselves", "themselves"];

/// Bytes of the longest stop word without an apostrophe.
const LONGEST_STOP_WORD: usize = 10;

/// Slots of the table of short stop words; a power of two.
const SLOTS: usize = 1024;

/// The stop words of up to eight bytes, as numbers, each where its hash says or next to it: most
/// words are told from stop words by one comparison.
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
            let mut slot = slot_of(packed);
            while table[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            table[slot] = packed;
        }
        number += 1;
    }
    table
}

/// Where to begin to look for a word.
const fn slot_of(packed: u64) -> usize {
    // The high bits of the product: ten, for 1024 slots.
    (packed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

/// Whether `word`, which must be lower-case, is a function word of English.
#[inline]
pub fn is_stop_word(word: &str) -> bool {
    if word.len() > SHORT {
        return LONG.contains(&word) || word.contains('\'');
    }
    let mut bytes = [0; SHORT];
    for (to, from) in bytes.iter_mut().zip(word.bytes()) {
        *to = from;
    }
    is_short_stop_word(bytes)
}

/// Whether the word in `bytes`, lower-case and with zeros after it, is a function word.
#[inline]
fn is_short_stop_word(bytes: [u8; SHORT]) -> bool {
    let packed = u64::from_le_bytes(bytes);
    let mut slot = slot_of(packed);
    // The table is never full, so this ends.
    while let Some(&known) = TABLE.get(slot)
        && known != 0
    {
        if known == packed {
            return true;
        }
        slot = (slot + 1) % SLOTS;
    }
    bytes.contains(&b'\'')
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
        let range = span.range();
        let eight = text.as_bytes().get(range.start..);
        // Most words are short and have eight bytes from their first on.
        if self.words.is_empty()
            && (1..=SHORT).contains(&range.len())
            && let Some(eight) = eight.and_then(<[u8]>::first_chunk::<SHORT>)
        {
            let beyond = u32::try_from(SHORT - range.len()).unwrap_or_default() * u8::BITS;
            let word = u64::from_le_bytes(*eight) & (u64::MAX >> beyond);
            if word & NOT_ASCII == 0 {
                return self.english && is_short_stop_word(lower_case_of(word).to_le_bytes());
            }
        }
        self.contains(text.get(range).unwrap_or_default())
    }

    /// Whether `word` is one of them.
    #[inline]
    pub fn contains(&self, word: &str) -> bool {
        if self.words.is_empty() && word.len() <= SHORT {
            let mut bytes = [0; SHORT];
            for (to, from) in bytes.iter_mut().zip(word.bytes()) {
                *to = from.to_ascii_lowercase();
            }
            return self.english && (is_short_stop_word(bytes) || word.contains('’'));
        }
        if self.words.is_empty() && word.len() > LONGEST_STOP_WORD {
            return self.english && word.contains(['\'', '’']);
        }
        self.looks_up(word)
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

/// The highest bit of each of eight bytes: set where one is not ASCII.
const NOT_ASCII: u64 = 0x8080_8080_8080_8080;

/// Eight ASCII bytes with capitals made small, all at a time.
#[inline]
fn lower_case_of(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // The highest bit of a byte is set where it is `A` or above, and where it is above `Z`.
    let from_a = bytes + EACH * u64::from(0x80 - b'A');
    let above_z = bytes + EACH * u64::from(0x80 - b'Z' - 1);
    let capitals = (from_a & !above_z) & NOT_ASCII;
    bytes | (capitals >> 2)
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
    fn capitals_are_made_small_eight_at_a_time() {
        for byte in 0..128_u8 {
            let lower = lower_case_of(u64::from_le_bytes([byte; 8])).to_le_bytes();
            assert_eq!(lower, [byte.to_ascii_lowercase(); 8]);
        }
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

    #[test]
    fn every_word_of_the_list_is_found() {
        for word in STOP_WORDS {
            assert!(word.len() <= LONGEST_STOP_WORD, "{word}");
            assert_eq!(LONG.contains(&word), word.len() > SHORT, "{word}");
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
