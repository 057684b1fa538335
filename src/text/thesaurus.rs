//! From a word of a text to another that may stand in its place.

use super::inflection::{Inflection, Inflector};
use super::wordnet::{LemmaId, PartOfSpeech, Synonym, WordNet};
use super::{Case, is_stop_word};
use crate::random::Random;

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 64;

/// After these a word is not a verb.
const DETERMINERS: [&str; 22] = [
    "a", "an", "another", "any", "each", "every", "her", "his", "its", "my", "no", "our", "some",
    "that", "the", "their", "these", "this", "those", "very", "whose", "your",
];

/// After these a word that can be a verb is one.
const VERB_MARKERS: [&str; 16] = [
    "can", "cannot", "could", "did", "do", "does", "don't", "may", "might", "must", "shall",
    "should", "to", "will", "won't", "would",
];

/// After these a past form is a participle.
const AUXILIARIES: [&str; 15] = [
    "am", "are", "be", "been", "being", "get", "got", "had", "has", "have", "having", "is", "was",
    "we've", "were",
];

/// Finds synonyms of words as they stand in a text, in an embedded [`WordNet`].
///
/// The word is lower-cased, stop words are refused, and `morphy` finds its lemma for each part of
/// speech. The word before it rules some of them out; of the others the one counts in which the
/// lemma was tagged most often in WordNet's corpora. Synonyms come from the first `max_senses`
/// senses of the lemma, that is the most frequent ones, and take the form of the word: plural for
/// plural, past for past. Names, multi-word lemmas and abbreviations are left out.
#[derive(Debug, Clone, Copy)]
pub struct Thesaurus {
    wordnet: &'static WordNet,
    inflector: &'static Inflector,
    max_senses: usize,
}

/// A word as its dictionary knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    lemma: LemmaId,
    part_of_speech: PartOfSpeech,
    inflection: Inflection,
}

impl Thesaurus {
    /// The synonyms of English, from the first `max_senses` senses of a word.
    pub fn english(max_senses: usize) -> Self {
        Self {
            wordnet: WordNet::english(),
            inflector: Inflector::english(),
            max_senses,
        }
    }

    /// Draws a synonym of `word`, which `before` precedes in its sentence, and appends it in lower
    /// case to `into`. Answers whether there was one; if not, `into` is as it was.
    pub fn draw(
        &self,
        word: &str,
        before: Option<&str>,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let mut buffer = [0; LONGEST];
        let Some(form) = lower_case(word, &mut buffer) else {
            return false;
        };
        if is_stop_word(form) {
            return false;
        }
        let mut buffer = [0; LONGEST];
        let before = before.and_then(|before| lower_case(before, &mut buffer));
        let Some(entry) = self.entry(form, before) else {
            return false;
        };
        let count = self.candidates(entry).count();
        let Some(drawn) = self.candidates(entry).nth(random.below(count)) else {
            return false;
        };
        let length = into.len();
        let spelling = self.wordnet.spelling(drawn.member);
        let inflected =
            self.inflector
                .inflect(spelling, entry.part_of_speech, entry.inflection, into);
        let different = into.get(length..).is_some_and(|new| new != form);
        if !inflected || !different {
            into.truncate(length);
        }
        inflected && different
    }

    /// [`Thesaurus::draw`], with the capitals of `word`.
    pub fn draw_like(
        &self,
        word: &str,
        before: Option<&str>,
        random: &mut Random,
        scratch: &mut String,
        into: &mut String,
    ) -> bool {
        scratch.clear();
        let found = self.draw(word, before, random, scratch);
        if found {
            Case::of(word).append(scratch, into);
        }
        found
    }

    /// The likeliest reading of a lower-case word.
    fn entry(&self, form: &str, before: Option<&str>) -> Option<Entry> {
        let is_in = |list: &[&str]| before.is_some_and(|before| list.contains(&before));
        let (no_verb, verb) = (is_in(&DETERMINERS), is_in(&VERB_MARKERS));
        let mut best: Option<(u32, PartOfSpeech, LemmaId)> = None;
        for part_of_speech in PartOfSpeech::ALL {
            let is_verb = part_of_speech == PartOfSpeech::Verb;
            if is_verb && no_verb {
                continue;
            }
            if let Some(lemma) = self.wordnet.likeliest_base(form, part_of_speech) {
                let bonus = if is_verb && verb { 1_000_000 } else { 0 };
                let evidence = self
                    .wordnet
                    .tag_count(lemma, part_of_speech)
                    .saturating_add(bonus);
                if best.is_none_or(|(most, _, _)| evidence > most) {
                    best = Some((evidence, part_of_speech, lemma));
                }
            }
        }
        let (_, part_of_speech, lemma) = best?;
        let found = self
            .inflector
            .detect(form, self.wordnet.text(lemma), part_of_speech)?;
        let inflection = match found {
            Inflection::Past if is_in(&AUXILIARIES) => Inflection::PastParticiple,
            other => other,
        };
        Some(Entry {
            lemma,
            part_of_speech,
            inflection,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Thesaurus;
    use crate::random::Random;

    /// What may be drawn for `word` after `before`, over many draws.
    fn drawn(before: Option<&str>, word: &str) -> BTreeSet<String> {
        let thesaurus = Thesaurus::english(2);
        (0..200)
            .filter_map(|key| {
                let mut new = String::new();
                let mut random = Random::from_key(key);
                thesaurus
                    .draw(word, before, &mut random, &mut new)
                    .then_some(new)
            })
            .collect()
    }

    #[test]
    fn synonyms_take_the_form_of_the_word() {
        assert!(drawn(None, "movies").contains("films"));
        assert!(drawn(None, "bought").contains("purchased"));
        assert!(drawn(None, "Buying").contains("purchasing"));
        assert!(drawn(Some("has"), "started").contains("begun"));
        assert!(drawn(Some("he"), "started").contains("began"));
    }

    #[test]
    fn the_word_before_decides_between_noun_and_verb() {
        // To help is to aid or assist; the help is the aid or assistance.
        assert!(drawn(Some("the"), "help").contains("assistance"));
        assert!(!drawn(Some("to"), "help").contains("assistance"));
        assert!(drawn(Some("to"), "help").contains("assist"));
    }

    #[test]
    fn stop_words_names_numbers_and_other_scripts_have_none() {
        for word in ["the", "don't", "Paris", "42", "東京", "naïve", "", "zzzz"] {
            assert!(drawn(None, word).is_empty(), "{word}");
        }
    }

    #[test]
    fn no_synonym_is_the_word_itself_a_name_or_several_words() {
        for word in ["dog", "big", "run", "quickly", "house", "said"] {
            for synonym in drawn(None, word) {
                assert_ne!(synonym, word);
                assert!(
                    synonym.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                    "{synonym}"
                );
            }
        }
    }
}
