//! From words to their senses and back: senses of a lemma, members of a synset, synonyms.

use super::tables::{INSTANCE, SATELLITE};
use super::{LemmaId, PartOfSpeech, SynsetId, WordNet};

/// One meaning of a lemma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sense {
    /// The meaning.
    pub synset: SynsetId,
    /// How often the lemma was tagged with this meaning in WordNet's corpora; 0 for most.
    pub tag_count: u32,
}

/// One word of a synset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The lemma that the word is listed under.
    pub lemma: LemmaId,
    /// The number of its text, as spelled in this synset.
    pub(super) text: u32,
}

/// A word that means the same, as found by [`WordNet::synonyms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synonym {
    /// The word.
    pub member: Member,
    /// The sense that both words share.
    pub sense: Sense,
}

impl WordNet {
    /// The senses of a lemma in one part of speech, most frequent first.
    #[inline]
    pub fn senses(
        &self,
        lemma: LemmaId,
        part_of_speech: PartOfSpeech,
    ) -> impl ExactSizeIterator<Item = Sense> + Clone {
        let (synsets, tag_counts) = self.sense_columns(lemma, part_of_speech);
        let senses = synsets.iter().zip(tag_counts);
        senses.map(|(&synset, &tag_count)| Sense {
            synset: SynsetId(synset),
            tag_count,
        })
    }

    /// How often the lemma was tagged as this part of speech in WordNet's corpora.
    pub fn tag_count(&self, lemma: LemmaId, part_of_speech: PartOfSpeech) -> u32 {
        let (_, tag_counts) = self.sense_columns(lemma, part_of_speech);
        tag_counts
            .iter()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// How often the lemma was tagged as this part of speech in WordNet's corpora, and as any.
    pub fn tag_counts(&self, lemma: LemmaId, part_of_speech: PartOfSpeech) -> [u32; 2] {
        let all = self.tables.senses.range(lemma.0);
        let all = self.tables.tag_counts.get(all).unwrap_or(&[]);
        let sum = all
            .iter()
            .fold(0, |sum: u32, count| sum.saturating_add(*count));
        [self.tag_count(lemma, part_of_speech), sum]
    }

    /// The part of speech that the lemma was tagged as most often; of equals the one with more
    /// senses; of these the first in the order noun, verb, adjective, adverb. None only for an
    /// identifier that is not of this WordNet.
    pub fn dominant_part_of_speech(&self, lemma: LemmaId) -> Option<PartOfSpeech> {
        let evidence = |part| (self.tag_count(lemma, part), self.senses(lemma, part).len());
        // max_by_key keeps the last of equals: hence the reversal.
        let parts = PartOfSpeech::ALL.into_iter().rev();
        let parts = parts.filter(|&part| self.parts_of_speech(lemma).contains(part));
        parts.max_by_key(|&part| evidence(part))
    }

    /// The synsets and tag counts of a lemma's senses in one part of speech.
    #[inline]
    fn sense_columns(&self, lemma: LemmaId, part_of_speech: PartOfSpeech) -> (&[u32], &[u32]) {
        let range = self.tables.senses.range(lemma.0);
        let all = self
            .tables
            .senses
            .values()
            .get(range.clone())
            .unwrap_or(&[]);
        // Synsets are numbered by part of speech, and senses grouped by it.
        let [start, end] = self.synset_bounds(part_of_speech);
        let first = all.partition_point(|&synset| synset < start);
        let last = first + all[first..].partition_point(|&synset| synset < end);
        let tag_counts = self.tables.tag_counts.get(range).unwrap_or(&[]);
        (
            &all[first..last],
            tag_counts.get(first..last).unwrap_or(&[]),
        )
    }

    /// All synsets: nouns, verbs, adjectives, adverbs.
    pub fn synsets(&self) -> impl ExactSizeIterator<Item = SynsetId> + use<> {
        (0..self.tables.members.count()).map(SynsetId)
    }

    /// The first synset of a part of speech and the first after it.
    #[inline]
    fn synset_bounds(&self, part_of_speech: PartOfSpeech) -> [u32; 2] {
        let (before, rest) = self.tables.synset_counts.split_at(part_of_speech as usize);
        // The sum of all counts is known to fit.
        let start = before.iter().sum();
        [start, start + rest[0]]
    }

    /// The part of speech of a synset's words.
    pub fn part_of_speech(&self, synset: SynsetId) -> PartOfSpeech {
        let beyond = |&part: &PartOfSpeech| synset.0 >= self.synset_bounds(part)[1];
        PartOfSpeech::ALL
            .into_iter()
            .find(|part| !beyond(part))
            .unwrap_or(PartOfSpeech::Adverb)
    }

    /// Whether this is an adjective synset that hangs on a head synset of similar meaning.
    pub fn is_satellite(&self, synset: SynsetId) -> bool {
        self.flags(synset) & SATELLITE != 0
    }

    /// Whether this is a certain person, place, event and so on, rather than a class of them.
    pub fn is_instance(&self, synset: SynsetId) -> bool {
        self.flags(synset) & INSTANCE != 0
    }

    fn flags(&self, synset: SynsetId) -> u32 {
        self.tables
            .synset_flags
            .get(synset.0 as usize)
            .copied()
            .unwrap_or(0)
    }

    /// The number of the lexicographer file the synset is in: its topic, such as 5 for animals.
    /// The names are in lexnames(5WN).
    pub fn lexicographer_file(&self, synset: SynsetId) -> u32 {
        self.tables
            .lexicographer_files
            .get(synset.0 as usize)
            .copied()
            .unwrap_or(0)
    }

    /// The words of a synset in WordNet's order.
    #[inline]
    pub fn members(
        &self,
        synset: SynsetId,
    ) -> impl DoubleEndedIterator<Item = Member> + ExactSizeIterator + Clone {
        self.tables
            .members
            .get(synset.0)
            .iter()
            .map(|&text| self.member(text))
    }

    #[inline]
    pub(super) fn member(&self, text: u32) -> Member {
        let lemma = match text.checked_sub(self.tables.lemma_count) {
            None => text,
            Some(spelling) => self
                .tables
                .spelling_lemmas
                .get(spelling as usize)
                .copied()
                .unwrap_or(0),
        };
        Member {
            lemma: LemmaId(lemma),
            text,
        }
    }

    /// A member as its synset spells it, "Paris" or "ice cream".
    #[inline]
    pub fn spelling(&self, member: Member) -> &str {
        self.tables.texts.get(member.text)
    }

    /// The words that share one of the first `max_senses` senses of a lemma: sense by sense, within
    /// a sense in WordNet's order. Each lemma comes once, the one asked for never.
    #[inline]
    pub fn synonyms(
        &self,
        lemma: LemmaId,
        part_of_speech: PartOfSpeech,
        max_senses: usize,
    ) -> Synonyms<'_> {
        let (synsets, tag_counts) = self.sense_columns(lemma, part_of_speech);
        let count = synsets.len().min(max_senses);
        Synonyms {
            wordnet: self,
            lemma,
            synsets: &synsets[..count],
            tag_counts: tag_counts.get(..count).unwrap_or(&[]),
            sense: 0,
            member: 0,
        }
    }
}

