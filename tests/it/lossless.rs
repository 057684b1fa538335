//! What no operator edits comes out as it went in, and what was edited can be replayed.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, ListArray, RecordBatch, RunArray, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use augment::engine::RunSettings;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use crate::samples;
use crate::scratch::Scratch;

/// Operators that touch nothing, one after the other.
const IDLE: &str = r#"
[operators.all]
type = "filter"
inputs = ["data"]
characters = [0, 1_000_000]

[operators.never]
type = "random_deletion"
inputs = ["all"]
rate = 0.0

[operators.nowhere]
type = "random_swap"
inputs = ["never"]
rate = 0.0
"#;

/// Operators that change most texts.
const BUSY: &str = r#"
[operators.swap]
type = "random_swap"
inputs = ["data"]
rate = 0.4

[operators.deletion]
type = "random_deletion"
inputs = ["swap"]
rate = 0.3

[operators.marks]
type = "punctuation_insertion"
inputs = ["deletion"]
"#;

fn pipeline(text: &str, operators: &str, last: &str, options: &str) -> String {
    format!(
        "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
         text = \"{text}\"\n{operators}\n[sinks.out]\ntype = \"parquet\"\ninputs = [\"{last}\"]\n\
         path = \"out/{{shard}}.parquet\"\n{options}\n"
    )
}

fn settings() -> RunSettings {
    RunSettings {
        batch_rows: 37,
        ..RunSettings::new(2)
    }
}

/// The rows whose text is not null: a filter rejects the others.
fn with_text(rows: &RecordBatch) -> RecordBatch {
    let texts = rows.column_by_name("text").unwrap();
    let kept = arrow::compute::is_not_null(texts).unwrap();
    arrow::compute::filter_record_batch(rows, &kept).unwrap()
}

/// Asserts that schemas and values are equal. Dictionaries are compared by what they say: which
/// number stands for a value is the writer's business.
#[track_caller]
fn assert_equal(found: &RecordBatch, expected: &RecordBatch) {
    let (found_schema, schema) = (found.schema(), expected.schema());
    assert_eq!(found_schema.fields().len(), schema.fields().len());
    for (found, field) in found_schema.fields().iter().zip(schema.fields()) {
        assert_eq!(found, field, "{}", field.name());
    }
    for (field, (found, expected)) in schema
        .fields()
        .iter()
        .zip(found.columns().iter().zip(expected.columns()))
    {
        assert_eq!(&plain(found), &plain(expected), "{}", field.name());
    }
}

fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values).unwrap(),
        _ => Arc::clone(array),
    }
}

#[test]
fn idle_operators_keep_everything() {
    let scratch = Scratch::new();
    let rows: Vec<RecordBatch> = [200, 1, 90]
        .iter()
        .map(|rows| samples::all_types(4, *rows))
        .collect();
    let pair = |key: &str, value: Option<&str>| KeyValue {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    let pairs = vec![
        pair("huggingface", Some("{\"info\": {}}")),
        pair("flag", None),
        pair("b", Some("")),
    ];
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(pairs.clone()))
        .build();
    scratch.parquet_with("data/a.parquet", &rows, properties);
    let input = with_text(&scratch.read("data/a.parquet"));
    scratch.commit_all(
        &pipeline("text", IDLE, "nowhere", "lineage = false"),
        &settings(),
    );
    let output = scratch.read("out/a.parquet");
    assert_equal(&output, &input);
    assert_eq!(output.schema().metadata(), input.schema().metadata());
    assert_eq!(output.schema().metadata()["schema 3"], "value \u{e9} 3");

    let file = std::fs::File::open(scratch.path("out/a.parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let found = builder
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap()
        .clone();
    let theirs = |pair: &KeyValue| pair.key != "ARROW:schema";
    assert_eq!(found.into_iter().filter(theirs).collect::<Vec<_>>(), pairs);
}

#[test]
fn every_type_of_text_keeps_its_type() {
    let texts = samples::texts(6, 120, 12);
    for (name, column) in samples::text_columns(&texts) {
        let scratch = Scratch::new();
        let field = |name: &str, array: &ArrayRef| {
            Field::new(name, array.data_type().clone(), true).with_metadata(samples::metadata(name))
        };
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..120));
        let fields = vec![field("number", &numbers), field("body", &column)];
        let schema = Schema::new_with_metadata(fields, samples::metadata("schema"));
        let rows = RecordBatch::try_new(Arc::new(schema), vec![numbers, column]).unwrap();
        scratch.parquet("data/a.parquet", &[rows.slice(0, 70), rows.slice(70, 50)]);
        scratch.commit_all(
            &pipeline("body", BUSY, "marks", "lineage = false"),
            &settings(),
        );
        let output = scratch.read("out/a.parquet");
        assert_eq!(output.schema().fields(), rows.schema().fields(), "{name}");
        assert_eq!(output.column(0), rows.column(0), "{name}");
        // Nulls stay null, and most of the rest is changed, like text of any other type.
        let strings = |array: &ArrayRef| cast(array, &DataType::Utf8).unwrap();
        let (before, after) = (strings(rows.column(1)), strings(output.column(1)));
        let (before, after) = (before.as_string::<i32>(), after.as_string::<i32>());
        let mut changed = 0;
        for (before, after) in before.iter().zip(after) {
            assert_eq!(before.is_none(), after.is_none(), "{name}");
            changed += usize::from(before != after);
        }
        assert!(changed > 60, "{name}: {changed} rows changed");
    }
}

