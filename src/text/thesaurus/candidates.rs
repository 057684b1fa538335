//! The words that may stand for a lemma, by WordNet.

use super::super::is_stop_word;
use super::super::part_of_speech::Reading;
use super::super::wordnet::{LemmaId, Member, PartOfSpeech, Sense, SynsetId, WordNet};
use super::options::{Relation, ThesaurusOptions};
use super::usage;

/// So many times as frequent as a synonym may the word be that it stands for.
const RARITY: u32 = 10;
/// Tags from which on it is known what a word is.
const KNOWN: u32 = 10;
/// A candidate must have its sense, or its part of speech, in one use of so many.
const SIDELINE: u32 = 20;
/// Nouns less than so many steps from the top of WordNet mean hardly anything.
const SHALLOW: usize = 4;

/// A lemma that may stand for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) lemma: LemmaId,
    /// In its dictionary form.
    pub(super) spelling: &'a str,
    /// How likely it is drawn, in proportion to others. Over 0.
    pub(super) weight: u32,
}

/// Finds candidates for the lemmas of one word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finder {
    pub(super) wordnet: &'static WordNet,
    pub(super) options: ThesaurusOptions,
}

impl Finder {
    /// The candidates for a lemma, each once, none of them one of `without`.
    pub(super) fn find(
        self,
        lemma: LemmaId,
        part_of_speech: PartOfSpeech,
        without: &[Reading],
    ) -> Vec<Candidate<'static>> {
        let mut candidates: Vec<Candidate<'static>> = Vec::new();
        let senses = self
            .wordnet
            .senses(lemma, part_of_speech)
            .filter(|sense| !self.is_name(lemma, sense.synset))
            .take(self.options.max_senses);
        let frequency = self.wordnet.tag_count(lemma, part_of_speech);
        for sense in senses {
            self.related(lemma, sense, &mut |synset, member, weight| {
                let is_new = without.iter().all(|other| other.lemma != member.lemma)
                    && candidates.iter().all(|other| other.lemma != member.lemma);
                if is_new && self.is_wanted(synset, member, frequency) {
                    candidates.push(Candidate {
                        lemma: member.lemma,
                        spelling: self.wordnet.spelling(member),
                        weight,
                    });
                }
            });
        }
        candidates
    }

    /// Whether a lemma is spelled with capitals in this sense, or stands for one thing alone: then
    /// the word in small letters has another.
    pub(super) fn is_name(self, lemma: LemmaId, synset: SynsetId) -> bool {
        let mut members = self.wordnet.members(synset);
        self.wordnet.is_instance(synset)
            || members
                .find(|member| member.lemma == lemma)
                .is_some_and(|member| {
                    self.wordnet
                        .spelling(member)
                        .contains(|c: char| c.is_ascii_uppercase())
                })
    }

    /// The members of the synsets that the relation leads to, with weights: the tag count of the
    /// sense, and one.
    fn related(self, lemma: LemmaId, sense: Sense, add: &mut dyn FnMut(SynsetId, Member, u32)) {
        let wordnet = self.wordnet;
        let weight = sense.tag_count.saturating_add(1);
        let mut add_all = |synset, weight| {
            for member in wordnet.members(synset) {
                add(synset, member, weight);
            }
        };
        match self.options.relation {
            Relation::Synonym => {
                add_all(sense.synset, weight);
                if self.options.similar_to {
                    for similar in wordnet.similar_to(sense.synset) {
                        add_all(similar, weight.div_ceil(2));
                    }
                }
            }
            Relation::Hypernym => {
                for above in wordnet.hypernyms(sense.synset) {
                    if self.is_telling(above) {
                        add_all(above, weight);
                    }
                }
            }
            Relation::Hyponym => {
                for below in wordnet.hyponyms(sense.synset) {
                    if wordnet.is_instance(below) {
                        continue;
                    }
                    for member in wordnet.members(below) {
                        let tags = self.tags_in(member.lemma, below);
                        add(below, member, tags.saturating_add(1));
                    }
                }
            }
            Relation::Antonym => {
                self.opposites(lemma, sense.synset, weight, add);
            }
        }
    }

    /// The antonyms of a lemma; if it has none of its own, those of the adjectives that its synset
    /// hangs on.
    fn opposites(
        self,
        lemma: LemmaId,
        synset: SynsetId,
        weight: u32,
        add: &mut dyn FnMut(SynsetId, Member, u32),
    ) {
        let mut direct = false;
        for (opposite, member) in self.wordnet.antonyms(lemma, synset) {
            direct = true;
            add(opposite, member, weight);
        }
        if direct || !self.wordnet.is_satellite(synset) {
            return;
        }
        for head in self.wordnet.similar_to(synset) {
            for member in self.wordnet.members(head) {
                for (opposite, other) in self.wordnet.antonyms(member.lemma, head) {
                    add(opposite, other, weight);
                }
            }
        }
    }

    /// Whether a noun synset lies deep enough to tell anything; other parts of speech always do.
    fn is_telling(self, synset: SynsetId) -> bool {
        let mut at = synset;
        for _ in 0..SHALLOW {
            if self.wordnet.part_of_speech(synset) != PartOfSpeech::Noun {
                return true;
            }
            match self.wordnet.hypernyms(at).next() {
                Some(above) => at = above,
                None => return false,
            }
        }
        true
    }

    fn tags_in(self, lemma: LemmaId, synset: SynsetId) -> u32 {
        self.wordnet
            .senses(lemma, self.wordnet.part_of_speech(synset))
            .find(|sense| sense.synset == synset)
            .map_or(0, |sense| sense.tag_count)
    }

    /// Whether a member of a synset may stand for a word that is so frequent.
    fn is_wanted(self, synset: SynsetId, member: Member, frequency: u32) -> bool {
        let (wordnet, options, lemma) = (self.wordnet, self.options, member.lemma);
        let spelling = wordnet.spelling(member);
        let part_of_speech = wordnet.part_of_speech(synset);
        usage::is_plain(wordnet, lemma, synset, spelling)
            && (options.multi_word || !spelling.contains(' '))
            && (options.stop_words || !is_stop_word(spelling))
            && (options.offensive || !usage::is_rude(wordnet, lemma, part_of_speech, synset))
            && (options.archaic || !usage::is_archaic(wordnet, lemma, synset))
            && self.is_in_use(lemma, part_of_speech, synset, frequency)
    }

    /// Whether a word is used often enough as this part of speech and in this sense.
    fn is_in_use(
        self,
        lemma: LemmaId,
        part_of_speech: PartOfSpeech,
        synset: SynsetId,
        frequency: u32,
    ) -> bool {
        let [here, all] = self.wordnet.tag_counts(lemma, part_of_speech);
        let in_sense = self.tags_in(lemma, synset);
        let rare = self.options.relation == Relation::Synonym
            && here.saturating_add(1).saturating_mul(RARITY) < frequency;
        let other_part = all >= KNOWN && here.saturating_mul(SIDELINE) < all;
        let other_sense = here >= KNOWN && in_sense.saturating_mul(SIDELINE) < here;
        !rare && !other_part && !other_sense
    }
}
