//! The examples of all operators, and what holds for every one of them.

use std::fmt::Write;

use proptest::prelude::*;

use crate::operator::{Example, Registry};

#[test]
fn every_operator_has_three_examples_and_they_are_true() {
    let registry = Registry::builtin();
    let mut wrong = String::new();
    for name in registry.names() {
        let document = registry.document(name).unwrap();
        assert!(
            document.examples.len() >= 3,
            "{name} has {} examples",
            document.examples.len()
        );
        for example in document.examples {
            let output = example.run(&registry, name).unwrap();
            if output != example.output {
                writeln!(wrong, "{name}: {}\n  {output:?}", example.title).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_operator_and_option_is_documented() {
    let registry = Registry::builtin();
    for name in registry.names() {
        let document = registry.document(name).unwrap();
        assert!(
            !document.summary.is_empty() && !document.details.is_empty(),
            "{name}"
        );
        for option in document.options.iter().chain(&document.common) {
            assert!(
                !option.description.is_empty() && !option.kind.is_empty(),
                "{name}: {option:?}"
            );
        }
    }
}

/// Row-level operators with the option that turns each off.
const OFF: [(&str, &str); 6] = [
    ("random_deletion", "rate = 0.0"),
    ("random_swap", "rate = 0.0"),
    ("random_insertion", "rate = 0.0"),
    ("synonym_replacement", "rate = 0.0"),
    ("punctuation_insertion", "rate = 0.0"),
    ("eda", "alpha = 0.0"),
];

/// Text of the kind that real data holds: words, marks, markup, other scripts, broken pieces.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,9}",
        2 => "[ \t\n\r]{1,3}",
        1 => "[.,;:!?'\"()@#<>{}`/_%$-]{1,2}",
        1 => "[0-9]{1,4}",
        1 => "\\PC",
        1 => Just("\u{301}\u{200d}\u{feff}\u{a0}".to_owned()),
        1 => prop::sample::select(vec!["dog", "movie", "big", "Paris", "https://a.b/c?d", "😀👍🏽", "don't"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn run(name: &str, options: &'static str, text: &str) -> Vec<String> {
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let input: &'static [&'static str] = Box::leak(Box::new([text]));
    let example = Example {
        title: "",
        options,
        input,
        output: &[],
    };
    example.run(&Registry::builtin(), name).unwrap()
}

/// The words of a text in the order of the alphabet, protected spans left out.
fn sorted_words(text: &str) -> Vec<String> {
    let mut segmenter = crate::text::Segmenter::new(&[]).unwrap();
    let mut words: Vec<String> = segmenter
        .segment(text)
        .words
        .iter()
        .map(|word| text[word.range()].to_owned())
        .collect();
    words.sort();
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rate_0_is_the_identity(text in prop_oneof![any_text(), any::<String>()]) {
        for (name, off) in OFF {
            let off = if name == "eda" { continue } else { off };
            prop_assert_eq!(run(name, off, &text), vec![text.clone()], "{}", name);
        }
    }

    #[test]
    fn replicas_differ_from_the_text_and_from_each_other(text in any_text()) {
        for (name, _) in OFF {
            let mut all = run(name, "replicas = 4", &text);
            prop_assert!(all.len() <= 4);
            all.push(text.clone());
            let count = all.len();
            all.sort();
            all.dedup();
            prop_assert_eq!(all.len(), count, "{}", name);
        }
    }

    #[test]
    fn deletion_gives_a_subsequence_of_the_bytes(text in any_text()) {
        let output = run("random_deletion", "rate = 0.5", &text);
        let mut rest = text.bytes();
        prop_assert!(output[0].bytes().all(|byte| rest.any(|other| other == byte)));
    }

    #[test]
    fn insertion_of_punctuation_keeps_every_byte_in_order(text in any_text()) {
        let output = run("punctuation_insertion", "", &text);
        let mut rest = output[0].bytes();
        prop_assert!(text.bytes().all(|byte| rest.any(|other| other == byte)));
    }

    #[test]
    fn a_swap_moves_words_and_nothing_else(text in "([a-z]{1,6}(, |! | |\n)){0,20}") {
        let output = run("random_swap", "rate = 0.5", &text);
        prop_assert_eq!(sorted_words(&output[0]), sorted_words(&text));
        let marks = |text: &str| text.replace(|c: char| c.is_alphabetic(), "");
        prop_assert_eq!(marks(&output[0]), marks(&text));
    }

    #[test]
    fn what_is_protected_stays(before in "[a-z ]{0,30}", after in "[a-z ]{0,30}") {
        let slot = "https://example.com/a?b=c {name} `code`";
        let text = format!("{before} {slot} {after}");
        for (name, _) in OFF {
            for output in run(name, "replicas = 2", &text) {
                for part in slot.split(' ') {
                    prop_assert!(output.contains(part), "{}: {}", name, output);
                }
            }
        }
    }
}
