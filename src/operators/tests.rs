//! The examples of all operators, and what holds for every one of them.

use std::fmt::Write;

use proptest::prelude::*;
use toml::de::DeTable;

use super::trial;
use crate::operator::{Configured, Example, Registry};

/// The operators that do nothing without SQL.
const NEED_SQL: [&str; 2] = ["route", "with_columns"];

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
        if cfg!(not(feature = "polars")) && NEED_SQL.contains(&name) {
            continue;
        }
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

/// The row-level operators: names, and options that they run with: those of the first example,
/// without what says how much is edited.
pub(super) fn row_level() -> Vec<(&'static str, String)> {
    let registry = Registry::builtin();
    let amounts = ["rate", "min", "max", "replicas"];
    let says_how_much = |line: &&str| {
        let key = line.split('=').next().unwrap_or_default().trim();
        amounts.contains(&key)
    };
    let named = registry.names().filter_map(|name| {
        let document = registry.document(name)?;
        let lines = document.examples.first()?.options.lines();
        let options: Vec<&str> = lines.filter(|line| !says_how_much(line)).collect();
        (!document.common.is_empty()).then(|| (name, options.join("\n") + "\n"))
    });
    named.collect()
}

/// Those of them that take a rate.
fn with_rate() -> Vec<(&'static str, String)> {
    let registry = Registry::builtin();
    let takes_rate = |name: &str| {
        let document = registry.document(name).unwrap();
        document.options.iter().any(|option| option.name == "rate")
    };
    let mut all = row_level();
    all.retain(|(name, _)| takes_rate(name));
    all
}

