//! The other forms of a word.

use super::super::wordnet::{LemmaId, PartOfSpeech, WordNet};
use super::{Inflection, Inflector};

/// What a form is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Its base form.
    pub lemma: LemmaId,
    /// Its part of speech.
    pub part_of_speech: PartOfSpeech,
}

impl Reading {
    /// The reading of a lower-case word in which it is most frequent; nothing where WordNet does not
    /// know the word. What stands around the word is not looked at.
    pub fn likeliest(wordnet: &WordNet, form: &str) -> Option<Self> {
        let readings = PartOfSpeech::ALL.into_iter().rev().filter_map(|part| {
            let lemma = wordnet.likeliest_base(form, part)?;
            Some((wordnet.tag_count(lemma, part), lemma, part))
        });
        // max_by_key keeps the last of equals: hence the reversal.
        let (_, lemma, part_of_speech) = readings.max_by_key(|(count, _, _)| *count)?;
        Some(Self {
            lemma,
            part_of_speech,
        })
    }
}

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
    /// Finds the forms of the lemma that `form` is one of, each once, of those inflections that `wanted`
    /// accepts.
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

    fn others(form: &str, wanted: impl Fn(Inflection) -> bool) -> Vec<String> {
        let wordnet = WordNet::english();
        let reading = Reading::likeliest(wordnet, form).unwrap();
        let mut forms = OtherForms::default();
        let lemma = wordnet.text(reading.lemma);
        forms.find(lemma, reading.part_of_speech, form, wanted);
        forms.iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_word_has_the_other_forms_of_its_lemma() {
        for (form, expected) in [
            ("dogs", &["dog"][..]),
            ("child", &["children"]),
            ("went", &["go", "goes", "gone", "going"]),
            ("said", &["say", "says", "saying"]),
            ("big", &["bigger", "biggest"]),
            ("better", &["good", "best"]),
            ("beautiful", &[]),
        ] {
            assert_eq!(others(form, |_| true), expected, "{form}");
        }
    }

    #[test]
    fn only_wanted_forms_are_found() {
        assert_eq!(others("went", |form| form == Inflection::Past), [""; 0]);
        assert_eq!(others("go", |form| form == Inflection::Past), ["went"]);
    }

    #[test]
    fn unknown_words_have_no_reading() {
        assert_eq!(Reading::likeliest(WordNet::english(), "qwertyuiop"), None);
        assert_eq!(Reading::likeliest(WordNet::english(), ""), None);
    }
}
