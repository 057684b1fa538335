//! Operators that hold operators, from file to file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use augment::config::Document;
use augment::engine::RunSettings;
use augment::operator::Registry;
use augment::plan::{self, FileCatalog};

use crate::samples;
use crate::scratch::Scratch;

/// A chain, a choice of alternatives and a share of the rows, one after the other and side by side.
const NODES: &str = r#"
[operators.noise]
type = "chain"
inputs = ["data"]
replicas = 2
steps = [
  { type = "random_swap", rate = 0.2 },
  { type = "keyboard_typo", rate = 0.1 },
  { type = "random_swap", max = 1 },
]

[operators.robust]
type = "choose"
inputs = ["data", "noise"]
replicas = 2
alternatives = [
  { weight = 2, type = "keyboard_typo" },
  { weight = 1, steps = [{ type = "contraction" }, { type = "random_deletion" }] },
]

[operators.maybe]
type = "sometimes"
inputs = ["robust", "data"]
probability = 0.4
step = { type = "choose", alternatives = [{ type = "random_swap" }, { type = "homoglyph" }] }

[sinks.out]
type = "parquet"
inputs = ["data", "maybe", "noise"]
path = "out/{shard}.parquet"
lineage = "edits"
"#;

fn pipeline(nodes: &str) -> String {
    format!(
        "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
         text = \"text\"\n{nodes}"
    )
}

fn settings(workers: usize, batch_rows: usize) -> RunSettings {
    RunSettings {
        batch_rows,
        ..RunSettings::new(workers)
    }
}

/// The files that a run leaves, ledger and all. The next run starts with nothing.
fn outcome(scratch: &Scratch, text: &str, settings: &RunSettings) -> BTreeMap<String, String> {
    scratch.commit_all(text, settings);
    let mut digests = scratch.digests("out");
    digests.retain(|name, _| !name.ends_with("/lock"));
    fs::remove_dir_all(scratch.path("out")).unwrap();
    digests
}

