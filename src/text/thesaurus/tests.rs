use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Lexicon, Relation, Thesaurus, ThesaurusOptions};
use crate::random::Random;

/// What may be drawn for the word between brackets, over many draws.
fn drawn_with(options: ThesaurusOptions, marked: &str) -> BTreeSet<String> {
    all_drawn(&mut Thesaurus::new(options), marked)
}

fn all_drawn(thesaurus: &mut Thesaurus, marked: &str) -> BTreeSet<String> {
    let start = marked.find('[').unwrap();
    let end = marked.find(']').unwrap() - 1;
    let text = marked.replace(['[', ']'], "");
    (0..300)
        .filter_map(|key| {
            let mut new = String::new();
            let mut random = Random::from_key(key);
            thesaurus
                .draw_like(&text, start..end, &mut random, &mut new)
                .then_some(new)
        })
        .collect()
}

fn drawn(marked: &str) -> BTreeSet<String> {
    drawn_with(ThesaurusOptions::default(), marked)
}

fn relation(relation: Relation, marked: &str) -> BTreeSet<String> {
    let options = ThesaurusOptions {
        relation,
        ..ThesaurusOptions::default()
    };
    drawn_with(options, marked)
}

#[test]
fn synonyms_take_the_form_of_the_word() {
    for (marked, synonym) in [
        ("the [movies] of the year", "films"),
        ("he [bought] a car", "purchased"),
        ("[Buying] a house", "Purchasing"),
        ("he has [started] to sing", "begun"),
        ("he [started] to sing", "began"),
        ("THE [CAR] IS OLD", "AUTOMOBILE"),
        ("a [quicker] way", "faster"),
    ] {
        let found = drawn(marked);
        assert!(found.contains(synonym), "{marked}: {found:?}");
    }
    assert!(!drawn("he has [started] to sing").contains("began"));
    assert!(!drawn("he [started] to sing").contains("begun"));
}

#[test]
fn the_context_decides_on_the_part_of_speech() {
    // To help is to aid or assist; the help is the aid or assistance.
    assert!(drawn("the [help] of friends").contains("assistance"));
    assert!(!drawn("they want to [help] you").contains("assistance"));
    assert!(drawn("they want to [help] you").contains("assist"));
}

#[test]
fn stop_words_names_numbers_and_other_scripts_have_none() {
    for marked in [
        "[the] house",
        "I [don't] know",
        "[Paris] is big",
        "[42] dogs",
        "[東京] now",
        "[naïve] people",
        "[zzzz]",
        "my [iCar]",
        "[China] is big",
        "a [car]-free day",
        "a high-[quality] day",
        "[]",
    ] {
        assert!(drawn(marked).is_empty(), "{marked}: {:?}", drawn(marked));
    }
    assert!(!drawn("a [car] - fast").is_empty());
}

#[test]
fn no_synonym_is_the_word_itself_a_name_or_several_words() {
    for word in ["dog", "big", "run", "quickly", "house", "said", "better"] {
        for synonym in drawn(&format!("the [{word}] it")) {
            assert_ne!(synonym, word);
            assert!(
                synonym.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{synonym}"
            );
        }
    }
}

#[test]
fn rude_archaic_and_rare_words_are_left_out() {
    let options = ThesaurusOptions {
        max_senses: 99,
        multi_word: true,
        ..ThesaurusOptions::default()
    };
    for marked in [
        "they [love] me",
        "a [fool] of mine",
        "the [woman] here",
        "she walks [quickly]",
        "the [bottom] of it",
        "he [died] there",
        "a [homosexual] man",
    ] {
        let decent = drawn_with(options, marked);
        for rude in [
            "fuck", "apace", "bitch", "ass", "prat", "croaked", "fag", "queer",
        ] {
            assert!(!decent.contains(rude), "{marked}: {decent:?}");
        }
    }
    let rude = ThesaurusOptions {
        offensive: true,
        ..options
    };
    assert!(drawn_with(rude, "the [bottom] of it").contains("butt"));
    assert!(!drawn_with(options, "the [bottom] of it").contains("butt"));
}

#[test]
fn phrases_are_an_option_and_their_heads_take_the_form() {
    let options = ThesaurusOptions {
        multi_word: true,
        ..ThesaurusOptions::default()
    };
    let found = drawn_with(options, "two [movies] a day");
    assert!(found.contains("motion pictures"), "{found:?}");
    let found = drawn_with(options, "he [quit] the job");
    assert!(
        found.iter().all(|phrase| !phrase.starts_with("give ")),
        "{found:?}"
    );
}

#[test]
fn other_relations_lead_elsewhere() {
    let found = relation(Relation::Hypernym, "two [dogs] here");
    assert!(found.contains("canines"), "{found:?}");
    let found = relation(Relation::Hyponym, "two [dogs] here");
    assert!(
        found.contains("poodles") || found.contains("puppies"),
        "{found:?}"
    );
    assert!(relation(Relation::Antonym, "a [good] film").contains("bad"));
    let found = relation(Relation::Antonym, "a [huge] film");
    assert!(
        found.contains("small") || found.contains("little"),
        "{found:?}"
    );
    let found = relation(Relation::Antonym, "she was [buying] it");
    assert!(found.contains("selling"), "{found:?}");
    assert!(relation(Relation::Antonym, "the [table] here").is_empty());
}

#[test]
fn similar_adjectives_and_stop_words_are_options() {
    let plain = drawn("a [beautiful] house");
    let options = ThesaurusOptions {
        similar_to: true,
        ..ThesaurusOptions::default()
    };
    assert!(drawn_with(options, "a [beautiful] house").len() > plain.len());
    let options = ThesaurusOptions {
        stop_words: true,
        ..ThesaurusOptions::default()
    };
    assert!(!drawn_with(options, "[also] this").is_empty());
}

#[test]
fn a_lexicon_takes_the_place_of_wordnet() {
    let lexicon = "straße\tgasse\nстол\tпарта";
    let lexicon = Lexicon::parse(lexicon.as_bytes(), Path::new("words.tsv"), false).unwrap();
    let mut thesaurus = Thesaurus::with_lexicon(Arc::new(lexicon));
    let mut all = |marked| {
        all_drawn(&mut thesaurus, marked)
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(all("die [Straße] da"), ["Gasse"]);
    assert_eq!(all("[СТОЛ] там"), ["ПАРТА"]);
    assert_eq!(all("the [car] is"), [""; 0]);
}

proptest! {
    #[test]
    fn any_text_is_safe_and_a_memory_changes_nothing(
        texts in prop::collection::vec("(the |he |[a-zA-Z'’-]{0,20} |\\PC){0,6}", 1..5),
        start in 0_usize..30,
        length in 0_usize..10,
        key: u64,
    ) {
        let options = ThesaurusOptions { multi_word: true, similar_to: true, ..ThesaurusOptions::default() };
        let mut warm = Thesaurus::new(options);
        for text in &texts {
            let draw = |thesaurus: &mut Thesaurus| {
                let mut new = String::new();
                thesaurus.draw_like(text, start..start + length, &mut Random::from_key(key), &mut new);
                new
            };
            let first = draw(&mut warm);
            prop_assert_eq!(draw(&mut warm), first);
        }
    }
}