/// The iterator of [`WordNet::synonyms`].
///
/// To leave out repeated lemmas it looks back over the members already passed: nothing for a few
/// senses, and cheaper than a set even for "break" with all its 75.
#[derive(Debug, Clone)]
pub struct Synonyms<'a> {
    wordnet: &'a WordNet,
    lemma: LemmaId,
    synsets: &'a [u32],
    tag_counts: &'a [u32],
    sense: usize,
    member: usize,
}

impl Synonyms<'_> {
    /// Whether the lemma came before place `member` of sense `sense`.
    fn seen(&self, lemma: LemmaId, sense: usize, member: usize) -> bool {
        let members = |&synset: &u32| self.wordnet.members(SynsetId(synset));
        let mut before = self.synsets[..sense].iter().flat_map(members);
        let mut beside = members(&self.synsets[sense]).take(member);
        lemma == self.lemma
            || beside.any(|other| other.lemma == lemma)
            || before.any(|other| other.lemma == lemma)
    }
}

impl Iterator for Synonyms<'_> {
    type Item = Synonym;

    #[inline]
    fn next(&mut self) -> Option<Synonym> {
        loop {
            let &synset = self.synsets.get(self.sense)?;
            let Some(&text) = self.wordnet.tables.members.get(synset).get(self.member) else {
                self.sense += 1;
                self.member = 0;
                continue;
            };
            let (sense, place) = (self.sense, self.member);
            self.member += 1;
            let member = self.wordnet.member(text);
            if !self.seen(member.lemma, sense, place) {
                let tag_count = self.tag_counts.get(sense).copied().unwrap_or(0);
                let sense = Sense {
                    synset: SynsetId(synset),
                    tag_count,
                };
                return Some(Synonym { member, sense });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synonyms(form: &str, part_of_speech: PartOfSpeech, max_senses: usize) -> Vec<&'static str> {
        let wordnet = WordNet::english();
        let lemma = wordnet.lemma(form).unwrap();
        let synonyms = wordnet.synonyms(lemma, part_of_speech, max_senses);
        synonyms
            .map(|synonym| wordnet.spelling(synonym.member))
            .collect()
    }

    #[test]
    fn synonyms_come_sense_by_sense() {
        assert_eq!(
            synonyms("car", PartOfSpeech::Noun, 1),
            ["auto", "automobile", "machine", "motorcar"]
        );
        assert_eq!(
            synonyms("car", PartOfSpeech::Noun, 2),
            [
                "auto",
                "automobile",
                "machine",
                "motorcar",
                "railcar",
                "railway car",
                "railroad car"
            ]
        );
        assert_eq!(synonyms("buy", PartOfSpeech::Verb, 1), ["purchase"]);
        assert_eq!(synonyms("car", PartOfSpeech::Noun, 0), [""; 0]);
        assert_eq!(synonyms("car", PartOfSpeech::Verb, 9), [""; 0]);
    }

    #[test]
    fn synonyms_are_distinct_lemmas_other_than_the_word() {
        let wordnet = WordNet::english();
        for lemma in wordnet.lemmas().step_by(7) {
            for part in wordnet.parts_of_speech(lemma).iter() {
                let found: Vec<_> = wordnet
                    .synonyms(lemma, part, usize::MAX)
                    .map(|one| one.member.lemma)
                    .collect();
                let mut distinct = found.clone();
                distinct.sort();
                distinct.dedup();
                assert_eq!(distinct.len(), found.len(), "{}", wordnet.text(lemma));
                assert!(!found.contains(&lemma), "{}", wordnet.text(lemma));
            }
        }
    }

    #[test]
    fn markers_of_adjectives_are_not_part_of_the_word() {
        let wordnet = WordNet::english();
        for synset in wordnet.synsets() {
            for member in wordnet.members(synset) {
                let spelling = wordnet.spelling(member);
                assert!(!spelling.contains(['(', '_']), "{spelling}");
                assert_eq!(wordnet.text(member.lemma), spelling.to_lowercase());
            }
        }
    }

    #[test]
    fn members_and_senses_are_two_sides_of_one_relation() {
        let wordnet = WordNet::english();
        for synset in wordnet.synsets() {
            let part = wordnet.part_of_speech(synset);
            for member in wordnet.members(synset) {
                assert!(
                    wordnet
                        .senses(member.lemma, part)
                        .any(|sense| sense.synset == synset)
                );
            }
        }
    }

    #[test]
    fn proper_names_keep_their_capitals_and_are_instances() {
        let wordnet = WordNet::english();
        let paris = wordnet.lemma("paris").unwrap();
        let first = wordnet.senses(paris, PartOfSpeech::Noun).next().unwrap();
        let spellings: Vec<_> = wordnet
            .members(first.synset)
            .map(|member| wordnet.spelling(member))
            .collect();
        assert_eq!(spellings[0], "Paris");
        assert!(wordnet.is_instance(first.synset));
        let city = wordnet.lemma("city").unwrap();
        let city = wordnet.senses(city, PartOfSpeech::Noun).next().unwrap();
        assert!(!wordnet.is_instance(city.synset));
        assert!(city.tag_count > 100);
    }

    #[test]
    fn topics_and_satellites_are_known() {
        let wordnet = WordNet::english();
        let dog = wordnet.lemma("dog").unwrap();
        let first = wordnet.senses(dog, PartOfSpeech::Noun).next().unwrap();
        assert_eq!(wordnet.lexicographer_file(first.synset), 5);
        let glad = wordnet.lemma("huge").unwrap();
        let first = wordnet
            .senses(glad, PartOfSpeech::Adjective)
            .next()
            .unwrap();
        assert!(wordnet.is_satellite(first.synset));
    }

    #[test]
    fn the_dominant_part_of_speech_follows_the_corpora() {
        let wordnet = WordNet::english();
        for (form, part) in [
            ("dog", PartOfSpeech::Noun),
            ("say", PartOfSpeech::Verb),
            ("run", PartOfSpeech::Verb),
            ("good", PartOfSpeech::Adjective),
            ("well", PartOfSpeech::Adverb),
            ("house", PartOfSpeech::Noun),
        ] {
            let lemma = wordnet.lemma(form).unwrap();
            assert_eq!(wordnet.dominant_part_of_speech(lemma), Some(part), "{form}");
        }
    }

    #[test]
    fn a_foreign_identifier_finds_nothing() {
        let wordnet = WordNet::english();
        let (lemma, synset) = (LemmaId(u32::MAX), SynsetId(u32::MAX));
        assert_eq!(wordnet.text(lemma), "");
        assert_eq!(wordnet.dominant_part_of_speech(lemma), None);
        assert_eq!(wordnet.synonyms(lemma, PartOfSpeech::Noun, 9).count(), 0);
        assert_eq!(wordnet.members(synset).len(), 0);
        assert!(!wordnet.is_satellite(synset));
    }
}
