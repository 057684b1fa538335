//! What is a word and what is protected.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::ascii::Scanner;
use super::{Segmenter, Word};

fn words_of(text: &str) -> Vec<&str> {
    let mut segmenter = Segmenter::new(&[]).unwrap();
    segmenter
        .segment(text)
        .words
        .iter()
        .map(|word| &text[word.range()])
        .collect()
}

fn protected_in(text: &str) -> Vec<&str> {
    let mut segmenter = Segmenter::new(&[]).unwrap();
    segmenter
        .segment(text)
        .protected
        .iter()
        .map(|span| &text[span.range()])
        .collect()
}

/// The words without regard to protection, found in every way that this processor knows.
fn all_words(text: &str) -> Vec<Word> {
    let found = |scanner| {
        let mut marks = super::words::WordList::default();
        let mut triggers = Vec::new();
        super::segment::find_words(scanner, text, &mut marks, &mut triggers);
        (marks.words().iter().collect(), triggers)
    };
    let best = found(Scanner::new());
    assert_eq!(best, found(Scanner::Portable));
    best.0
}

/// UAX #29 between white space: the standard would have a combining mark join a space before it.
fn reference(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for stretch in text.split(|c: char| c.is_ascii_whitespace()) {
        let base = stretch.as_ptr() as usize - text.as_ptr() as usize;
        let found = stretch.unicode_word_indices();
        words.extend(found.map(|(at, word)| Word::new(base + at, base + at + word.len())));
    }
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn ascii_words_are_those_of_uax_29(text in "[ -~\t\n]{0,200}") {
        prop_assert_eq!(all_words(&text), reference(&text));
    }

    #[test]
    fn punctuated_words_are_those_of_uax_29(text in "[a-c0-2_'.:,; ]{0,150}") {
        prop_assert_eq!(all_words(&text), reference(&text));
    }

    #[test]
    fn mixed_words_are_those_of_uax_29(text in "([a-z'.]{0,6}|[ \t\r\n]|\\PC|[\u{300}\u{200d}\u{ad}é’–]){0,60}") {
        prop_assert_eq!(all_words(&text), reference(&text));
    }

    #[test]
    fn spans_are_sorted_apart_and_on_boundaries(text in "([a-z0-9 ]|[@#`<>{}/._:$%-]|\\PC){0,120}") {
        let mut segmenter = Segmenter::new(&["a+".to_owned()]).unwrap();
        let segments = segmenter.segment(&text);
        let words: Vec<Word> = segments.words.iter().collect();
        for spans in [&words[..], segments.protected] {
            for pair in spans.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            for span in spans {
                prop_assert!(span.start < span.end && text.get(span.range()).is_some());
            }
        }
        for word in segments.words {
            prop_assert!(segments.protected.iter().all(|s| word.end <= s.start || s.end <= word.start));
        }
    }
}

#[test]
fn punctuation_and_space_are_not_words() {
    assert_eq!(
        words_of("  Hello,\tworld -- don't 'go'!\n"),
        ["Hello", "world", "don't", "go"]
    );
    assert_eq!(
        words_of("Größe naïve “quoted” 東京"),
        ["Größe", "naïve", "quoted", "東", "京"]
    );
    assert_eq!(words_of(" ... ?! 😀 "), [""; 0]);
}

#[test]
fn what_must_not_change_is_protected() {
    for (text, expected) in [
        (
            "see https://example.com/a?b=c#d, then",
            vec!["https://example.com/a?b=c#d"],
        ),
        ("(www.example.com/x)", vec!["www.example.com/x"]),
        ("ftp://a.b/c(d).", vec!["ftp://a.b/c(d)"]),
        (
            "mail jane.doe+x@mail.example.org.",
            vec!["jane.doe+x@mail.example.org"],
        ),
        (
            "thanks @jane_doe and #rust-lang!",
            vec!["@jane_doe", "#rust-lang"],
        ),
        ("run `cargo test` now", vec!["`cargo test`"]),
        ("```\nlet x = 1;\n``` after", vec!["```\nlet x = 1;\n```"]),
        (
            "a <b class=\"x\">bold</b> word",
            vec!["<b class=\"x\">", "</b>"],
        ),
        ("1 < 2 and 3 > 2", vec![]),
        (
            "Dear {name}, {{ user.name }} owes ${amount}",
            vec!["{name}", "{{ user.name }}", "${amount}"],
        ),
        (
            "10 km/h, 3.5kg, 50%, $40, 7 € and 12 apples",
            vec!["10 km/h", "3.5kg", "50%", "$40", "7 €"],
        ),
        ("the value of max_len here", vec!["max_len"]),
        ("and/or, either / or", vec![]),
    ] {
        assert_eq!(protected_in(text), expected, "{text}");
    }
}

#[test]
fn patterns_protect_what_they_match() {
    let mut segmenter = Segmenter::new(&["New York".to_owned()]).unwrap();
    let text = "From New York to Boston";
    let segments = segmenter.segment(text);
    let words: Vec<&str> = segments
        .words
        .iter()
        .map(|word| &text[word.range()])
        .collect();
    assert_eq!(words, ["From", "to", "Boston"]);
}
