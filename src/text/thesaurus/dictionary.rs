//! What is learned of a word when it is met for the first time.

use super::super::inflection::{Inflection, Inflector};
use super::super::is_stop_word;
use super::super::part_of_speech::{Reading, Tag, Tagger};
use super::super::wordnet::{LemmaId, PartOfSpeech, WordNet};
use super::candidates::{Candidate, Finder};
use super::memo::Entry;
use super::memory::{List, Memory, Stored};
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

    /// Writes what there is to know of a lower-case form to `memory`.
    pub(super) fn learn(&self, form: &str, memory: &mut Memory) -> Entry {
        let mut entry = memory.entry();
        entry.familiarity = self.tagger.class(form);
        if is_stop_word(form) && !self.options.stop_words || !is_looked_up(form) {
            return entry;
        }
        let mut readings = Vec::new();
        self.tagger.readings(form, |reading| readings.push(reading));
        entry.is_name = self.is_name(form, &readings);
        let found: Vec<Stored> = readings
            .iter()
            .map(|reading| self.store(form, reading, &readings, memory))
            .collect();
        // A word of which no reading leads anywhere is done with at a glance.
        if found.iter().any(|stored| !stored.list.is_empty()) {
            entry = memory.keep(entry, &found);
        }
        entry
    }

    fn store(&self, form: &str, reading: &Reading, all: &[Reading], memory: &mut Memory) -> Stored {
        let candidates = self.candidates(reading, all);
        let list = self.inflect(form, reading.tag, reading.inflection, &candidates, memory);
        let participles = if reading.tag == Tag::PastOrParticiple {
            let inflection = Inflection::PastParticiple;
            self.inflect(form, reading.tag, inflection, &candidates, memory)
        } else {
            list
        };
        Stored {
            tag: reading.tag,
            evidence: self.tagger.evidence(form, reading),
            list,
            participles,
        }
    }

    /// The candidates for a reading, each once, none of them a lemma of the word itself.
    fn candidates(&self, reading: &Reading, all: &[Reading]) -> Vec<Candidate<'static>> {
        let finder = Finder {
            wordnet: self.wordnet,
            options: self.options,
        };
        let part_of_speech = reading.tag.part_of_speech();
        let mut candidates: Vec<Candidate<'static>> = Vec::new();
        finder.find(reading.lemma, part_of_speech, |candidate| {
            let known = candidates
                .iter()
                .any(|other| other.lemma == candidate.lemma);
            if !known && all.iter().all(|other| other.lemma != candidate.lemma) {
                candidates.push(candidate);
            }
        });
        candidates
    }

    /// Writes the candidates in a form to `memory`.
    fn inflect(
        &self,
        form: &str,
        tag: Tag,
        inflection: Inflection,
        candidates: &[Candidate<'_>],
        memory: &mut Memory,
    ) -> List {
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
        memory.list(&forms)
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