fn strings(rows: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = rows.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

/// The rows of a folder, in the order of its files.
fn read_all(scratch: &Scratch, folder: &str) -> Vec<RecordBatch> {
    let names = scratch.visible(folder).into_iter();
    names
        .map(|name| scratch.read(&format!("{folder}/{name}")))
        .collect()
}

/// The texts of the sources by their identity.
fn parents(scratch: &Scratch) -> BTreeMap<String, Option<String>> {
    let mut texts = BTreeMap::new();
    for name in scratch.visible("data") {
        let rows = scratch.read(&format!("data/{name}"));
        for (number, text) in strings(&rows, "text").into_iter().enumerate() {
            texts.insert(format!("{name}#{number}"), text);
        }
    }
    texts
}

/// The lists in a column of lists of strings.
fn lists(rows: &RecordBatch, column: &str) -> Vec<Vec<String>> {
    let lists = rows.column_by_name(column).unwrap().as_list::<i32>();
    let list = |row| {
        let items = lists.value(row);
        let items = items.as_string::<i32>();
        items.iter().flatten().map(str::to_owned).collect()
    };
    (0..lists.len()).map(list).collect()
}

#[test]
fn the_same_bytes_however_the_run_goes_about_it() {
    let scratch = Scratch::new();
    for shard in 0..3 {
        let name = format!("data/{shard}.parquet");
        scratch.parquet(&name, &[samples::numbered_sentences(shard, 60)]);
    }
    let text = pipeline(NODES);
    let expected = outcome(&scratch, &text, &settings(1, 4096));
    assert_eq!(expected.len(), 4);
    for (workers, batch_rows) in [(1, 1), (2, 7), (8, 4096), (8, 1)] {
        let found = outcome(&scratch, &text, &settings(workers, batch_rows));
        assert_eq!(found, expected, "-j {workers} --batch-rows {batch_rows}");
    }
}

#[test]
fn the_edits_of_all_steps_replayed_give_the_text() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 150)]);
    scratch.commit_all(&pipeline(NODES), &RunSettings::new(2));
    let parents = parents(&scratch);
    let mut seen = BTreeSet::new();
    for rows in read_all(&scratch, "out") {
        let (texts, of) = (strings(&rows, "text"), strings(&rows, "aug_parent"));
        let operators = lists(&rows, "aug_operators");
        let lists = rows.column_by_name("aug_edits").unwrap().as_list::<i32>();
        for row in 0..rows.num_rows() {
            let edits = lists.value(row);
            let edits = edits.as_struct();
            let text_of = |name: &str| edits.column_by_name(name).unwrap().as_string::<i32>();
            let place_of = |name: &str| {
                edits
                    .column_by_name(name)
                    .unwrap()
                    .as_primitive::<Int64Type>()
            };
            let (by, old, new) = (text_of("operator"), text_of("old"), text_of("new"));
            let (starts, ends) = (place_of("start"), place_of("end"));
            let parent = &parents[of[row].as_ref().unwrap()];
            let mut text = parent.clone().unwrap_or_default();
            // Edits of one operator are in bytes of the text that it received.
            let mut edit = 0;
            let mut order: Vec<&str> = Vec::new();
            while edit < edits.len() {
                let operator = by.value(edit);
                order.push(operator);
                let (mut next, mut done) = (String::new(), 0);
                while edit < edits.len() && by.value(edit) == operator {
                    let start = usize::try_from(starts.value(edit)).unwrap();
                    let end = usize::try_from(ends.value(edit)).unwrap();
                    assert_eq!(&text[start..end], old.value(edit));
                    next.push_str(&text[done..start]);
                    next.push_str(new.value(edit));
                    done = end;
                    edit += 1;
                }
                text = next + &text[done..];
            }
            assert_eq!(Some(&text), texts[row].as_ref().or(Some(&String::new())));
            assert_eq!(order, operators[row]);
            seen.extend(operators[row].iter().cloned());
        }
    }
    let expected = [
        "maybe/choose/homoglyph",
        "maybe/choose/random_swap",
        "noise/keyboard_typo",
        "noise/random_swap",
        "noise/random_swap#2",
        "robust/contraction",
        "robust/keyboard_typo",
        "robust/random_deletion",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_summary_and_the_plan_show_a_node_and_its_steps() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 40)]);
    scratch.write("test.toml", pipeline(NODES));
    let run = scratch.run(["run", "test.toml", "--progress", "none"]);
    run.says(
        0,
        &[
            "noise ",
            "noise/random_swap ",
            "noise/random_swap#2 ",
            "robust/contraction ",
            "maybe/choose/homoglyph ",
            "unchanged: not drawn",
        ],
    );
    let plan = scratch.plan(&pipeline(NODES));
    let steps = "    steps noise/random_swap, noise/keyboard_typo, noise/random_swap#2\n";
    assert!(plan.render().contains(steps), "{}", plan.render());
    let preview = scratch.run(["preview", "test.toml", "--at", "noise", "-n", "1"]);
    assert_eq!(preview.code, Some(0), "{}", preview.stderr);
    assert!(
        preview.stdout.contains("noise/random_swap"),
        "{}",
        preview.stdout
    );
}

#[test]
fn a_step_that_changes_changes_the_fingerprint() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 5)]);
    let print = |text: &str| scratch.plan(&pipeline(text)).fingerprint;
    let first = print(NODES);
    for (from, to) in [
        ("weight = 2", "weight = 3"),
        ("type = \"homoglyph\"", "type = \"ocr_error\""),
        ("max = 1", "max = 2"),
        ("probability = 0.4", "probability = 0.5"),
    ] {
        assert_ne!(print(&NODES.replace(from, to)), first, "{to}");
    }
    assert_eq!(
        print(&NODES.replace("{ weight = 1, steps", "{ steps")),
        first
    );
}

#[test]
fn steps_may_be_tables_with_headers() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 5)]);
    let headers = r#"
[operators.noise]
type = "chain"
inputs = ["data"]
[[operators.noise.steps]]
type = "random_swap"
rate = 0.2
[[operators.noise.steps]]
type = "choose"
[[operators.noise.steps.alternatives]]
type = "contraction"
[sinks.out]
type = "parquet"
inputs = ["noise"]
path = "out/{shard}.parquet"
"#;
    let inline = r#"
