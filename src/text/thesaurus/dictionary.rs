//! What is learned of a word when it is met for the first time.

use super::super::inflection::{Inflection, Inflector};
use super::super::is_stop_word;
use super::super::part_of_speech::{Reading, Tag, Tagger};
use super::super::wordnet::{LemmaId, PartOfSpeech, WordNet};
use super::candidates::{Candidate, Finder};
use super::memo::Entry;
use super::memory::{Candidates, Found, Memory};
use super::options::ThesaurusOptions;

/// Looks words up in WordNet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dictionary {
    wordnet: &'static WordNet,
    inflector: &'static Inflector,
    pub(super) tagger: Tagger,
    options: ThesaurusOptions,
}

impl Dictionary {
    pub(super) fn english(options: ThesaurusOptions) -> Self {
        Self {
            wordnet: WordNet::english(),
            inflector: Inflector::english(),
            tagger: Tagger::english(),
            options,
        }
    }

    /// What a lower-case form is to its neighbours, and nothing else.
    pub(super) fn meet(&self, form: &str, memory: &Memory) -> Entry {
        Entry {
            familiarity: self.tagger.class(form),
            readings: Entry::NOT_LOOKED_UP,
            ..memory.entry()
        }
    }

    /// Writes what there is to know of a lower-case form to `memory`.
    pub(super) fn learn(&self, form: &str, memory: &mut Memory) -> Entry {
        let mut readings = Vec::new();
        self.tagger.readings(form, |reading| readings.push(reading));
        let mut entry = memory.entry();
        entry.familiarity = self.tagger.class_among(form, &readings);
        if is_stop_word(form) && !self.options.stop_words || !is_looked_up(form) {
            return entry;
        }
        entry.is_name = self.is_name(form, &readings);
        let found: Vec<Found> = readings
            .iter()
            .map(|reading| self.find(form, reading, &readings))
            .collect();
        // A word of which no reading leads anywhere is done with at a glance.
        if found.iter().any(|found| !found.candidates.is_empty()) {
            entry = memory.keep(entry, &found);
        }
        entry
    }

    fn find(&self, form: &str, reading: &Reading, all: &[Reading]) -> Found {
        let candidates = self.candidates(reading, all);
        let inflected = |inflection| self.inflect(form, reading.tag, inflection, &candidates);
        Found {
            tag: reading.tag,
            evidence: self.tagger.evidence(form, reading),
            candidates: inflected(reading.inflection),
            participles: (reading.tag == Tag::PastOrParticiple)
                .then(|| inflected(Inflection::PastParticiple)),
        }
    }

    /// The candidates for a reading, each once, none of them a lemma of the word itself.
    fn candidates(&self, reading: &Reading, all: &[Reading]) -> Vec<Candidate<'static>> {
        let finder = Finder {
            wordnet: self.wordnet,
            options: self.options,
        };
        finder.find(reading.lemma, reading.tag.part_of_speech(), all)
    }

    /// The candidates in a form.
    fn inflect(
        &self,
        form: &str,
        tag: Tag,
        inflection: Inflection,
        candidates: &[Candidate<'_>],
    ) -> Candidates {
        let part_of_speech = tag.part_of_speech();
        let mut forms = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let mut inflected = String::new();
            let exists = self.inflector.inflect_phrase(
                candidate.spelling,
                part_of_speech,
                inflection,
                &mut inflected,
            );
            if exists && inflected != form {
                forms.push((inflected, candidate.weight));
            }
        }
        forms
    }

    /// Whether most of what WordNet's corpora have of a word is names: then a capital at the start
    /// of a sentence is one.
    fn is_name(&self, form: &str, readings: &[Reading]) -> bool {
        let finder = Finder {
            wordnet: self.wordnet,
            options: self.options,
        };
        let (mut names, mut others) = (0, 0);
        let mut seen: Vec<(LemmaId, PartOfSpeech)> = Vec::new();
        for reading in readings {
            let key = (reading.lemma, reading.tag.part_of_speech());
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            for sense in self.wordnet.senses(key.0, key.1) {
                let is_name =
                    self.wordnet.text(key.0) == form && finder.is_name(key.0, sense.synset);
                *(if is_name { &mut names } else { &mut others }) += u64::from(sense.tag_count) + 1;
            }
        }
        names > others
    }
}

/// Whether a form has letters, hyphens and apostrophes only.
fn is_looked_up(form: &str) -> bool {
    form.bytes()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'\''))
}
