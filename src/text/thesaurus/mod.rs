//! From a word of a text to another that may stand in its place.

mod context;
mod memo;

use super::inflection::{Inflection, Inflector};
use super::wordnet::{LemmaId, PartOfSpeech, WordNet};
use super::{Case, is_stop_word};
use crate::random::Random;

use context::Before;
use memo::Memo;

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 64;

/// Finds synonyms of words as they stand in a text, in an embedded [`WordNet`].
///
/// The word is lower-cased, stop words are refused, and `morphy` finds its lemma for each part of
/// speech. The word before it rules some of them out; of the others the one counts in which the
/// lemma was tagged most often in WordNet's corpora. Synonyms come from the first `max_senses`
/// senses of the lemma, that is the most frequent ones, and take the form of the word: plural for
/// plural, past for past. Names, multi-word lemmas and abbreviations are left out.
#[derive(Debug)]
pub struct Thesaurus {
    dictionary: Dictionary,
    memo: Memo,
}

impl Thesaurus {
    /// The synonyms of English, from the first `max_senses` senses of a word.
    pub fn english(max_senses: usize) -> Self {
        let wordnet = WordNet::english();
        let dictionary = Dictionary {
            wordnet,
            inflector: Inflector::english(),
            max_senses,
        };
        Self {
            dictionary,
            memo: Memo::new(),
        }
    }

    /// Draws a synonym of `word`, which `before` precedes in its sentence, and appends it in lower
    /// case to `into`. Answers whether there was one; if not, `into` is as it was.
    pub fn draw(
        &mut self,
        word: &str,
        before: Option<&str>,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let drawn = self.draw_form(word, before, random);
        into.push_str(drawn.unwrap_or_default());
        drawn.is_some()
    }

    /// [`Thesaurus::draw`], with the capitals of `word`.
    pub fn draw_like(
        &mut self,
        word: &str,
        before: Option<&str>,
        random: &mut Random,
        into: &mut String,
    ) -> bool {
        let drawn = self.draw_form(word, before, random);
        if let Some(drawn) = drawn {
            Case::of(word).append(drawn, into);
        }
        drawn.is_some()
    }

    fn draw_form(&mut self, word: &str, before: Option<&str>, random: &mut Random) -> Option<&str> {
        let mut buffer = [0; LONGEST];
        let form = lower_case(word, &mut buffer)?;
        let before = Before::of(before);
        let dictionary = &self.dictionary;
        let candidates = self
            .memo
            .candidates(form, before, |add| dictionary.find(form, before, add));
        candidates.get(random.below(candidates.len()))
    }
}

/// What the memo asks for words that it has not met.
#[derive(Debug, Clone, Copy)]
struct Dictionary {
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

impl Dictionary {
    /// Hands all synonyms of a lower-case word to `add`, in the form of the word.
    fn find(&self, form: &str, before: Before, add: &mut dyn FnMut(&str)) {
        if is_stop_word(form) {
            return;
        }
        let Some(entry) = self.entry(form, before) else {
            return;
        };
        let mut inflected = String::new();
        for synonym in self
            .wordnet
            .synonyms(entry.lemma, entry.part_of_speech, self.max_senses)
        {
            let spelling = self.wordnet.spelling(synonym.member);
            inflected.clear();
            if is_plain_word(spelling)
                && self.inflector.inflect(
                    spelling,
                    entry.part_of_speech,
                    entry.inflection,
                    &mut inflected,
                )
                && inflected != form
            {
                add(&inflected);
            }
        }
    }

    /// The likeliest reading of a lower-case word.
    fn entry(&self, form: &str, before: Before) -> Option<Entry> {
        let mut best: Option<(u32, PartOfSpeech, LemmaId)> = None;
        for part_of_speech in PartOfSpeech::ALL {
            let is_verb = part_of_speech == PartOfSpeech::Verb;
            if is_verb && before == Before::Determiner {
                continue;
            }
            if let Some(lemma) = self.wordnet.likeliest_base(form, part_of_speech) {
                let expected = is_verb && before == Before::VerbMarker;
                let bonus = if expected { 1_000_000 } else { 0 };
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
            Inflection::Past if before == Before::Auxiliary => Inflection::PastParticiple,
            other => other,
        };
        Some(Entry {
            lemma,
            part_of_speech,
            inflection,
        })
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
        let mut thesaurus = Thesaurus::english(2);
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