[operators.noise]
type = "chain"
inputs = ["data"]
steps = [{ type = "random_swap", rate = 0.2 }, { type = "choose", alternatives = [{ type = "contraction" }] }]
[sinks.out]
type = "parquet"
inputs = ["noise"]
path = "out/{shard}.parquet"
"#;
    let print = |text: &str| scratch.plan(&pipeline(text)).fingerprint;
    assert_eq!(print(headers), print(inline));
}

#[test]
fn words_are_counted_for_steps() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 80)]);
    let text = pipeline(
        r#"
[operators.rare]
type = "chain"
inputs = ["data"]
steps = [{ type = "tfidf_replacement", rate = 0.5 }]

[sinks.out]
type = "parquet"
inputs = ["rare"]
path = "out/{shard}.parquet"
"#,
    );
    let report = scratch.commit_all(&text, &RunSettings::new(2));
    let (name, counts) = &report.operators[1];
    assert_eq!(name, "rare/tfidf_replacement");
    assert!(counts.changed > 20, "{counts:?}");
}

/// What the check says about a pipeline.
fn problems(scratch: &Scratch, text: &str) -> String {
    let base = scratch.path("");
    let document = Document::new("test.toml", text, &base, &[]);
    let catalog = FileCatalog::new(base);
    let (_, report) = plan::check(&document, None, &|_| None, &Registry::builtin(), &catalog);
    report.render(false)
}

#[test]
fn steps_count_towards_the_number_of_operators() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 5)]);
    let chain = |steps: usize| {
        let steps = vec!["{ type = \"random_swap\" }"; steps].join(", ");
        pipeline(&format!(
            "[operators.noise]\ntype = \"chain\"\ninputs = [\"data\"]\nsteps = [{steps}]\n\
             [sinks.out]\ntype = \"parquet\"\ninputs = [\"noise\"]\npath = \"out/{{shard}}.parquet\"\n"
        ))
    };
    assert_eq!(scratch.plan(&chain(127)).part_names().len(), 128);
    let found = problems(&scratch, &chain(128));
    assert!(
        found.contains("error[A209]: more than 128 operators"),
        "{found}"
    );
}

#[test]
fn an_operator_that_draws_from_its_batch_needs_a_whole_one() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(1, 40)]);
    let sink =
        "[sinks.out]\ntype = \"parquet\"\ninputs = [\"node\"]\npath = \"out/{shard}.parquet\"\n";
    let node = |options: &str| {
        pipeline(&format!(
            "[operators.node]\ninputs = [\"data\"]\n{options}\n{sink}"
        ))
    };
    let pairs = "steps = [{ type = \"random_swap\" }, { type = \"concatenate\" }]";
    let whole = node(&format!("type = \"chain\"\n{pairs}"));
    scratch.commit_all(&whole, &RunSettings::new(2));
    let (rows, texts) = (
        scratch.read("out/a.parquet"),
        scratch.read("data/a.parquet"),
    );
    let length = |rows: &RecordBatch| -> usize {
        strings(rows, "text")
            .iter()
            .flatten()
            .map(String::len)
            .sum()
    };
    assert!(length(&rows) > length(&texts) * 3 / 2);
    for options in [
        format!("type = \"chain\"\nreplicas = 2\n{pairs}"),
        format!("type = \"sometimes\"\nprobability = 0.5\n{pairs}"),
        "type = \"choose\"\nalternatives = [{ type = \"concatenate\" }]".to_owned(),
        format!("type = \"choose\"\nalternatives = [{{ type = \"chain\", {pairs} }}]"),
    ] {
        let found = problems(&scratch, &node(&options));
        assert!(
            found.contains("draws from the other rows of its batch"),
            "{found}"
        );
    }
}

#[cfg(not(feature = "polars"))]
#[test]
fn without_polars_labels_are_refused_with_the_remedy() {
    let scratch = Scratch::new();
    scratch.sample(1);
    let text = pipeline(
        "[operators.more]\ntype = \"balance\"\ninputs = [\"data\"]\ncolumn = \"label\"\n\
         step = { type = \"random_swap\" }\n\
         [sinks.out]\ntype = \"parquet\"\ninputs = [\"more\"]\npath = \"out/{shard}.parquet\"\n",
    );
    let found = problems(&scratch, &text);
    assert!(found.contains("without the feature `polars`"), "{found}");
    assert!(found.contains("--features polars"), "{found}");
}

