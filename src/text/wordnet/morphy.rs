//! Base forms of inflected words, by the rules of WordNet's `morphy` as NLTK applies them.
//!
//! The form itself comes first. If the exception list knows it, its listed bases follow; if not,
//! what one detachment rule makes of it. Only lemmas of the part of speech are kept, each once.
//! Reference: morphy(7WN), and `WordNetCorpusReader._morphy` of NLTK 3.9.

use super::validation::LONGEST_TEXT;
use super::{LemmaId, PartOfSpeech, WordNet};

/// An exception may have as many bases.
pub(super) const MOST_BASES: usize = 7;

/// No more base forms than this come from one form: itself and its listed bases; no form meets
/// more than four rules.
const MOST_BASE_FORMS: usize = MOST_BASES + 1;

/// An ending that is detached and the one that takes its place.
type Rule = (&'static str, &'static str);

const NOUN_RULES: &[Rule] = &[
    ("s", ""),
    ("ses", "s"),
    ("ves", "f"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
];
const VERB_RULES: &[Rule] = &[
    ("s", ""),
    ("ies", "y"),
    ("es", "e"),
    ("es", ""),
    ("ed", "e"),
    ("ed", ""),
    ("ing", "e"),
    ("ing", ""),
];
const ADJECTIVE_RULES: &[Rule] = &[("er", ""), ("est", ""), ("er", "e"), ("est", "e")];
const RULES: [&[Rule]; 4] = [NOUN_RULES, VERB_RULES, ADJECTIVE_RULES, &[]];

/// The lemmas that a form may be an inflection of, the likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseForms {
    lemmas: [LemmaId; MOST_BASE_FORMS],
    count: usize,
}

impl BaseForms {
    /// The likeliest lemma: the form itself if it is one.
    #[inline]
    pub fn first(&self) -> Option<LemmaId> {
        self.as_slice().first().copied()
    }

    /// All lemmas.
    #[inline]
    pub fn as_slice(&self) -> &[LemmaId] {
        &self.lemmas[..self.count]
    }

    fn add(&mut self, lemma: LemmaId) {
        if self.count < MOST_BASE_FORMS && !self.as_slice().contains(&lemma) {
            self.lemmas[self.count] = lemma;
            self.count += 1;
        }
    }
}

impl WordNet {
    /// The lemmas of that part of speech that `form`, which must be lower-case, may be an
    /// inflection of. Without allocation.
    pub fn morphy(&self, form: &str, part_of_speech: PartOfSpeech) -> BaseForms {
        let mut found = BaseForms::default();
        self.add_if_lemma(form.as_bytes(), part_of_speech, &mut found);
        let exceptions = &self.tables.exceptions[part_of_speech as usize];
        let index = &self.exception_indexes[part_of_speech as usize];
        if let Some(number) = index.find(&exceptions.forms, form.as_bytes()) {
            for &base in exceptions.bases.get(number) {
                let lemma = LemmaId(base);
                if self.parts_of_speech(lemma).contains(part_of_speech) {
                    found.add(lemma);
                }
            }
        } else {
            self.detach(form, part_of_speech, &mut found);
        }
        found
    }

    fn detach(&self, form: &str, part_of_speech: PartOfSpeech, found: &mut BaseForms) {
        let mut buffer = [0u8; LONGEST_TEXT];
        for (ending, replacement) in RULES[part_of_speech as usize] {
            let Some(stem) = form.strip_suffix(ending) else {
                continue;
            };
            let length = stem.len() + replacement.len();
            // What does not fit is longer than any lemma.
            let Some(base) = buffer.get_mut(..length) else {
                continue;
            };
            base[..stem.len()].copy_from_slice(stem.as_bytes());
            base[stem.len()..].copy_from_slice(replacement.as_bytes());
            self.add_if_lemma(base, part_of_speech, found);
        }
    }

    #[inline]
    fn add_if_lemma(&self, form: &[u8], part_of_speech: PartOfSpeech, found: &mut BaseForms) {
        if let Some(lemma) = self.lemma_of_bytes(form)
            && self.parts_of_speech(lemma).contains(part_of_speech)
        {
            found.add(lemma);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bases(form: &str, part_of_speech: PartOfSpeech) -> Vec<&'static str> {
        let wordnet = WordNet::english();
        let found = wordnet.morphy(form, part_of_speech);
        found
            .as_slice()
            .iter()
            .map(|&lemma| wordnet.text(lemma))
            .collect()
    }

    #[test]
    fn exceptions_come_before_rules() {
        assert_eq!(bases("children", PartOfSpeech::Noun), ["child"]);
        assert_eq!(bases("went", PartOfSpeech::Verb), ["go"]);
        assert_eq!(
            bases("better", PartOfSpeech::Adjective),
            ["better", "good", "well"]
        );
        assert_eq!(bases("stopped", PartOfSpeech::Verb), ["stop"]);
        assert_eq!(bases("planned", PartOfSpeech::Verb), ["plan"]);
    }

    #[test]
    fn doubled_consonants_of_the_stem_stay() {
        for (form, base) in [
            ("passed", "pass"),
            ("kissing", "kiss"),
            ("added", "add"),
            ("calling", "call"),
            ("filled", "fill"),
        ] {
            assert_eq!(bases(form, PartOfSpeech::Verb), [base]);
        }
        assert_eq!(bases("taller", PartOfSpeech::Adjective), ["tall"]);
    }

    #[test]
    fn only_lemmas_of_the_part_of_speech_count() {
        assert_eq!(bases("quickly", PartOfSpeech::Noun), [""; 0]);
        assert_eq!(bases("dogs", PartOfSpeech::Adjective), [""; 0]);
        assert_eq!(bases("dogs", PartOfSpeech::Verb), ["dog"]);
        assert_eq!(bases("", PartOfSpeech::Noun), [""; 0]);
    }

    #[test]
    fn phrases_take_spaces_or_underscores() {
        assert_eq!(bases("ice creams", PartOfSpeech::Noun), ["ice cream"]);
        assert_eq!(bases("ice_creams", PartOfSpeech::Noun), ["ice cream"]);
    }

    proptest! {
        #[test]
        fn any_text_is_safe(form in ".*", tail in "(s|ses|ing|ed|er|est|ies|men)?", times in 0usize..60) {
            let form = form.repeat(times.min(3)) + &"ab".repeat(times) + &tail;
            for part in PartOfSpeech::ALL {
                for &lemma in WordNet::english().morphy(&form, part).as_slice() {
                    prop_assert!(WordNet::english().parts_of_speech(lemma).contains(part));
                }
            }
        }
    }
}
