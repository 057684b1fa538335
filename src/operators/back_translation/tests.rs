//! The operator on batches, with translators that spell backwards or do one thing wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::trial::{self, Outcome, records};
use crate::batch::{Origins, Shard};
#[cfg(feature = "onnx")]
use crate::operator::Site;
use crate::operator::{Configured, Resources, TextColumn};
use crate::prelude::*;

/// The fake translators, with no gate in the way.
const FAKE: &str = "forward = \"fake:\"\nbackward = \"fake:\"\n";
const OPEN: &str = "gates = { length = false, repetition = false, numbers = false, copied = false, \
                    chrf = false }\n";
const GREEDY: &str =
    "decode = { strategy = \"greedy\" }\ndecode_back = { strategy = \"greedy\" }\n";

fn configured(options: &str) -> Result<Box<dyn Configured>, Vec<(String, String)>> {
    trial::configured("back_translation", options)
}

fn run_numbered(
    options: &str,
    texts: &[Option<&str>],
    first: u64,
    incoming: u32,
) -> Result<Outcome, OperatorError> {
    trial::run(
        &*configured(options).unwrap(),
        records(texts),
        first,
        incoming,
    )
}

fn run(options: &str, texts: &[&str]) -> Outcome {
    let texts: Vec<Option<&str>> = texts.iter().copied().map(Some).collect();
    run_numbered(options, &texts, 0, 0).unwrap()
}

/// In place, through two translators of this kind.
fn quirky(quirk: &str, more: &str, texts: &[&str]) -> Outcome {
    let options =
        format!("forward = \"fake:{quirk}\"\nbackward = \"fake:identity\"\n{more}{GREEDY}");
    run(&options, texts)
}

#[test]
fn replicas_are_distinct_and_numbered() {
    let outcome = run(
        &format!("{FAKE}{OPEN}replicas = 5"),
        &["one two three.", "four five"],
    );
    let numbers: Vec<(u64, u32)> = outcome.rows.iter().map(|row| (row.0, row.1)).collect();
    let expected: Vec<(u64, u32)> = (0..2)
        .flat_map(|row| (1..=5).map(move |replica| (row, replica)))
        .collect();
    assert_eq!(numbers, expected);
    let distinct: BTreeSet<&str> = outcome.texts().into_iter().collect();
    assert_eq!(distinct.len(), 10);
    assert_eq!(outcome.count("shortfall: no new variant"), 0);
}

#[test]
fn replicas_of_replicas_are_numbered_after_those_before() {
    let options = format!("{FAKE}{OPEN}replicas = 3");
    let outcome = run_numbered(&options, &[Some("one two")], 0, 2).unwrap();
    let numbers: Vec<u32> = outcome.rows.iter().map(|row| row.1).collect();
    assert_eq!(numbers, [4, 5, 6]);
    let outcome = run_numbered(&format!("{FAKE}{OPEN}"), &[Some("one two")], 0, 2).unwrap();
    assert_eq!(outcome.rows[0].1, 2);
}