/// Text of the kind that real data holds: words, marks, markup, other scripts, broken pieces.
pub(super) fn any_text() -> impl Strategy<Value = String> {
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

/// What an operator makes of rows with these texts.
fn run_all(name: &str, options: &str, texts: &[String]) -> Vec<String> {
    fn leak(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
    let texts: Vec<&'static str> = texts.iter().map(|text| leak(text)).collect();
    let example = Example {
        title: "",
        options: leak(options),
        columns: &[],
        input: texts.leak(),
        output: &[],
    };
    example.run(&Registry::builtin(), name).unwrap()
}

fn run(name: &str, options: &str, text: &str) -> Vec<String> {
    run_all(name, options, &[text.to_owned()])
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
    fn a_split_and_a_merge_change_spaces_and_nothing_else(text in any_text()) {
        let without_spaces = |text: &str| text.replace([' ', '\t'], "");
        let split = run("word_split", "rate = 0.5", &text);
        prop_assert!(split[0].len() >= text.len());
        prop_assert_eq!(without_spaces(&split[0]), without_spaces(&text));
        let merged = run("word_merge", "rate = 0.5", &text);
        prop_assert!(merged[0].len() <= text.len());
        prop_assert_eq!(without_spaces(&merged[0]), without_spaces(&text));
    }

    #[test]
    fn words_change_and_what_stands_between_them_stays(
        text in "((I|you|it's|don't|could|have|not|is|movies|definitely|running)(, |! | |\n)){0,20}"
    ) {
        let marks = |text: &str| text.replace(|c: char| c.is_alphabetic() || c == '\'' || c == ' ', "");
        for (name, options) in [
            ("contraction", ""),
            ("inflection", "rate = 0.5"),
            ("spelling_error", "rate = 0.5"),
        ] {
            let output = run(name, options, &text);
            prop_assert_eq!(marks(&output[0]), marks(&text), "{}", name);
        }
    }

    #[test]
    fn a_swap_moves_words_and_nothing_else(text in "([a-z]{1,6}(, |! | |\n)){0,20}") {
        let output = run("random_swap", "rate = 0.5", &text);
        prop_assert_eq!(sorted_words(&output[0]), sorted_words(&text));
        let marks = |text: &str| text.replace(|c: char| c.is_alphabetic(), "");
        prop_assert_eq!(marks(&output[0]), marks(&text));
    }
}

proptest! {
    // Operators are costly to make, so each runs on many texts at a time.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rate_0_is_the_identity(
        texts in prop::collection::vec(prop_oneof![any_text(), any::<String>()], 40)
    ) {
        for (name, options) in with_rate() {
            let output = run_all(name, &format!("{options}rate = 0.0\nmin = 3"), &texts);
            prop_assert_eq!(&output, &texts, "{}", name);
        }
    }

    #[test]
    fn any_text_is_survived_and_draws_are_repeatable(
        texts in prop::collection::vec(prop_oneof![any_text(), any::<String>()], 40)
    ) {
        for (name, options) in row_level() {
            let output = run_all(name, &options, &texts);
            prop_assert_eq!(&output, &run_all(name, &options, &texts), "{}", name);
        }
    }

    #[test]
    fn replicas_differ_from_the_text_and_from_each_other(
        texts in prop::collection::vec(any_text(), 8)
    ) {
        for (name, options) in row_level() {
            for text in &texts {
                let mut all = run(name, &format!("{options}replicas = 4"), text);
                prop_assert!(all.len() <= 4);
                all.push(text.clone());
                let count = all.len();
                all.sort();
                all.dedup();
                prop_assert_eq!(all.len(), count, "{}", name);
            }
        }
    }

    #[test]
    fn what_is_protected_stays(
        around in prop::collection::vec(("[a-z ]{0,30}", "[a-z ]{0,30}"), 20)
    ) {
        let slot = "https://example.com/a?b=c {name} `code`";
        let texts: Vec<String> = around
            .iter()
            .map(|(before, after)| format!("{before} {slot} {after}"))
            .collect();
        for (name, options) in row_level() {
            for output in run_all(name, &format!("{options}replicas = 2"), &texts) {
                for part in slot.split(' ') {
                    prop_assert!(output.contains(part), "{}: {}", name, output);
                }
            }
        }
    }
}

/// Text that breaks programs: huge words, marks without a letter, other directions, zero bytes.
fn hard_texts() -> Vec<String> {
    vec![
        String::new(),
        " ".to_owned(),
        "\0".to_owned(),
        "\u{fffd}\u{fffd} a\u{fffd}b".to_owned(),
        "e\u{301}\u{301}\u{301} \u{301} \u{200d}\u{200d}".to_owned(),
        "👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 love it 👩‍👩‍👧‍👦".to_owned(),
        "שלום עולם, this is مرحبا بالعالم (mixed)".to_owned(),
        "\u{202e}reversed text\u{202c} and \u{feff}marks".to_owned(),
        "東京は日本の首都です。人口は多い。".to_owned(),
        "ＦＵＬＬ ｗｉｄｔｈ １２３".to_owned(),
        "line one\r\nline two\n\n\tline three\u{2028}four\u{a0}five".to_owned(),
        "x".repeat(1 << 20),
        format!("a {} b", "é".repeat(1 << 15)),
        "it's 3.5kg, isn't it? <b>Yes</b> \u{1F468}\u{200D}".repeat(200),
    ]
}

#[test]
fn hard_texts_are_survived_by_every_operator() {
    let texts = hard_texts();
    for (name, options) in row_level() {
        let output = run_all(name, &options, &texts);
        let again = run_all(name, &options, &texts);
        assert!(output == again, "{name} gives two outputs");
        for (name, options) in with_rate().iter().filter(|(other, _)| *other == name) {
            let kept = run_all(name, &format!("{options}rate = 0.0"), &texts);
            assert!(kept == texts, "{name} changes a text at rate 0");
        }
    }
}

#[test]
fn rows_in_other_languages_and_stop_words_are_left_alone() {
    let example = Example {
        title: "",
        options: "languages = [\"en\", \"de-CH\"]\nlanguage_column = \"lang\"\nmax = 1",
        columns: &[("lang", &["en-GB", "de", "de-CH", "fr"])],
        input: &["one two", "eins zwei", "eins zwei", "un deux"],
        output: &[],
    };
    let registry = Registry::builtin();
    let output = example.run(&registry, "random_swap").unwrap();
    assert_eq!(output, ["two one", "eins zwei", "zwei eins", "un deux"]);

    let with = |options: &str, text: &str| run("random_deletion", options, text).concat();
    let english = "rate = 1.0\nstop_words = \"english\"";
    let kept = with(english, "The dog and THE cat are not here");
    assert!(
        [
            "The dog and THE are not here",
            "The and THE cat are not here"
        ]
        .contains(&&*kept)
    );
    let listed = "rate = 1.0\nstop_words = [\"Dog\", \"CAT\"]";
    let kept = with(listed, "the dog and the cat");
    assert!(kept.contains("dog") && kept.contains("cat"), "{kept}");
    assert_eq!(kept.split(' ').count(), 3, "{kept}");
}

#[test]
fn min_and_max_bound_the_number_of_edits() {
    let text = "one two three four five six seven eight nine ten";
    for (options, left) in [
        ("rate = 0.15", 8),
        ("rate = 0.01", 9),
        ("rate = 0.01\nmin = 3", 7),
        ("rate = 0.9\nmax = 2", 8),
        ("rate = 1.0", 1),
        ("rate = 0.0\nmin = 3", 10),
    ] {
        let words = run("random_deletion", options, text).concat();
        assert_eq!(words.split(' ').count(), left, "{options}: {words}");
    }
}

/// `text` with `edits`, of which each says what it takes the place of.
fn replayed(text: &str, edits: &[(u32, u32, String, String)]) -> String {
    let (mut new, mut done) = (String::new(), 0);
    for (start, end, old, with) in edits {
        let (start, end) = (*start as usize, *end as usize);
        assert_eq!(&text[start..end], old);
        new.push_str(&text[done..start]);
        new.push_str(with);
        done = end;
    }
    new + &text[done..]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn only_the_spans_that_were_declared_differ(
        texts in prop::collection::vec(prop_oneof![any_text(), any::<String>()], 40)
    ) {
        let records = || trial::records(&texts.iter().map(|text| Some(&**text)).collect::<Vec<_>>());
        for (name, options) in row_level() {
            let configured = trial::configured(name, &options).unwrap();
            // The words of the sources are counted by the engine, which is not here.
            if configured.counts_words() {
                continue;
            }
            let outcome = trial::run(&*configured, records(), 0, 0).unwrap();
            prop_assert_eq!(outcome.rows.len(), outcome.edits.len());
            for ((parent, _, text), edits) in outcome.rows.iter().zip(&outcome.edits) {
                let parent = &texts[usize::try_from(*parent).unwrap()];
                prop_assert_eq!(&replayed(parent, edits), text.as_ref().unwrap(), "{}", name);
            }
        }
    }
}

#[test]
fn an_operator_with_chosen_texts_is_the_same_operator() {
    let registry = Registry::builtin();
    let read = |name: &str, options: &str| {
        let table = DeTable::parse(options).unwrap();
        let span = table.span();
        registry.parse(name, table.get_ref(), span)?.ok()
    };
    let mut chosen = 0;
    for name in registry.names() {
        let Some(example) = registry.document(name).unwrap().examples.into_iter().next() else {
            continue;
        };
        // Options in tables of their own come last in TOML.
        let with_text = format!("text = \"text\"\n{}", example.options);
        let (Some(plain), Some(with_text)) = (read(name, example.options), read(name, &with_text))
        else {
            continue;
        };
        chosen += 1;
        let facts = |operator: &dyn Configured| {
            let answers = [
                operator.reads_text(),
                operator.compares(),
                operator.counts_words(),
                operator.mixes_rows(),
                operator.rewrites_in_place(),
                operator.in_order(),
                operator.surveys(),
            ];
            let inputs = ["demo".to_owned()];
            let yields = (operator.yields(10), operator.yields_of_inputs(&inputs));
            (
                answers,
                yields,
                operator.ports(),
                operator.batch_rows(),
                operator.parts(),
            )
        };
        assert_eq!(facts(&*plain), facts(&*with_text), "{name}");
    }
    assert!(chosen > 30, "{chosen}");
}
