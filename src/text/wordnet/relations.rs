//! From meaning to meaning: hypernyms, hyponyms, similar adjectives, antonyms and the like.

use super::tables::LexicalLink;
use super::{LemmaId, Member, SynsetId, WordNet};

impl WordNet {
    /// The more general meanings; for an instance, what it is an instance of.
    pub fn hypernyms(&self, synset: SynsetId) -> impl ExactSizeIterator<Item = SynsetId> {
        self.tables
            .hypernyms
            .get(synset.0)
            .iter()
            .copied()
            .map(SynsetId)
    }

    /// The more special meanings, and the instances of a class; in the order of synset numbers.
    pub fn hyponyms(&self, synset: SynsetId) -> impl ExactSizeIterator<Item = SynsetId> {
        self.hyponyms.get(synset.0).iter().copied().map(SynsetId)
    }

    /// The adjective synsets of similar meaning: the satellites of a head, the head of a satellite.
    pub fn similar_to(&self, synset: SynsetId) -> impl ExactSizeIterator<Item = SynsetId> {
        self.tables
            .similar
            .get(synset.0)
            .iter()
            .copied()
            .map(SynsetId)
    }

    /// The words of opposite meaning to a lemma in one sense, with the synset each is in.
    pub fn antonyms(
        &self,
        lemma: LemmaId,
        synset: SynsetId,
    ) -> impl Iterator<Item = (SynsetId, Member)> {
        self.follow(&self.tables.antonyms, lemma, synset)
    }

    /// The words derived from a lemma in one sense or from which it is derived, of any part of
    /// speech, with the synset each is in.
    pub fn derivations(
        &self,
        lemma: LemmaId,
        synset: SynsetId,
    ) -> impl Iterator<Item = (SynsetId, Member)> {
        self.follow(&self.tables.derivations, lemma, synset)
    }

    /// How the lemma is used in this sense, as the synset that names the label and its first word:
    /// "slang", "disparagement", "archaism" and so on.
    pub fn usage_labels(
        &self,
        lemma: LemmaId,
        synset: SynsetId,
    ) -> impl Iterator<Item = (SynsetId, Member)> {
        self.follow(&self.tables.usages, lemma, synset)
    }

    fn follow<'a>(
        &'a self,
        links: &'a [LexicalLink],
        lemma: LemmaId,
        synset: SynsetId,
    ) -> impl Iterator<Item = (SynsetId, Member)> + 'a {
        let source = (synset.0, lemma.0);
        let first = links.partition_point(|link| link.source() < source);
        let links = links[first..]
            .iter()
            .take_while(move |link| link.source() == source);
        links.map(|link| (SynsetId(link.target_synset), self.member(link.target_text)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PartOfSpeech;
    use super::*;

    fn first_sense(form: &str, part_of_speech: PartOfSpeech) -> (LemmaId, SynsetId) {
        let wordnet = WordNet::english();
        let lemma = wordnet.lemma(form).unwrap();
        (
            lemma,
            wordnet.senses(lemma, part_of_speech).next().unwrap().synset,
        )
    }

    fn first_words(synsets: impl Iterator<Item = SynsetId>) -> Vec<&'static str> {
        let wordnet = WordNet::english();
        let first = |synset| {
            wordnet
                .members(synset)
                .next()
                .map(|word| wordnet.spelling(word))
        };
        synsets.filter_map(first).collect()
    }

    fn words(found: impl Iterator<Item = (SynsetId, Member)>) -> Vec<&'static str> {
        found
            .map(|(_, member)| WordNet::english().spelling(member))
            .collect()
    }

    #[test]
    fn hypernyms_go_up() {
        let wordnet = WordNet::english();
        let (_, dog) = first_sense("dog", PartOfSpeech::Noun);
        assert_eq!(
            first_words(wordnet.hypernyms(dog)),
            ["canine", "domestic animal"]
        );
        let (_, paris) = first_sense("paris", PartOfSpeech::Noun);
        assert_eq!(first_words(wordnet.hypernyms(paris)), ["national capital"]);
    }

    #[test]
    fn hyponyms_are_the_reverse_of_hypernyms() {
        let wordnet = WordNet::english();
        let mut links = 0;
        for synset in wordnet.synsets() {
            for hypernym in wordnet.hypernyms(synset) {
                assert!(wordnet.hyponyms(hypernym).any(|hyponym| hyponym == synset));
                links += 1;
            }
        }
        assert_eq!(links, 89_172 + 8_589);
        let back: usize = wordnet
            .synsets()
            .map(|synset| wordnet.hyponyms(synset).len())
            .sum();
        assert_eq!(back, links);
    }

    #[test]
    fn adjectives_have_similar_ones() {
        let wordnet = WordNet::english();
        let (_, large) = first_sense("large", PartOfSpeech::Adjective);
        let similar = first_words(wordnet.similar_to(large));
        assert!(
            similar.contains(&"huge") && similar.contains(&"bulky"),
            "{similar:?}"
        );
        for synset in wordnet.synsets() {
            for other in wordnet.similar_to(synset) {
                assert!(wordnet.similar_to(other).any(|back| back == synset));
            }
        }
    }

    #[test]
    fn antonyms_belong_to_the_word() {
        let wordnet = WordNet::english();
        let (good, sense) = first_sense("good", PartOfSpeech::Adjective);
        assert_eq!(words(wordnet.antonyms(good, sense)), ["bad"]);
        let (buy, sense) = first_sense("buy", PartOfSpeech::Verb);
        assert_eq!(words(wordnet.antonyms(buy, sense)), ["sell"]);
        let purchase = wordnet.lemma("purchase").unwrap();
        assert_eq!(words(wordnet.antonyms(purchase, sense)), [""; 0]);
    }

    #[test]
    fn derivations_cross_parts_of_speech() {
        let wordnet = WordNet::english();
        let (buy, sense) = first_sense("buy", PartOfSpeech::Verb);
        let derived = words(wordnet.derivations(buy, sense));
        assert!(derived.contains(&"buyer"), "{derived:?}");
    }

    #[test]
    fn usage_labels_mark_slurs_and_archaisms() {
        let wordnet = WordNet::english();
        let labels: std::collections::BTreeSet<_> = wordnet
            .synsets()
            .flat_map(|synset| wordnet.members(synset).map(move |member| (synset, member)))
            .flat_map(|(synset, member)| words(wordnet.usage_labels(member.lemma, synset)))
            .collect();
        for label in ["slang", "archaism", "disparagement", "ethnic slur"] {
            assert!(labels.contains(label), "{label} in {labels:?}");
        }
    }
}