#[test]
fn other_columns_ride_along_with_replicas() {
    let scratch = Scratch::new();
    let rows = samples::all_types(8, 150);
    scratch.parquet("data/a.parquet", &[rows.slice(0, 100), rows.slice(100, 50)]);
    let input = scratch.read("data/a.parquet");
    let operators = "[operators.swap]\ntype = \"random_swap\"\ninputs = [\"data\"]\nreplicas = 2\n";
    let inputs = pipeline("text", operators, "data\", \"swap", "");
    scratch.commit_all(&inputs, &settings());
    let output = scratch.read("out/a.parquet");
    assert!(output.num_rows() > 200);
    // Every row is its original in all but the text; `aug_parent` says which that is.
    let parents = output
        .column_by_name("aug_parent")
        .unwrap()
        .as_string::<i32>();
    let parents: Int64Array = parents
        .iter()
        .map(|parent| parent?.strip_prefix("a.parquet#")?.parse::<i64>().ok())
        .collect();
    let parents = cast(&parents, &DataType::UInt32).unwrap();
    let expected = arrow::compute::take_record_batch(&input, &parents).unwrap();
    let others: Vec<usize> = (1..input.num_columns()).collect();
    assert_equal(
        &output.project(&others).unwrap(),
        &expected.project(&others).unwrap(),
    );
    let originals = output
        .column_by_name("aug_replica")
        .unwrap()
        .as_primitive::<Int32Type>();
    let originals = arrow::compute::kernels::cmp::eq(originals, &Int32Array::new_scalar(0));
    let originals = arrow::compute::filter_record_batch(&output, &originals.unwrap()).unwrap();
    let all: Vec<usize> = (0..input.num_columns()).collect();
    assert_equal(&originals.project(&all).unwrap(), &input);
}

/// Parquet has no runs: arrow-rs writes them as the values they stand for, and reads them so.
#[test]
fn runs_keep_their_values() {
    let scratch = Scratch::new();
    let ends = Int32Array::from(vec![2, 3, 7]);
    let values = StringArray::from(vec![Some("one"), None, Some("three")]);
    let runs: ArrayRef = Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap());
    let texts: ArrayRef = Arc::new(StringArray::from(samples::sentences(1, 7)));
    let rows = RecordBatch::try_from_iter([("text", texts), ("runs", runs)]).unwrap();
    scratch.parquet("data/a.parquet", &[rows]);
    let input = scratch.read("data/a.parquet");
    assert_eq!(input.column(1).logical_null_count(), 1);
    scratch.commit_all(
        &pipeline("text", IDLE, "nowhere", "lineage = false"),
        &settings(),
    );
    assert_equal(&scratch.read("out/a.parquet"), &input);
}

#[test]
fn files_without_rows_are_files_without_rows() {
    let scratch = Scratch::new();
    let none = samples::all_types(1, 0);
    scratch.parquet(
        "data/empty_group.parquet",
        &[none.clone(), samples::all_types(1, 9), none.clone()],
    );
    scratch.parquet("data/no_rows.parquet", &[none]);
    scratch.commit_all(&pipeline("text", BUSY, "marks", ""), &settings());
    assert_eq!(
        scratch.visible("out"),
        ["empty_group.parquet", "no_rows.parquet"]
    );
    assert_eq!(scratch.read("out/empty_group.parquet").num_rows(), 9);
    let (input, output) = (
        scratch.read("data/no_rows.parquet"),
        scratch.read("out/no_rows.parquet"),
    );
    assert_eq!(output.num_rows(), 0);
    let columns = input.num_columns();
    assert_eq!(
        output.schema().fields()[..columns],
        input.schema().fields()[..]
    );
    assert_eq!(output.num_columns(), columns + 3);
}

/// One edit on record: the operator, the span it replaced, what was there and what is now.
struct Edit {
    operator: String,
    start: usize,
    end: usize,
    old: String,
    new: String,
}

