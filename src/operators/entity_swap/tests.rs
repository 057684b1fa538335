//! What is found, and what becomes of it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::text::Segmenter;

const ALL: [EntityKind; 4] = [
    EntityKind::Number,
    EntityKind::Date,
    EntityKind::Name,
    EntityKind::Place,
];

/// The entities of `text`.
fn entities(text: &str) -> Vec<Found> {
    let mut segmenter = Segmenter::new(&[]).unwrap();
    let segments = segmenter.segment(text);
    let view = Text::new(text, segments.words, segments.protected, 0);
    let mut found = Finder::new(&ALL).find(&view).to_vec();
    found.sort_by_key(|found| found.span.start);
    found
}

/// The entities of `text`, with the first letter of their kind.
fn found(text: &str) -> Vec<(String, char)> {
    let pair = |entity: &Found| {
        let kind = match entity.kind {
            EntityKind::Number => 'n',
            EntityKind::Date => 'd',
            EntityKind::Name => 'p',
            EntityKind::Place => 'l',
        };
        (text[entity.span.range()].to_owned(), kind)
    };
    entities(text).iter().map(pair).collect()
}

#[track_caller]
fn assert_found(text: &str, expected: &[(&str, char)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(word, kind)| ((*word).to_owned(), *kind))
        .collect();
    assert_eq!(found(text), expected, "{text}");
}

/// `text` with all entities swapped, under the given key.
fn swapped(text: &str, key: u64) -> String {
    let mut segmenter = Segmenter::new(&[]).unwrap();
    let segments = segmenter.segment(text);
    let view = Text::new(text, segments.words, segments.protected, 0);
    let mut operator = Swap {
        amount: Amount::new(1.0, 1, None),
        finder: Finder::new(&ALL),
        order: Vec::new(),
        starts: Vec::new(),
        places: Places::default(),
        new: String::new(),
        used: Vec::new(),
    };
    let mut edits = Edits::default();
    operator.rewrite(&view, &mut Random::from_key(key), &mut edits);
    edits.applied_to(&view)
}

#[test]
fn numbers_are_told_from_what_is_joined_to_something() {
    assert_found(
        "I saw 2 of 12 films, 1,234 altogether.",
        &[("2", 'n'), ("12", 'n'), ("1,234", 'n')],
    );
    assert_found(
        "a 5-year-old, -7 or 3.5",
        &[("5", 'n'), ("7", 'n'), ("3.5", 'n')],
    );
    assert_found("the 21st of 3rd rank", &[("21st", 'n'), ("3rd", 'n')]);
    assert_found(
        "Two cats, seven dogs, one bird",
        &[("Two", 'n'), ("seven", 'n')],
    );
    for text in [
        "10:30", "3-5", "v2.10.1", "COVID-19", "1/2", "007", "0 or 1", "5 kg", "$40", "#12",
        "555-1234",
    ] {
        assert_found(text, &[]);
    }
}

#[test]
fn dates_are_found_in_digits_and_words() {
    assert_found(
        "On 2021-05-17, or 5/17/21.",
        &[("2021-05-17", 'd'), ("5/17/21", 'd')],
    );
    assert_found("17.5.2021", &[("17.5.2021", 'd')]);
    assert_found(
        "May 21st, 2021",
        &[("May", 'd'), ("21st", 'd'), ("2021", 'd')],
    );
    assert_found(
        "the 3rd of March 1999",
        &[("3rd", 'd'), ("March", 'd'), ("1999", 'd')],
    );
    assert_found(
        "12 Sept. 2001 or Mon, 3 Dec",
        &[
            ("12", 'd'),
            ("Sept", 'd'),
            ("2001", 'd'),
            ("Mon", 'd'),
            ("3", 'd'),
            ("Dec", 'd'),
        ],
    );
    assert_found(
        "Last Monday's game, on Sundays in May",
        &[("Monday", 'd'), ("Sunday", 'd'), ("May", 'd')],
    );
    for text in [
        "May I? They march on, you may go.",
        "We sat in the sun",
        "2021-13-45",
        "Dec was here",
    ] {
        assert_found(text, &[]);
    }
}