#[cfg(feature = "polars")]
mod balance {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray};
    use augment::engine::{self, RunError};
    use augment::topology::{Silent, Stop};

    use super::*;

    fn nodes(target: &str, column: &str) -> String {
        pipeline(&format!(
            r#"
[operators.more]
type = "balance"
inputs = ["data"]
column = "{column}"
target = {target}
step = {{ type = "random_swap", max = 2 }}

[sinks.out]
type = "parquet"
inputs = ["data", "more"]
path = "out/{{shard}}.parquet"
"#
        ))
    }

    /// Shards of texts with labels: `a` is rarer than `b`, and `b` than `c`; some have none.
    fn workspace() -> Scratch {
        let scratch = Scratch::new();
        for (shard, rows) in [300_usize, 1, 200, 99].into_iter().enumerate() {
            let label = |row: usize| match row % 10 {
                0 => Some("a"),
                1..=3 => Some("b"),
                4 => None,
                _ => Some("c"),
            };
            let texts = (0..rows).map(|row| format!("this is row {row} of shard {shard} and more"));
            let columns: [(&str, ArrayRef); 4] = [
                ("text", Arc::new(StringArray::from_iter_values(texts))),
                (
                    "label",
                    Arc::new((0..rows).map(label).collect::<StringArray>()),
                ),
                (
                    "flag",
                    Arc::new(
                        (0..rows)
                            .map(|row| Some(row % 5 == 0))
                            .collect::<BooleanArray>(),
                    ),
                ),
                (
                    "number",
                    Arc::new(Int32Array::from_iter_values(
                        (0..rows).map(|row| i32::from(row % 4 == 0)),
                    )),
                ),
            ];
            let batch = RecordBatch::try_from_iter_with_nullable(
                columns.map(|(name, column)| (name, column, true)),
            );
            scratch.parquet(&format!("data/{shard}.parquet"), &[batch.unwrap()]);
        }
        scratch
    }

    /// Rows of each label in the files below `folder`.
    fn rows_by_label(scratch: &Scratch, folder: &str) -> BTreeMap<Option<String>, u64> {
        let mut rows = BTreeMap::new();
        for batch in read_all(scratch, folder) {
            for label in strings(&batch, "label") {
                *rows.entry(label).or_default() += 1;
            }
        }
        rows
    }

    #[test]
    fn labels_become_as_frequent_as_was_asked_for() {
        let scratch = workspace();
        let before = rows_by_label(&scratch, "data");
        let most = before[&Some("c".to_owned())];
        for (target, a, b) in [
            ("\"equal\"", most, most),
            (
                "{ ratio = 0.5 }",
                most.div_ceil(2),
                before[&Some("b".to_owned())],
            ),
            ("{ counts = { a = 180, b = 541 } }", 180, 541),
        ] {
            scratch.commit_all(&nodes(target, "label"), &RunSettings::new(2));
            let after = rows_by_label(&scratch, "out");
            let near = |label: &str, wanted: u64| {
                let b = before[&Some("b".to_owned())];
                let wanted = if label == "b" { wanted.max(b) } else { wanted };
                let found = after[&Some(label.to_owned())];
                // A bin holds no more than a few of so few rows.
                assert!(
                    found.abs_diff(wanted) <= 2,
                    "{target} {label}: {found} for {wanted}"
                );
            };
            near("a", a);
            near("b", b);
            assert_eq!(after[&Some("c".to_owned())], most);
            assert_eq!(after[&None], before[&None]);
            fs::remove_dir_all(scratch.path("out")).unwrap();
        }
    }

    #[test]
    fn where_it_divides_it_is_exact_and_rows_without_need_are_counted() {
        let scratch = workspace();
        let before = rows_by_label(&scratch, "data");
        let (a, b) = (before[&Some("a".to_owned())], before[&Some("b".to_owned())]);
        let target = format!("{{ counts = {{ a = {}, b = {b} }} }}", 4 * a);
        let report = scratch.commit_all(&nodes(&target, "label"), &RunSettings::new(2));
        let after = rows_by_label(&scratch, "out");
        assert_eq!(after[&Some("a".to_owned())], 4 * a);
        let (_, counts) = &report.operators[0];
        assert_eq!((counts.rows_out, counts.changed), (3 * a, 3 * a));
        let reason = |name: &str| counts.reasons[&format!("filtered: {name}")];
        assert_eq!(reason("label at its target"), b);
        assert_eq!(
            reason("label without a target"),
            before[&Some("c".to_owned())]
        );
        assert_eq!(reason("null label"), before[&None]);
    }

    #[test]
    fn the_same_bytes_however_the_run_goes_about_it() {
        let scratch = workspace();
        let text = nodes("\"equal\"", "label");
        let files = |mut files: BTreeMap<String, String>| {
            files.retain(|name, _| name.ends_with(".parquet"));
            files
        };
        let expected = outcome(&scratch, &text, &settings(1, 4096));
        for (workers, batch_rows) in [(2, 7), (8, 1), (8, 4096)] {
            let found = outcome(&scratch, &text, &settings(workers, batch_rows));
            assert_eq!(found, expected, "-j {workers} --batch-rows {batch_rows}");
        }
        let mut parts = BTreeMap::new();
        for part in 1..=3 {
            let settings = RunSettings {
                shard: Some((part, 3)),
                ..settings(2, 50)
            };
            parts.extend(outcome(&scratch, &text, &settings));
        }
        assert_eq!(files(parts), files(expected));
    }

    #[test]
    fn labels_are_numbers_and_truth_values_too() {
        let scratch = workspace();
        for (column, target) in [
            ("flag", "{ counts = { true = 240 } }"),
            ("number", "{ counts = { 1 = 302 } }"),
        ] {
            let report = scratch.commit_all(&nodes(target, column), &RunSettings::new(2));
            let (_, counts) = &report.operators[0];
            // 120 or 121 rows are true, and 151 are 1.
            assert!(
                (100..=170).contains(&counts.rows_out),
                "{column}: {counts:?}"
            );
            fs::remove_dir_all(scratch.path("out")).unwrap();
        }
    }

    #[test]
    fn another_row_makes_another_fingerprint() {
        let scratch = workspace();
        let text = nodes("\"equal\"", "label");
        let before = scratch.plan(&text).fingerprint;
        assert_eq!(scratch.plan(&text).fingerprint, before);
        scratch.parquet("data/9.parquet", &[scratch.read("data/1.parquet")]);
        assert_ne!(scratch.plan(&text).fingerprint, before);
    }

    #[test]
    fn a_label_that_no_row_has_keeps_the_run_from_starting() {
        let scratch = workspace();
        let plan = scratch.plan(&nodes("{ counts = { d = 5 } }", "label"));
        let error = engine::run(&plan, &RunSettings::new(2), &Silent, &Stop::default());
        let Err(RunError::Operator(error)) = error else {
            panic!("it runs");
        };
        let message = error.to_string();
        assert!(
            message.contains("operator `more`: `target.counts` names `d`"),
            "{message}"
        );
        assert!(message.ends_with("there are: a, b, c"), "{message}");
    }

    #[test]
    fn what_is_not_a_column_of_labels_is_said_at_its_place() {
        let scratch = workspace();
        let found = problems(&scratch, &nodes("\"equal\"", "lable"));
        assert!(found.contains("there is no column `lable`"), "{found}");
        assert!(found.contains("a similar one is `label`"), "{found}");
        scratch.parquet("floats/a.parquet", &[samples::all_types(1, 5)]);
        let other =
            nodes("\"equal\"", "number").replace("paths = [\"data\"]", "paths = [\"floats\"]");
        let found = problems(&scratch, &other);
        assert!(found.contains("error[A314]"), "{found}");
    }

    #[test]
    fn progress_says_that_labels_are_counted_and_a_preview_counts_them() {
        let scratch = workspace();
        scratch.write("test.toml", nodes("\"equal\"", "label"));
        let run = scratch.run(["run", "test.toml", "--progress", "plain"]);
        run.says(
            0,
            &["counting the labels of 600 rows first", "more/random_swap"],
        );
        let preview = scratch.run(["preview", "test.toml", "--at", "more", "-n", "2"]);
        assert_eq!(preview.code, Some(0), "{}", preview.stderr);
        assert!(
            preview.stdout.contains("more/random_swap"),
            "{}",
            preview.stdout
        );
    }
}
