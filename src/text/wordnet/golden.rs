//! Agreement with NLTK's reader over the same data. `tests/golden/wordnet_nltk.py` makes the file.

use std::collections::BTreeSet;

use super::{PartOfSpeech, WordNet};

const GOLDEN: &str = include_str!("../../../tests/golden/wordnet_nltk.tsv");

/// One line: the word, its part of speech, its base forms, then its senses in order.
fn describe(word: &str, letter: &str) -> String {
    let wordnet = WordNet::english();
    let part_of_speech = match letter {
        "n" => PartOfSpeech::Noun,
        "v" => PartOfSpeech::Verb,
        "a" => PartOfSpeech::Adjective,
        "r" => PartOfSpeech::Adverb,
        other => panic!("there is no part of speech {other}"),
    };
    let underscored = |text: &str| text.replace(' ', "_");
    let bases = wordnet.morphy(word, part_of_speech);
    let bases = bases
        .as_slice()
        .iter()
        .map(|&lemma| underscored(wordnet.text(lemma)));
    let bases = bases.collect::<Vec<_>>().join(" ");
    let mut fields = vec![word.to_owned(), letter.to_owned(), bases];
    let lemma = wordnet.lemma(word);
    for sense in lemma
        .into_iter()
        .flat_map(|lemma| wordnet.senses(lemma, part_of_speech))
    {
        let members = wordnet.members(sense.synset);
        let members = members.map(|member| underscored(wordnet.spelling(member)));
        let members = members.collect::<Vec<_>>().join(" ");
        fields.push(format!("{} {members}", sense.tag_count));
    }
    fields.join("\t")
}

#[test]
fn agrees_with_nltk_on_every_line() {
    let mut words = BTreeSet::new();
    for line in GOLDEN.lines() {
        let mut fields = line.split('\t');
        let word = fields.next().unwrap();
        assert_eq!(describe(word, fields.next().unwrap()), line);
        words.insert(word);
    }
    assert!(words.len() >= 2_000, "{} words", words.len());
    assert!(GOLDEN.lines().count() >= 2_000);
}

#[test]
fn spaces_give_what_underscores_give() {
    let wordnet = WordNet::english();
    let mut phrases = 0;
    for word in GOLDEN.lines().filter_map(|line| line.split('\t').next()) {
        assert_eq!(
            wordnet.lemma(word),
            wordnet.lemma(&word.replace('_', " ")),
            "{word}"
        );
        for part in PartOfSpeech::ALL {
            let spaced = wordnet.morphy(&word.replace('_', " "), part);
            assert_eq!(wordnet.morphy(word, part), spaced, "{word}");
        }
        phrases += usize::from(word.contains('_'));
    }
    assert!(phrases > 1_000);
}
