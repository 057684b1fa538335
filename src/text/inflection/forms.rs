//! The other forms of a word.

use super::super::wordnet::PartOfSpeech;
use super::{Inflection, Inflector};

/// The inflections that words of a part of speech may have.
pub fn inflections(part_of_speech: PartOfSpeech) -> &'static [Inflection] {
    match part_of_speech {
        PartOfSpeech::Noun => &[Inflection::Base, Inflection::Plural],
        PartOfSpeech::Verb => &[
            Inflection::Base,
            Inflection::ThirdPerson,
            Inflection::Past,
            Inflection::PastParticiple,
            Inflection::PresentParticiple,
        ],
        PartOfSpeech::Adjective | PartOfSpeech::Adverb => &[
            Inflection::Base,
            Inflection::Comparative,
            Inflection::Superlative,
        ],
    }
}

/// The forms of one word other than itself; keeps its memory from word to word.
#[derive(Debug, Default)]
pub struct OtherForms {
    store: String,
    /// Where in `store` each form ends.
    ends: Vec<usize>,
}

impl OtherForms {
    /// Finds the forms of the lemma that `form` is one of, each once, of those inflections that
    /// `wanted` accepts.
    pub fn find(
        &mut self,
        lemma: &str,
        part_of_speech: PartOfSpeech,
        form: &str,
        wanted: impl Fn(Inflection) -> bool,
    ) {
        self.store.clear();
        self.ends.clear();
        let inflector = Inflector::english();
        let inflections = inflections(part_of_speech).iter().copied();
        for inflection in inflections.filter(|inflection| wanted(*inflection)) {
            let start = self.store.len();
            if !inflector.inflect(lemma, part_of_speech, inflection, &mut self.store) {
                continue;
            }
            let new = self.store.get(start..).unwrap_or_default();
            if new == form || self.iter().any(|known| known == new) {
                self.store.truncate(start);
            } else {
                self.ends.push(self.store.len());
            }
        }
    }

    /// The forms found.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|index| self.get(index))
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One of the forms found.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        self.store.get(start.copied().unwrap_or_default()..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(
        lemma: &str,
        part_of_speech: PartOfSpeech,
        form: &str,
        wanted: impl Fn(Inflection) -> bool,
    ) -> Vec<String> {
        let mut forms = OtherForms::default();
        forms.find(lemma, part_of_speech, form, wanted);
        forms.iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_word_has_the_other_forms_of_its_lemma() {
        for (lemma, part_of_speech, form, expected) in [
            ("dog", PartOfSpeech::Noun, "dogs", &["dog"][..]),
            ("child", PartOfSpeech::Noun, "child", &["children"]),
            ("run", PartOfSpeech::Noun, "run", &["runs"]),
            (
                "run",
                PartOfSpeech::Verb,
                "run",
                &["runs", "ran", "running"],
            ),
            (
                "go",
                PartOfSpeech::Verb,
                "went",
                &["go", "goes", "gone", "going"],
            ),
            (
                "say",
                PartOfSpeech::Verb,
                "said",
                &["say", "says", "saying"],
            ),
            (
                "big",
                PartOfSpeech::Adjective,
                "big",
                &["bigger", "biggest"],
            ),
            ("good", PartOfSpeech::Adjective, "better", &["good", "best"]),
            ("beautiful", PartOfSpeech::Adjective, "beautiful", &[]),
        ] {
            assert_eq!(
                others(lemma, part_of_speech, form, |_| true),
                expected,
                "{form}"
            );
        }
    }

    #[test]
    fn only_wanted_forms_are_found() {
        let past = |form| {
            others("go", PartOfSpeech::Verb, form, |form| {
                form == Inflection::Past
            })
        };
        assert_eq!(past("went"), [""; 0]);
        assert_eq!(past("go"), ["went"]);
    }
}