fn edits_of(list: &ListArray, row: usize) -> Vec<Edit> {
    let edits = list.value(row);
    let edits = edits.as_struct();
    let text = |name: &str| {
        edits
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .clone()
    };
    let place = |name: &str| {
        edits
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Int64Type>()
            .clone()
    };
    let (operators, old, new) = (text("operator"), text("old"), text("new"));
    let (starts, ends) = (place("start"), place("end"));
    (0..edits.len())
        .map(|edit| Edit {
            operator: operators.value(edit).to_owned(),
            start: usize::try_from(starts.value(edit)).unwrap(),
            end: usize::try_from(ends.value(edit)).unwrap(),
            old: old.value(edit).to_owned(),
            new: new.value(edit).to_owned(),
        })
        .collect()
}

/// Applies the edits of one operator after the other, each in offsets of the text that the operator
/// was given.
fn replay(parent: &str, edits: &[Edit]) -> String {
    let mut text = parent.to_owned();
    for step in edits.chunk_by(|one, next| one.operator == next.operator) {
        let mut next = String::new();
        let mut copied = 0;
        for edit in step {
            assert_eq!(&text[edit.start..edit.end], edit.old);
            next.push_str(&text[copied..edit.start]);
            next.push_str(&edit.new);
            copied = edit.end;
        }
        next.push_str(&text[copied..]);
        text = next;
    }
    text
}

/// Replays every row of `out/a.parquet`; gives how many rows were changed by how many operators.
fn replay_all(scratch: &Scratch) -> HashMap<usize, usize> {
    let (input, output) = (
        scratch.read("data/a.parquet"),
        scratch.read("out/a.parquet"),
    );
    let parents = input.column_by_name("text").unwrap().as_string::<i32>();
    let texts = output.column_by_name("text").unwrap().as_string::<i32>();
    let ids = output
        .column_by_name("aug_parent")
        .unwrap()
        .as_string::<i32>();
    let operators = output
        .column_by_name("aug_operators")
        .unwrap()
        .as_list::<i32>();
    let edits = output.column_by_name("aug_edits").unwrap().as_list::<i32>();
    let mut depths = HashMap::new();
    for row in 0..output.num_rows() {
        let number: usize = ids
            .value(row)
            .strip_prefix("a.parquet#")
            .unwrap()
            .parse()
            .unwrap();
        let edits = edits_of(edits, row);
        let text = texts.is_valid(row).then(|| texts.value(row));
        let parent = parents.is_valid(number).then(|| parents.value(number));
        assert_eq!(
            parent.map(|parent| replay(parent, &edits)).as_deref(),
            text,
            "row {row}"
        );
        // The operators in the one column are those of the other.
        let listed = operators.value(row);
        let listed: Vec<&str> = listed.as_string::<i32>().iter().flatten().collect();
        let mut acting: Vec<&str> = edits.iter().map(|edit| edit.operator.as_str()).collect();
        acting.dedup();
        assert_eq!(acting, listed, "row {row}");
        *depths.entry(listed.len()).or_default() += 1;
    }
    depths
}

const CHAIN: &str = r#"
[operators.synonyms]
type = "synonym_replacement"
inputs = ["data"]
rate = 0.3

[operators.swap]
type = "random_swap"
inputs = ["synonyms"]
rate = 0.3
replicas = 2

[operators.insertion]
type = "random_insertion"
inputs = ["swap"]
rate = 0.3

[operators.deletion]
type = "random_deletion"
inputs = ["insertion", "data"]
rate = 0.3

[operators.marks]
type = "punctuation_insertion"
inputs = ["deletion"]
"#;

#[test]
fn recorded_edits_suffice_to_replay() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::all_types(3, 200)]);
    scratch.commit_all(
        &pipeline("text", CHAIN, "marks", "lineage = \"edits\""),
        &settings(),
    );
    let depths = replay_all(&scratch);
    // Chains of all lengths have been there.
    for depth in [1, 2, 3, 4, 5] {
        assert!(
            depths.get(&depth).is_some_and(|rows| *rows > 3),
            "{depths:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_replayed_and_is_kept_by_idle_operators(
        texts in prop::collection::vec(prop::option::of("(\\PC|[a-z ]){0,80}"), 1..30),
    ) {
        let scratch = Scratch::new();
        let column: ArrayRef = Arc::new(StringArray::from(texts.clone()));
        let rows = RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap();
        scratch.parquet("data/a.parquet", &[rows]);
        scratch.commit_all(&pipeline("text", CHAIN, "marks", "lineage = \"edits\""), &settings());
        replay_all(&scratch);
        std::fs::remove_dir_all(scratch.path("out")).unwrap();
        scratch.commit_all(&pipeline("text", IDLE, "nowhere", ""), &settings());
        let output = scratch.read("out/a.parquet");
        let kept: Vec<_> = output.column(0).as_string::<i32>().iter().flatten().collect();
        let expected: Vec<_> = texts.iter().flatten().collect();
        prop_assert_eq!(output.num_rows(), kept.len());
        prop_assert_eq!(kept, expected);
    }
}
