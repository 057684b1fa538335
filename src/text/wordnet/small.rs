//! A WordNet of a few words for tests.

use super::tables::{Exceptions, LexicalLink, Lists, Tables, TextPool};
use super::{PartOfSpeech, WordNet};

/// Two noun synsets {dog, Hound}, {cat}, a verb {dog}, adjectives {hot}, {cold, icy cold}.
pub(super) fn tables() -> Tables {
    let pool = |texts: &[&str]| {
        let mut pool = TextPool::default();
        for text in texts {
            pool.push(text);
        }
        pool
    };
    let lists = |all: &[&[u32]]| {
        let mut lists = Lists::default();
        for list in all {
            lists.push(list.iter().copied());
        }
        lists
    };
    let link = |source_synset, source_lemma, target_synset, target_text| LexicalLink {
        source_synset,
        source_lemma,
        target_synset,
        target_text,
    };
    Tables {
        texts: pool(&["cat", "cold", "dog", "hot", "hound", "icy cold", "Hound"]),
        lemma_count: 6,
        spelling_lemmas: vec![4],
        senses: lists(&[&[1], &[4], &[0, 2], &[3], &[0], &[4]]),
        tag_counts: vec![12, 3, 300, 0, 1, 0, 0],
        synset_counts: [2, 1, 2, 0],
        synset_flags: vec![0, 2, 0, 0, 1],
        lexicographer_files: vec![5, 5, 38, 0, 0],
        members: lists(&[&[2, 6], &[0], &[2], &[3], &[1, 5]]),
        hypernyms: lists(&[&[1], &[], &[], &[], &[]]),
        similar: lists(&[&[], &[], &[], &[4], &[3]]),
        antonyms: vec![link(3, 3, 4, 1), link(4, 1, 3, 3)],
        derivations: vec![link(0, 2, 2, 2)],
        usages: vec![link(0, 4, 1, 0)],
        exceptions: [
            Exceptions {
                forms: pool(&["caten", "dogen"]),
                bases: lists(&[&[0], &[2, 4]]),
            },
            Exceptions::default(),
            Exceptions {
                forms: pool(&["het"]),
                bases: lists(&[&[]]),
            },
            Exceptions::default(),
        ],
    }
}

/// Calls every lookup with every identifier and returns the bytes of text seen.
pub(super) fn walk(wordnet: &WordNet) -> usize {
    let mut bytes = 0;
    for lemma in wordnet.lemmas() {
        bytes += wordnet.text(lemma).len();
        for part in PartOfSpeech::ALL {
            bytes += wordnet.morphy(wordnet.text(lemma), part).as_slice().len();
            let synonyms = wordnet.synonyms(lemma, part, usize::MAX);
            bytes += synonyms
                .map(|one| wordnet.spelling(one.member).len())
                .sum::<usize>();
            for sense in wordnet.senses(lemma, part) {
                let antonyms = wordnet.antonyms(lemma, sense.synset);
                let derived = wordnet.derivations(lemma, sense.synset);
                let labels = wordnet.usage_labels(lemma, sense.synset);
                let linked = antonyms.chain(derived).chain(labels);
                bytes += linked
                    .map(|(_, word)| wordnet.spelling(word).len())
                    .sum::<usize>();
            }
        }
        bytes += usize::from(wordnet.dominant_part_of_speech(lemma).is_some());
    }
    for synset in wordnet.synsets() {
        bytes += wordnet
            .members(synset)
            .map(|word| wordnet.spelling(word).len())
            .sum::<usize>();
        bytes += wordnet.hypernyms(synset).len() + wordnet.hyponyms(synset).len();
        bytes += wordnet.similar_to(synset).len();
    }
    for part in PartOfSpeech::ALL {
        for (form, lemmas) in wordnet.irregular_forms(part) {
            bytes += form.len() + lemmas.map(|lemma| wordnet.text(lemma).len()).sum::<usize>();
        }
    }
    bytes
}
