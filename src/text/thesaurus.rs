//! From a word of a text to another that may stand in its place.

use super::wordnet::{LemmaId, PartOfSpeech, Synonym, WordNet};
use super::{Case, is_stop_word};
use crate::random::Random;

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 64;

/// Finds synonyms of words as they stand in a text, in an embedded [`WordNet`].
///
/// The word is lower-cased, stop words are refused, and each part of speech is asked for the lemma
/// (`morphy`). The part of speech is the one in which WordNet's sense-tagged corpora saw the lemma
/// most. Synonyms come from its first `max_senses` senses, that is the most frequent ones. Names,
/// multi-word lemmas and abbreviations are left out.
#[derive(Debug, Clone, Copy)]
pub struct Thesaurus {
    wordnet: &'static WordNet,
    max_senses: usize,
}

/// A word as its dictionary knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    lemma: LemmaId,
    part_of_speech: PartOfSpeech,
}

impl Thesaurus {
    /// The synonyms of English, from the first `max_senses` senses of a word.
    pub fn english(max_senses: usize) -> Self {
        Self {
            wordnet: WordNet::english(),
            max_senses,
        }
    }

    /// Draws a synonym of `word` and appends it to `into`, in its dictionary form and lower case
    /// unless `keep_case`, which gives it the capitals of `word`. Answers whether there was one.
    pub fn draw(
        &self,
        word: &str,
        keep_case: bool,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let mut buffer = [0; LONGEST];
        let Some(lower) = lower_case(word, &mut buffer) else {
            return false;
        };
        if is_stop_word(lower) {
            return false;
        }
        let Some(entry) = self.entry(lower) else {
            return false;
        };
        let count = self.candidates(entry).count();
        if count == 0 {
            return false;
        }
        let Some(drawn) = self.candidates(entry).nth(random.below(count)) else {
            return false;
        };
        let case = if keep_case {
            Case::of(word)
        } else {
            Case::Lower
        };
        case.append(self.wordnet.spelling(drawn.member), into);
        true
    }

    /// The likeliest reading of a lower-case word.
    fn entry(&self, form: &str) -> Option<Entry> {
        let lemma = self.wordnet.lemma(form)?;
        let part_of_speech = self.wordnet.dominant_part_of_speech(lemma)?;
        Some(Entry {
            lemma,
            part_of_speech,
        })
    }

    fn candidates(&self, entry: Entry) -> impl Iterator<Item = Synonym> {
        self.wordnet
            .synonyms(entry.lemma, entry.part_of_speech, self.max_senses)
            .filter(|synonym| is_plain_word(self.wordnet.spelling(synonym.member)))
    }
}

/// Whether a spelling is a single word in lower case, of more than one letter.
fn is_plain_word(spelling: &str) -> bool {
    spelling.len() > 1
        && spelling
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// `word` in lower case, if it is a short word of ASCII letters, hyphens and apostrophes.
fn lower_case<'a>(word: &str, buffer: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    let lower = buffer.get_mut(..word.len())?;
    for (to, from) in lower.iter_mut().zip(word.bytes()) {
        if !(from.is_ascii_alphabetic() || matches!(from, b'-' | b'\'')) {
            return None;
        }
        *to = from.to_ascii_lowercase();
    }
    std::str::from_utf8(lower).ok()
}