#[test]
fn names_are_told_from_words() {
    assert_found(
        "Elizabeth met John Smith.",
        &[("Elizabeth", 'p'), ("John", 'p'), ("Smith", 'p')],
    );
    assert_found(
        "I think Mark did it, not Mary's dog.",
        &[("Mark", 'p'), ("Mary", 'p')],
    );
    assert_found(
        "Ask Dr. Brown or Mrs Green",
        &[("Brown", 'p'), ("Green", 'p')],
    );
    for text in [
        "Mark my words. Will you? Rose is red.",
        "mary had a lamb",
        "the Mark of it",
    ] {
        assert_found(text, &[]);
    }
}

#[test]
fn places_are_told_from_people_and_longer_names() {
    assert_found(
        "From Paris to South Africa's coast",
        &[("Paris", 'l'), ("South Africa", 'l')],
    );
    assert_found(
        "in the United Kingdom and Ohio",
        &[("United Kingdom", 'l'), ("Ohio", 'l')],
    );
    assert_found("He lives in Charlotte.", &[("Charlotte", 'l')]);
    assert_found("a bird in Turkey", &[("Turkey", 'l')]);
    for text in [
        "Charlotte, really?",
        "the Chicago Tribune",
        "Turkey is tasty",
        "paris",
    ] {
        assert_found(text, &[]);
    }
}

#[test]
fn the_same_entity_gets_the_same_new_one_and_others_get_others() {
    let text = "John met Mary in Paris. JOHN's friend Mary loves Paris, John said. Robert laughed.";
    for key in 0..50 {
        let new = swapped(text, key);
        let words: Vec<&str> = new
            .split([' ', '.', ',', '\''])
            .filter(|word| !word.is_empty())
            .collect();
        let [john, mary, robert] = [words[0], words[2], words[words.len() - 2]];
        assert_eq!(new.matches(john).count(), 2, "{new}");
        assert!(
            new.contains(&format!("{}'s friend {mary} loves", john.to_uppercase())),
            "{new}"
        );
        let distinct: BTreeSet<&str> = [john, mary, robert, "John", "Mary", "Robert"].into();
        assert_eq!(distinct.len(), 6, "{new}");
    }
}

#[test]
fn articles_still_fit() {
    for key in 0..50 {
        let new = swapped(
            "an Ohio town, a Texas ranger, an 8 and a 7, an 11th, eleven",
            key,
        );
        let after = |article: &str, from: usize| {
            let start = new[from..].find(article).unwrap() + from + article.len();
            new[start..].chars().next().unwrap()
        };
        assert!("AIOU".contains(after("an ", 0)), "{new}");
        assert!(!"AEIO".contains(after(" a ", 0)), "{new}");
        assert!(new.contains("and a ") && !new.contains("and a 8"), "{new}");
    }
}

#[test]
fn a_day_stays_one_of_its_month() {
    for key in 0..100 {
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let text = "31 January";
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        let mut finder = Finder::new(&[EntityKind::Date]);
        let entities = finder.find(&view).to_vec();
        let mut month = String::new();
        write(
            entities[1].form,
            "January",
            entities[1].days,
            &mut Random::from_key(key),
            &mut month,
        );
        assert!(!["February", "April", "June", "September", "November"].contains(&&*month));
    }
}

proptest! {
    #[test]
    fn what_is_no_entity_stays(
        pieces in prop::collection::vec("[a-z]{1,5}|[A-Z][a-z]{1,5}|[0-9]{1,4}(st|th)?|John|Mark|May|12|2021-05-17|in|Paris|[.,'-]", 0..30),
        key: u64,
    ) {
        let text = pieces.join(" ");
        let new = swapped(&text, key);
        let mut rest = new.as_str();
        let mut done = 0;
        for entity in entities(&text) {
            let between = &text[done..entity.span.range().start];
            let at = rest.find(between);
            prop_assert!(at.is_some(), "{} {}", text, new);
            rest = &rest[at.unwrap() + between.len()..];
            done = entity.span.range().end;
        }
        prop_assert!(rest.ends_with(&text[done..]), "{} {}", text, new);
    }
}