#[test]
fn what_cannot_be_made_is_a_counted_shortfall() {
    let outcome = run(
        &format!("{FAKE}{OPEN}{GREEDY}replicas = 1"),
        &["one two", "three"],
    );
    assert_eq!(outcome.rows, []);
    assert_eq!(outcome.count("shortfall: copied input"), 2);
    assert_eq!(outcome.count("rejected: copied input"), 2);
    // A hundred draws can be told apart, and no more.
    let outcome = run(
        &format!("{FAKE}{OPEN}replicas = 150\ndecode_back = {{ strategy = \"greedy\" }}"),
        &["one two"],
    );
    let made = outcome.rows.len() as u64;
    assert!(made <= 100 && made > 60, "{made}");
    let short: u64 = outcome
        .counts
        .iter()
        .filter(|(reason, _)| reason.starts_with("shortfall"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(made + short, 150);
}

#[test]
fn nulls_and_texts_without_a_word_pass_through_counted() {
    let texts = [
        None,
        Some(""),
        Some("12.5"),
        Some("?!"),
        Some("https://example.com"),
        Some(" \n"),
    ];
    let options = format!("{FAKE}{OPEN}");
    let outcome = run_numbered(&options, &texts, 0, 0).unwrap();
    let left: Vec<Option<&str>> = outcome.rows.iter().map(|row| row.2.as_deref()).collect();
    assert_eq!(left, texts);
    assert!(outcome.rows.iter().all(|row| row.1 == 0));
    assert_eq!(outcome.count("unchanged: null"), 1);
    assert_eq!(outcome.count("unchanged: nothing to translate"), 5);
    let outcome = run_numbered(&format!("{options}replicas = 2"), &texts, 0, 0).unwrap();
    assert_eq!(outcome.rows, []);
    assert_eq!(outcome.count("shortfall: null"), 2);
    assert_eq!(outcome.count("shortfall: nothing to translate"), 10);
}

#[test]
fn every_gate_turns_down_what_it_is_for() {
    for (quirk, reason, gate, text) in [
        (
            "loops",
            "repetition",
            "repetition = false",
            "They walked on through the wood to see the sea",
        ),
        (
            "swells",
            "length",
            "length = false, repetition = false",
            "They walked on",
        ),
        (
            "renumbers",
            "number lost",
            "numbers = false",
            "It was 1984 when they all left home",
        ),
        ("shouts", "copied input", "copied = false", "They walked on"),
        (
            "dreams",
            "too different",
            "chrf = false",
            "They walked on and on",
        ),
    ] {
        let outcome = quirky(quirk, "", &[text]);
        assert_eq!(outcome.texts(), [text], "{quirk}");
        assert_eq!(
            outcome.count(&format!("rejected: {reason}")),
            1,
            "{quirk}: {outcome:?}"
        );
        assert_eq!(outcome.count(&format!("unchanged: {reason}")), 1, "{quirk}");
        let chrf = if gate.starts_with("chrf") {
            ""
        } else {
            "chrf = false, "
        };
        let outcome = quirky(quirk, &format!("gates = {{ {chrf}{gate} }}\n"), &[text]);
        assert_ne!(outcome.texts(), [text], "{quirk}");
        assert_eq!(outcome.count(&format!("rejected: {reason}")), 0, "{quirk}");
    }
    let long = "It was a very long and big day for all of the people who had come here to see what \
                there was to be seen, and nobody went home before the sun had gone down again";
    let outcome = quirky("drops", "", &[long]);
    assert_eq!(outcome.count("rejected: too similar"), 1);
    assert_ne!(
        quirky("drops", "gates = { chrf = false }\n", &[long]).texts(),
        [long]
    );
    let outcome = quirky("incomplete", "", &[long]);
    assert_eq!(outcome.count("rejected: cut short"), 1);
}

#[test]
fn a_sentence_that_is_turned_down_stays_and_the_others_go_on() {
    let text = "The big dog was here in 1984.  The big cat was not.";
    let outcome = quirky("renumbers", "gates = { chrf = false }\n", &[text]);
    assert_eq!(outcome.texts(), [text]);
    let outcome = quirky(
        "drops",
        "gates = { chrf = false }\nprotect = [\"big dog\"]\n",
        &[text],
    );
    assert_eq!(
        outcome.texts(),
        ["The big dog was here in 1984.  The cat was not."]
    );
    assert_eq!(outcome.count("rejected: protected text lost"), 1);
    let edit = (
        31,
        51,
        "The big cat was not.".to_owned(),
        "The cat was not.".to_owned(),
    );
    assert_eq!(outcome.edits, [[edit]]);
}

#[test]
fn a_row_that_loses_protected_text_goes_where_on_error_says() {
    let texts = ["See https://example.com for big news", "A big dog"];
    let options = |on_error: &str| format!("gates = {{ chrf = false }}\n{on_error}");
    let kept = quirky("loses", &options(""), &texts);
    assert_eq!(kept.texts(), texts);
    assert_eq!(kept.count("rejected: protected text lost"), 1);
    assert_eq!(kept.count("unchanged: protected text lost"), 1);

    let dropped = quirky("loses", &options("on_error = \"drop\"\n"), &texts);
    assert_eq!(dropped.texts(), [texts[1]]);
    assert_eq!(dropped.count("error: the row was refused"), 1);

    let routed = quirky("loses", &options("on_error = \"route\"\n"), &texts);
    assert_eq!(routed.texts(), [texts[1]]);
    let reason = "the translation loses `https://example.com`".to_owned();
    assert_eq!(routed.errors, [(0, reason)]);

    let options = format!(
        "forward = \"fake:loses\"\nbackward = \"fake:identity\"\non_error = \"fail\"\n{GREEDY}"
    );
    let failed = run_numbered(&options, &texts.map(Some), 7, 0).unwrap_err();
    let message = failed.to_string();
    assert!(
        message.starts_with("row 7: the translation loses"),
        "{message}"
    );
}

#[test]
fn a_translator_that_fails_fails_the_batch_and_is_named() {
    let options = format!("forward = \"fake:identity\"\nbackward = \"fake:fails\"\n{GREEDY}");
    let error = run_numbered(&options, &[Some("this will fail")], 0, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "translating with `fake:fails`: out of memory"
    );
}

#[test]
fn draws_depend_on_the_row_and_not_on_its_batch() {
    let texts = ["one two. three four.", "one two. three four.", "five six"];
    let options = format!("{FAKE}{OPEN}replicas = 3");
    let together = run(&options, &texts);
    let mut alone = Vec::new();
    for (first, text) in (0..).zip(texts) {
        alone.extend(
            run_numbered(&options, &[Some(text)], first, 0)
                .unwrap()
                .rows,
        );
    }
    assert_eq!(together.rows, alone);
    // The same text in another row is drawn anew.
    assert_ne!(together.texts()[..3], together.texts()[3..6]);
}

#[test]
fn identical_sentences_are_translated_once() {
    let options = format!("{FAKE}{OPEN}{GREEDY}");
    let configured = configured(&options).unwrap();
    let (resources, text) = (
        Resources::default(),
        TextColumn {
            name: "text".to_owned(),
            index: 0,
        },
    );
    let mut operator = configured
        .build(&BuildContext {
            id: "bt",
            inputs: &[],
            position: 0,
            seed: 42,
            text: &text,
            source_rows: 1,
            texts: None,
            amount: Amount::NONE,
            resources: &resources,
        })
        .unwrap();
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let records = records(&[Some("Yes. No. Yes."), Some("Yes.")]);
    let batch = Batch {
        rows: Rows::originals(Arc::new(Origins::new("demo", 0, 2, None)), false),
        records,
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    operator
        .process(batch, &mut Context::new(&shard, 0, 1))
        .unwrap();
    let measures = shard.counters.operator(0).snapshot().measures;
    assert_eq!(measures["sentences"].amount, 4);
    let hits = measures["cache hits"];
    assert_eq!((hits.amount, hits.whole), (4, Some(8)));
    assert_eq!(
        measures["padding"].whole,
        Some(measures["tokens"].amount / 2)
    );
}

#[test]
fn pivots_take_turns() {
    let options = format!(
        "replicas = 2\n{OPEN}{GREEDY}via = [\n\
         {{ forward = \"fake:drops\", backward = \"fake:identity\" }},\n\
         {{ forward = \"fake:shouts\", backward = \"fake:identity\" }},\n]"
    );
    let outcome = run(&options, &["A big dog"]);
    let numbered: Vec<(u32, &str)> = outcome
        .rows
        .iter()
        .map(|row| (row.1, row.2.as_deref().unwrap()))
        .collect();
    assert_eq!(numbered, [(1, "A dog"), (2, "A BIG DOG")]);
    // In place a pivot is drawn for each row.
    let options = options.replace("replicas = 2\n", "");
    let outcome = run(&options, &["A big dog"; 20]);
    let kinds: BTreeSet<&str> = outcome.texts().into_iter().collect();
    assert_eq!(kinds, BTreeSet::from(["A dog", "A BIG DOG"]));
}

#[test]
fn language_tokens_reach_the_model_and_no_text() {
    let options = format!("{FAKE}{OPEN}lang = \">>fra<<\"\nlang_back = \">>eng<<\"\nreplicas = 1");
    let outcome = run(&options, &["one two"]);
    assert!(outcome.texts()[0].starts_with("one two "), "{outcome:?}");
    assert!(!outcome.texts()[0].contains(">>"));
}

#[test]
fn long_sentences_are_cut_to_the_positions_of_the_model() {
    let long = "word ".repeat(50);
    // Draws go by the piece, and each adds a number: so many pieces, so many numbers.
    let options = format!("forward = \"fake:8\"\nbackward = \"fake:\"\n{OPEN}");
    let outcome = run(&options, &[&long]);
    let numbers = outcome.texts()[0]
        .split_whitespace()
        .filter(|word| word.parse::<u32>().is_ok())
        .count();
    assert!((8..=16).contains(&numbers), "{}", outcome.texts()[0]);
    assert_eq!(outcome.edits[0].len(), numbers);
    // What comes out too long for the way back is turned down.
    let options = format!("forward = \"fake:\"\nbackward = \"fake:4\"\n{OPEN}");
    let outcome = run(&options, &["one two three four"]);
    assert_eq!(outcome.count("unchanged: too long to translate back"), 1);
    assert_eq!(outcome.count("rejected: too long to translate back"), 3);
}

#[test]
fn options_that_make_no_sense_are_told_with_their_place() {
    let wrong = |options: &str| configured(options).err().unwrap();
    let messages = |options: &str| -> Vec<String> {
        wrong(options)
            .into_iter()
            .map(|(message, _)| message)
            .collect()
    };
    assert_eq!(
        messages("replicas = 1"),
        [
            "the option `forward` is missing",
            "the option `backward` is missing"
        ]
    );
    let via = "via = [{ forward = \"a\", backward = \"\" }]\nlang = \"x\"";
    assert_eq!(
        wrong(via),
        [
            (
                "`lang` and `via` are both given".to_owned(),
                "\"x\"".to_owned()
            ),
            (
                "`via.0.backward` names no model".to_owned(),
                "\"\"".to_owned()
            ),
        ]
    );
    let found = wrong(&format!(
        "{FAKE}decode = {{ strategy = \"sample\", beams = 2, top_p = 0.0 }}\n\
         gates = {{ chrf = [0.9, 0.1] }}\nprotect = [\"(\"]\nreplicas = 0"
    ));
    let places: Vec<&str> = found.iter().map(|(_, at)| at.as_str()).collect();
    assert_eq!(places, ["2", "0.0", "0", "[\"(\"]", "[0.9, 0.1]"]);
    let found = wrong(&format!(
        "{FAKE}decode = {{ strategy = \"beam\", beems = 2 }}"
    ));
    assert_eq!(found[0].0, "unknown key `beems` in `decode`");
    let found = wrong(&format!("{FAKE}gates = {{ chrf = true }}"));
    assert!(
        found[0]
            .0
            .contains("two numbers, the least and the most, or `false`"),
        "{found:?}"
    );
    let found = wrong(&format!("{FAKE}{GREEDY}replicas = 2"));
    assert!(found[0].0.contains("give at most 1"), "{found:?}");
    assert!(configured(&format!("{FAKE}replicas = 9")).is_ok());
}

#[test]
#[cfg(feature = "onnx")]
fn models_are_looked_at_when_the_plan_is_made() {
    let base = tempfile::tempdir().unwrap();
    let resources = Resources::default();
    let site = Site {
        base: base.path(),
        models: &resources.models,
    };
    let options = "via = [{ forward = \"en-de\", backward = \"fake:\" }, \
                   { forward = \"fake:\", backward = \"de-en\" }]";
    let problems = configured(options).unwrap().inspect(site).unwrap_err();
    let options: Vec<&str> = problems.iter().map(|found| found.option.as_str()).collect();
    assert_eq!(options, ["via.0.forward", "via.1.backward"]);
    for (problem, name) in problems.iter().zip(["en-de", "de-en"]) {
        let end = format!("{name}` does not exist");
        assert!(problem.message.ends_with(&end), "{}", problem.message);
    }
    let facts = configured(FAKE).unwrap().inspect(site).unwrap();
    assert_eq!(facts, serde_json::json!({ "models": ["fake:", "fake:"] }));
}

#[test]
fn where_a_model_lies_is_not_part_of_the_fingerprint_and_defaults_are() {
    let canonical = |options: &str| configured(options).unwrap().canonical(1);
    let (one, other) = (
        canonical("forward = \"a\"\nbackward = \"b\""),
        canonical("forward = \"/models/c\"\nbackward = \"d\""),
    );
    assert_eq!(one, other);
    assert_eq!(one["decode"]["top_k"], 20);
    assert_eq!(one["decode_back"]["beams"], 4);
    assert_eq!(canonical(FAKE)["forward"], "fake:");
}

/// Text with everything that may stand between sentences, and in them.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,7}",
        2 => "[.!?,;:]? ",
        1 => "[ \t\n\r]{1,3}",
        1 => "\\PC",
        1 => prop::sample::select(vec![
            "<br />", "https://a.b/c", "@me", "12 kg", "{x}", "`a  b`", "1. ", "- ", "Dr. ", "。",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_translator_that_changes_nothing_changes_no_byte(text in prop_oneof![any_text(), any::<String>()]) {
        let options = format!("forward = \"fake:identity\"\nbackward = \"fake:identity\"\n{OPEN}");
        let outcome = run(&options, &[&text]);
        prop_assert_eq!(outcome.texts(), vec![text.as_str()]);
        prop_assert_eq!(&outcome.edits[0], &Vec::new());
    }

    #[test]
    fn edits_make_the_text_and_leave_what_is_protected(text in any_text()) {
        let outcome = run(&format!("{FAKE}{OPEN}"), &[&text]);
        let mut replayed = String::new();
        let mut done = 0;
        for (start, end, old, new) in &outcome.edits[0] {
            let (start, end) = (*start as usize, *end as usize);
            prop_assert_eq!(&text[start..end], old.as_str());
            replayed.push_str(&text[done..start]);
            replayed.push_str(new);
            done = end;
        }
        replayed.push_str(&text[done..]);
        prop_assert_eq!(outcome.texts(), vec![replayed.as_str()]);
        let mut segmenter = crate::text::Segmenter::new(&[]).unwrap();
        for span in segmenter.segment(&text).protected {
            let part = &text[span.range()];
            prop_assert!(replayed.contains(part), "{:?} in {:?}", part, replayed);
        }
    }
}

/// A pipeline over two shards, with the text of the second in `text`.
fn run_pipeline(folder: &std::path::Path, text: &str) -> Vec<crate::topology::ShardOutcome> {
    use parquet::arrow::ArrowWriter;

    use crate::config::Document;
    use crate::engine::{self, RunSettings};
    use crate::plan::{self, FileCatalog};
    use crate::topology::{Silent, Stop};

    std::fs::create_dir(folder.join("data")).unwrap();
    for (name, texts) in [("a", ["one", "two"]), ("b", ["three", text])] {
        let rows = records(&texts.map(Some));
        let file = std::fs::File::create(folder.join(format!("data/{name}.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
    }
    let pipeline = "version = 1\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
        text = \"text\"\n[operators.bt]\ntype = \"back_translation\"\ninputs = [\"data\"]\n\
        forward = \"fake:panics\"\nbackward = \"fake:fails\"\n[sinks.out]\ntype = \"parquet\"\n\
        inputs = [\"bt\"]\npath = \"out/{shard}.parquet\"\n";
    let document = Document::new("test.toml", pipeline, folder, &[]);
    let (plan, report) = plan::check(
        &document,
        None,
        &|_| None,
        &Registry::builtin(),
        &FileCatalog::new(folder),
    );
    let plan = plan.unwrap_or_else(|| panic!("{}", report.render(false)));
    let settings = RunSettings {
        keep_going: true,
        ..RunSettings::new(2)
    };
    let report = engine::run(&plan, &settings, &Silent, &Stop::default()).unwrap();
    report
        .shards
        .into_iter()
        .map(|shard| shard.outcome)
        .collect()
}

#[test]
fn a_translator_that_panics_or_fails_costs_its_shard_and_no_other() {
    use crate::topology::ShardOutcome::{Committed, Failed};
    for (text, parts) in [
        ("now panic", ["operator `bt` panicked", "asked to"]),
        (
            "now fail",
            [
                "operator `bt`: translating with `fake:fails`",
                "out of memory",
            ],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outcomes = run_pipeline(folder.path(), text);
        assert_eq!(outcomes[0], Committed);
        let Failed(message) = &outcomes[1] else {
            panic!("{outcomes:?}")
        };
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        assert!(folder.path().join("out/a.parquet").exists());
        assert!(!folder.path().join("out/b.parquet").exists());
    }
}
