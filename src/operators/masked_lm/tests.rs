//! The operator on batches, with models that say the same of every blank or do one thing wrong.

use std::collections::BTreeSet;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use proptest::prelude::*;

use super::super::trial::{self, Outcome, records};
use crate::operator::Site;
use crate::prelude::*;

const FAKE: &str = "model = \"fake:\"\n";

fn run(options: &str, texts: &[&str]) -> Outcome {
    let texts: Vec<Option<&str>> = texts.iter().copied().map(Some).collect();
    run_numbered(options, &texts, 0, 0).unwrap()
}

fn run_numbered(
    options: &str,
    texts: &[Option<&str>],
    first: u64,
    incoming: u32,
) -> Result<Outcome, OperatorError> {
    let configured = trial::configured("masked_lm", options).unwrap();
    trial::run(&*configured, records(texts), first, incoming)
}

/// In place, through a model of this kind.
fn quirky(quirk: &str, more: &str, texts: &[&str]) -> Outcome {
    run(&format!("model = \"fake:{quirk}\"\n{more}"), texts)
}

#[test]
fn replicas_are_distinct_and_numbered() {
    let texts = ["The boring film was far too long", "A dull film"];
    let outcome = run(&format!("{FAKE}replicas = 4"), &texts);
    let numbers: Vec<(u64, u32)> = outcome.rows.iter().map(|row| (row.0, row.1)).collect();
    let expected: Vec<(u64, u32)> = (0..2)
        .flat_map(|row| (1..=4).map(move |replica| (row, replica)))
        .collect();
    assert_eq!(numbers, expected);
    let mut distinct: BTreeSet<&str> = outcome.texts().into_iter().collect();
    distinct.extend(texts);
    assert_eq!(distinct.len(), 10);
    let outcome = run_numbered(&format!("{FAKE}replicas = 2"), &[Some(texts[0])], 0, 2).unwrap();
    let numbers: Vec<u32> = outcome.rows.iter().map(|row| row.1).collect();
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn what_cannot_be_made_is_a_counted_shortfall() {
    // One word in one place: there is one variant.
    let outcome = quirky("one", "replicas = 3", &["film", "good", "it was he"]);
    assert_eq!(outcome.texts(), ["good"]);
    assert_eq!(outcome.count("shortfall: no new variant"), 2);
    assert_eq!(outcome.count("shortfall: no word fits"), 3);
    assert_eq!(outcome.count("shortfall: no word to replace"), 3);
    let outcome = quirky("nothing", "mode = \"insert\"", &["a film"]);
    assert_eq!(outcome.texts(), ["a film"]);
    assert_eq!(outcome.count("unchanged: no word fits"), 1);
}

#[test]
fn negations_and_unlikely_words_are_not_drawn() {
    let outcome = quirky("denies", "mode = \"insert\"\nrate = 1.0", &["a good film"]);
    assert_eq!(outcome.texts(), ["a good film"]);
    let options = format!("{FAKE}top_k = 1\nstop_words = [\"Good\", \"new\"]");
    assert_eq!(run(&options, &["dull"]).texts(), ["old"]);
    let options = format!("{FAKE}rate = 1.0\nmin_probability = 0.4");
    assert_eq!(run(&options, &["dull film"]).texts(), ["good good"]);
}

#[test]
fn rude_words_are_drawn_only_where_that_is_wanted() {
    let texts = ["dull"; 9];
    assert_eq!(quirky("swears", "", &texts).texts(), ["big"; 9]);
    let outcome = quirky("swears", "offensive = true\ntop_k = 1", &texts);
    assert_eq!(outcome.texts(), ["shit"; 9]);
}

#[test]
fn articles_follow_new_words_in_english_only() {
    let made = |more: &str, text: &str| {
        let outcome = run(&format!("{FAKE}top_k = 1\n{more}"), &[text]);
        outcome.texts()[0].to_owned()
    };
    assert_eq!(made("rate = 1.0", "It was an ugly"), "It was a good");
    let options = "stop_words = [\"ich\", \"denke\", \"an\", \"dinge\"]";
    assert_eq!(
        made(options, "Ich denke an große Dinge"),
        "Ich denke an good Dinge"
    );
    let outcome = quirky("one", "mode = \"insert\"\nrate = 1.0", &["with an egg"]);
    assert_eq!(outcome.texts(), ["with good a good egg good"]);
}

#[test]
fn rate_0_leaves_everything_as_it_is() {
    let texts = ["A dull film", "", "Ünïcödé 😀", "x https://a.b y"];
    for mode in ["replace", "insert"] {
        let options = format!("{FAKE}mode = \"{mode}\"\nrate = 0.0\nmin = 3");
        let outcome = run(&options, &texts);
        assert_eq!(outcome.texts(), texts);
        assert!(
            outcome.count("unchanged: no edit drawn") >= 3,
            "{outcome:?}"
        );
        // Nothing is asked of the model.
        assert!(outcome.measures.is_empty() || outcome.measures["sentences"].0 == 0);
    }
}

#[test]
fn the_number_of_edits_follows_the_options() {
    let text = "alpha beta gamma delta epsilon zeta eta theta iota kappa";
    for (options, edits) in [
        ("", 1),
        ("rate = 0.25", 3),
        ("rate = 0.1\nmin = 4", 4),
        ("rate = 1.0\nmax = 2", 2),
        ("rate = 1.0", 10),
        ("rate = 1.0\nstop_words = [\"ALPHA\", \"beta\"]", 8),
    ] {
        let outcome = run(&format!("{FAKE}{options}"), &[text]);
        assert_eq!(outcome.edits[0].len(), edits, "{options}");
    }
    let outcome = run(&format!("{FAKE}mode = \"insert\"\nrate = 0.5"), &[text]);
    assert_eq!(outcome.edits[0].len(), 5);
    assert_eq!(outcome.texts()[0].split(' ').count(), 15);
}

#[test]
fn nulls_and_texts_without_a_word_pass_through_counted() {
    let texts = [
        None,
        Some(""),
        Some("12.5 ?!"),
        Some("https://example.com"),
        Some("dull"),
    ];
    let outcome = run_numbered(FAKE, &texts, 0, 0).unwrap();
    let left: Vec<Option<&str>> = outcome.rows.iter().map(|row| row.2.as_deref()).collect();
    assert_eq!(left[..4], texts[..4]);
    assert_eq!(outcome.rows[0].1, 0);
    assert_eq!(outcome.rows[4].1, 1);
    assert_eq!(outcome.count("unchanged: null"), 1);
    assert_eq!(outcome.count("unchanged: no word to replace"), 3);
    let outcome = run_numbered(&format!("{FAKE}replicas = 2"), &texts, 0, 0).unwrap();
    assert_eq!(outcome.rows.len(), 2);
    assert_eq!(outcome.count("shortfall: null"), 2);
    assert_eq!(outcome.count("shortfall: no word to replace"), 6);
}

#[test]
fn protected_text_and_names_stay() {
    let text = "See `dull code` at https://dull.com/film, {dull} @dull in Paris; dull film";
    let options = format!("{FAKE}rate = 1.0\nprotect = [\"film$\"]\nstop_words = [\"see\"]");
    let outcome = run(&options, &[text]);
    let changed: Vec<&str> = outcome.edits[0]
        .iter()
        .map(|edit| edit.2.as_str())
        .collect();
    assert_eq!(changed, ["at", "in", "dull"]);
    let options = format!("{FAKE}rate = 1.0\nmode = \"insert\"");
    for (start, end, old, new) in &run(&options, &["a `b c` d, e"]).edits[0] {
        assert!(start == end && old.is_empty() && new.starts_with(' '));
        assert!(![3, 4, 5, 6].contains(start), "{start}");
    }
}

#[test]
fn edits_are_spans_of_the_original() {
    let texts = [
        "A dull film,\r\n\tnot\u{a0}funny 😀 – at all…",
        "Dull! DULL? dull",
    ];
    for mode in ["replace", "insert"] {
        let outcome = run(&format!("{FAKE}mode = \"{mode}\"\nrate = 0.6"), &texts);
        for (row, text) in texts.iter().enumerate() {
            let mut made = String::new();
            let mut done = 0;
            for (start, end, old, new) in &outcome.edits[row] {
                let span = *start as usize..*end as usize;
                assert_eq!(&text[span.clone()], old);
                made += &text[done..span.start];
                made += new;
                done = span.end;
            }
            made += &text[done..];
            assert_eq!(outcome.texts()[row], made);
            assert_ne!(made, *text);
        }
    }
}

#[test]
fn what_cannot_be_read_follows_on_error() {
    let texts = ["a dull film", "a bad film", "dull"];
    let run = |on_error: &str| {
        let options = format!("model = \"fake:unreadable\"\non_error = \"{on_error}\"");
        run_numbered(&options, &texts.map(Some), 7, 0)
    };
    let error = run("fail").unwrap_err().to_string();
    assert!(
        error.contains("row 8: it has something bad in it"),
        "{error}"
    );
    for on_error in ["drop", "route"] {
        let outcome = run(on_error).unwrap();
        let rows: Vec<u64> = outcome.rows.iter().map(|row| row.0).collect();
        assert_eq!(rows, [7, 9]);
        assert_eq!(outcome.count("error: the row was refused"), 1);
        let reason = "it has something bad in it".to_owned();
        let expected = if on_error == "route" {
            vec![(8, reason)]
        } else {
            Vec::new()
        };
        assert_eq!(outcome.errors, expected);
    }
    // What the runtime cannot do is no fault of a row.
    let error = run_numbered(
        "model = \"fake:fails\"\non_error = \"drop\"",
        &texts.map(Some),
        0,
        0,
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("filling blanks with `fake:fails`: out of memory"),
        "{error}"
    );
}

#[test]
fn rows_in_other_languages_are_left_alone() {
    let column =
        |values: &[&str]| -> ArrayRef { std::sync::Arc::new(StringArray::from(values.to_vec())) };
    let records = RecordBatch::try_from_iter([
        ("text", column(&["a dull film", "ein langer Film"])),
        ("lang", column(&["en-GB", "de"])),
    ])
    .unwrap();
    let options = format!("{FAKE}languages = [\"en\"]\nlanguage_column = \"lang\"");
    let configured = trial::configured("masked_lm", &options).unwrap();
    let outcome = trial::run(&*configured, records.clone(), 0, 0).unwrap();
    assert_eq!(outcome.texts()[1], "ein langer Film");
    assert_ne!(outcome.texts()[0], "a dull film");
    assert_eq!(outcome.count("unchanged: another language"), 1);
    assert!(configured.schemas(&records.schema()).is_ok());
    let wrong = trial::configured("masked_lm", &format!("{FAKE}languages = [\"en\"]")).unwrap();
    let problems = wrong.schemas(&records.schema()).unwrap_err();
    assert!(
        problems[0].message.contains("no column `language`"),
        "{problems:?}"
    );
}

#[test]
fn the_same_text_with_the_same_blanks_goes_through_the_model_once() {
    let outcome = run(FAKE, &["dull", "dull", "dull"]);
    assert_eq!(outcome.measures["sentences"], (1, None));
    assert_eq!(outcome.measures["cache hits"], (2, Some(3)));
    // Each row draws for itself.
    let outcome = run(FAKE, &["dull"; 40]);
    let distinct: BTreeSet<&str> = outcome.texts().into_iter().collect();
    assert!(distinct.len() > 2, "{distinct:?}");
}

#[test]
fn options_are_checked() {
    let wrong = |options: &str| trial::configured("masked_lm", options).err().unwrap();
    let found = wrong(
        "model = \" \"\ntop_k = 0\ntop_p = 1.5\ntemperature = 0.0\nmin_probability = 1.0\n\
         rate = 2.0\nmin = 3\nmax = 2\nreplicas = 0\nprotect = [\"(\"]",
    );
    let places: Vec<&str> = found.iter().map(|(_, at)| at.as_str()).collect();
    assert_eq!(
        places,
        [
            "\" \"", "0", "1.5", "0.0", "1.0", "2.0", "2", "0", "[\"(\"]"
        ]
    );
    assert!(wrong("")[0].0.contains("model"), "{:?}", wrong(""));
    let found = wrong(&format!("{FAKE}mode = \"swap\""));
    assert_eq!(found[0].0, "`mode` cannot be `swap`");
    let settings = crate::inference::ModelSettings::default();
    let site = Site {
        base: std::path::Path::new(""),
        models: &settings,
    };
    let configured = trial::configured("masked_lm", "model = \"fake:no such\"").unwrap();
    let problems = configured.inspect(site).unwrap_err();
    assert_eq!(problems[0].option, "model");
    let configured = trial::configured("masked_lm", FAKE).unwrap();
    assert_eq!(configured.inspect(site).unwrap()["model"], "fake:");
}

#[test]
fn where_a_model_lies_is_not_part_of_the_fingerprint() {
    let canonical = |model: &str| {
        let options = format!("model = \"{model}\"");
        trial::configured("masked_lm", &options)
            .unwrap()
            .canonical(1)
    };
    assert_eq!(canonical("models/a"), canonical("/elsewhere/b"));
    assert_ne!(canonical("models/a"), canonical("hf://a/b"));
}

/// Text of the kind that real data holds.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,9}",
        3 => "[ \t\n\r]{1,2}",
        1 => "[.,;:!?'\"()@#<>{}`/_%$-]{1,2}",
        1 => "\\PC",
        1 => Just("\u{301}\u{200d}\u{feff}\u{a0}\0".to_owned()),
        1 => Just(" https://a.b/c?d ".to_owned()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_row_gets_the_same_variants_in_any_batch(
        texts in prop::collection::vec(prop_oneof![any_text(), any::<String>()], 1..8),
        insert: bool,
    ) {
        let mode = if insert { "insert" } else { "replace" };
        let options = format!("{FAKE}mode = \"{mode}\"\nrate = 0.4\nreplicas = 2");
        let all: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        let together = run_numbered(&options, &all, 0, 0).unwrap();
        let mut alone = Vec::new();
        for (number, text) in (0..).zip(&all) {
            alone.extend(run_numbered(&options, &[*text], number, 0).unwrap().rows);
        }
        prop_assert_eq!(&together.rows, &alone);
        for (row, replica, made) in &together.rows {
            let made = made.as_ref().unwrap();
            let text = all[usize::try_from(*row).unwrap()].unwrap();
            prop_assert_ne!(made, text);
            prop_assert!((1..=2).contains(replica));
            let links = |text: &str| text.matches("https://a.b/c?d").count();
            prop_assert_eq!(links(made), links(text));
        }
    }
}
