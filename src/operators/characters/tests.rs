//! What holds for operators on characters.

use proptest::prelude::*;
use strsim::osa_distance;

use crate::operator::{Example, Registry};

/// What an operator makes of a text.
fn run(name: &str, options: &str, text: &str) -> String {
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let example = Example {
        title: "",
        options: leak(options),
        columns: &[],
        input: vec![leak(text)].leak(),
        output: &[],
    };
    example.run(&Registry::builtin(), name).unwrap().concat()
}

const ALL_TYPOS: &str = "kinds = [\"substitute\", \"insert\", \"double\", \"delete\", \"swap\"]\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_word_drawn_has_one_edit(text in "[a-z]{2,8}( [a-z]{2,8}){0,11}") {
        let words = text.split(' ').count();
        let edits = words.div_ceil(2);
        for (name, options) in [
            ("keyboard_typo", ALL_TYPOS),
            ("random_char", ""),
            ("homoglyph", ""),
            ("diacritics", "mode = \"add\"\n"),
        ] {
            let options = format!("{options}rate = 0.5\ncharacters = {{ max = 1 }}");
            let output = run(name, &options, &text);
            prop_assert!(osa_distance(&text, &output) <= edits, "{}: {}", name, output);
            prop_assert_eq!(output.split(' ').count(), words);
        }
    }

    #[test]
    fn new_letters_are_of_the_script_and_the_case(text in "[А-Яа-я]{1,9}( [Α-ΡΣ-Ωα-ω]{1,9}){0,9}") {
        let options = "rate = 1.0\nkinds = [\"substitute\"]\ncharacters = { rate = 0.5 }";
        let output = run("random_char", options, &text);
        prop_assert_eq!(output.chars().count(), text.chars().count());
        for (old, new) in text.chars().zip(output.chars()) {
            prop_assert_eq!(old.is_uppercase(), new.is_uppercase());
            prop_assert_eq!(('А'..='я').contains(&old), ('А'..='я').contains(&new));
        }
    }

    #[test]
    fn what_people_see_as_one_is_never_split(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["e\u{301}", "a", "B", " ", "👩‍👩‍👧", "🇩🇪", "👍🏽", "7", "한"]), 1..30)
    ) {
        let text = pieces.concat();
        for (name, options) in [("keyboard_typo", ALL_TYPOS), ("random_char", "")] {
            let options = format!("{options}rate = 1.0\ncharacters = {{ rate = 1.0 }}");
            let output = run(name, &options, &text);
            for emoji in ["👩‍👩‍👧", "🇩🇪", "👍🏽"] {
                prop_assert_eq!(output.matches(emoji).count(), text.matches(emoji).count());
            }
            let mut last = ' ';
            for letter in output.chars() {
                prop_assert!(letter != '\u{301}' || matches!(last, 'e' | 'E'), "{}", output);
                last = letter;
            }
        }
    }

    #[test]
    fn a_word_never_vanishes(text in "[a-z]{1,3}( [a-z]{1,3}){0,9}") {
        let options = "rate = 1.0\nkinds = [\"delete\"]\ncharacters = { rate = 1.0 }";
        for name in ["keyboard_typo", "random_char"] {
            let output = run(name, options, &text);
            prop_assert_eq!(output.split(' ').count(), text.split(' ').count());
            prop_assert!(output.split(' ').all(|word| word.len() == 1), "{}", output);
        }
    }

    #[test]
    fn the_first_and_the_last_character_can_be_spared(text in "[a-z]{1,9}( [a-z]{1,9}){0,9}") {
        let options = "rate = 1.0\ncharacters = { rate = 1.0, first = false, last = false }";
        for (name, own) in [
            ("keyboard_typo", ALL_TYPOS),
            ("random_char", ""),
            ("ocr_error", ""),
            ("homoglyph", ""),
            ("leet", ""),
            ("case", "mode = \"upper\"\n"),
        ] {
            let output = run(name, &format!("{own}{options}"), &text);
            for (old, new) in text.split(' ').zip(output.split(' ')) {
                prop_assert_eq!(old.chars().next(), new.chars().next(), "{}: {}", name, output);
                prop_assert_eq!(old.chars().last(), new.chars().last(), "{}: {}", name, output);
            }
        }
    }

    #[test]
    fn case_is_that_of_the_standard_library(text in "[a-zA-ZßÉéΣσςΑαЯя .]{0,30}") {
        prop_assert_eq!(run("case", "mode = \"upper\"", &text), text.to_uppercase());
        // Where a full stop is within a word, what ends the word is a matter of opinion.
        let text = text.replace('.', "");
        prop_assert_eq!(run("case", "mode = \"lower\"", &text), text.to_lowercase());
        let twice = run("case", "mode = \"swap\"", &text.replace(['ß', 'ς', 'Σ', 'σ'], "t"));
        prop_assert_eq!(run("case", "mode = \"swap\"", &twice), text.replace(['ß', 'ς', 'Σ', 'σ'], "t"));
    }

    #[test]
    fn only_space_changes(text in "([a-zé,.👍🏽]{1,6}[ \t\n]{1,2}){0,12}") {
        let black = |text: &str| text.replace(char::is_whitespace, "");
        for kinds in ["", "kinds = [\"remove\"]\n", "kinds = [\"tab\", \"newline\"]\n"] {
            let output = run("whitespace", &format!("{kinds}rate = 0.6"), &text);
            prop_assert_eq!(black(&output), black(&text));
            if !kinds.contains("newline") {
                prop_assert_eq!(output.matches('\n').count(), text.matches('\n').count());
            }
        }
    }

    #[test]
    fn marks_are_taken_off_once(text in any::<String>()) {
        let plain = run("diacritics", "", &text);
        prop_assert_eq!(run("diacritics", "", &plain), plain);
    }
}
