//! Several texts in a row, nested texts, and annotations that stay in step with theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Int64Type};
use augment::engine::RunSettings;

use crate::samples;
use crate::scratch::Scratch;

/// Every third list is null or empty; so is every fifth message or content.
fn chats(rows: usize) -> RecordBatch {
    let texts = samples::texts(11, rows * 5, 14);
    let text = |row: usize, column: usize| texts[row * 5 + column].clone();
    let lengths: Vec<usize> = (0..rows)
        .map(|row| if row % 3 == 1 { 0 } else { row % 4 })
        .collect();
    let messages: Vec<(usize, usize)> = lengths
        .iter()
        .enumerate()
        .flat_map(|(row, length)| (0..*length).map(move |item| (row, item)))
        .collect();
    let contents: StringArray = messages
        .iter()
        .map(|(row, item)| text(*row, 1 + item))
        .collect();
    let numbers: Int32Array = (0..).take(messages.len()).collect::<Vec<i32>>().into();
    let fields = Fields::from(vec![
        Field::new("number", DataType::Int32, true),
        Field::new("content", DataType::Utf8, true),
    ]);
    let is_there = (0..messages.len())
        .map(|number| number % 5 != 4)
        .collect::<NullBuffer>();
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(contents)];
    let values = StructArray::new(fields.clone(), columns, Some(is_there));
    let item = Arc::new(Field::new("element", DataType::Struct(fields), true));
    let nulls = (0..rows).map(|row| row % 6 != 1).collect::<NullBuffer>();
    let offsets = OffsetBuffer::from_lengths(lengths);
    let messages: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(values), Some(nulls)));
    let titles: StringArray = (0..rows).map(|row| text(row, 0)).collect();
    let (entities, titles) = (entities(&titles), Arc::new(titles));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0_i64..).take(rows)));
    RecordBatch::try_from_iter_with_nullable([
        ("title", titles as ArrayRef, true),
        ("messages", messages, true),
        ("entities", entities, true),
        ("number", numbers, true),
    ])
    .unwrap()
}

/// Two annotations of each text, of characters; null where the text is.
fn entities(texts: &StringArray) -> ArrayRef {
    let spans: Vec<Option<Vec<[i64; 2]>>> = texts
        .iter()
        .map(|text| {
            let length = i64::try_from(text?.chars().count()).unwrap();
            Some(vec![[length / 3, length / 2], [0, length / 5]])
        })
        .collect();
    let all: Vec<[i64; 2]> = spans.iter().flatten().flatten().copied().collect();
    let column = |place: usize| -> ArrayRef {
        Arc::new(
            all.iter()
                .map(|span| Some(span[place]))
                .collect::<Int64Array>(),
        )
    };
    let labels: StringArray = (0..all.len())
        .map(|number| Some(number.to_string()))
        .collect();
    let fields = Fields::from(vec![
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("label", DataType::Utf8, true),
    ]);
    let columns = vec![column(0), column(1), Arc::new(labels) as ArrayRef];
    let values = StructArray::new(fields.clone(), columns, None);
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
    let lengths = spans.iter().map(|spans| spans.as_ref().map_or(0, Vec::len));
    let nulls = spans.iter().map(Option::is_some).collect::<NullBuffer>();
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(item, offsets, Arc::new(values), Some(nulls)))
}

fn pipeline(source: &str, nodes: &str) -> String {
    format!(
        "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
         {source}\n{nodes}\n[sinks.out]\ntype = \"parquet\"\ninputs = [\"last\"]\n\
         path = \"out/{{shard}}.parquet\"\nlineage = \"edits\"\n"
    )
}

const TEXTS: &str = r#"text = ["title", "messages[].content"]"#;
const SPANS: &str = r#"
text = ["title", "messages[].content"]
spans = { column = "entities", text = "title" }
"#;

/// Several operators one after the other.
const CHAIN: &str = r#"
[operators.swap]
type = "random_swap"
inputs = ["data"]
rate = 0.4

[operators.title]
type = "random_deletion"
inputs = ["swap"]
text = "title"
rate = 0.3

[operators.last]
type = "punctuation_insertion"
inputs = ["title"]
replicas = 2
vary = "one"
"#;

/// An operator that edits nothing.
const IDLE: &str = r#"
[operators.last]
type = "random_deletion"
inputs = ["data"]
rate = 0.0
"#;

fn settings(workers: usize, batch_rows: usize) -> RunSettings {
    RunSettings {
        batch_rows,
        ..RunSettings::new(workers)
    }
}

fn run(scratch: &Scratch, source: &str, nodes: &str) -> RecordBatch {
    scratch.commit_all(&pipeline(source, nodes), &settings(2, 37));
    scratch.read("out/a.parquet")
}

fn data(rows: usize) -> (Scratch, RecordBatch) {
    let scratch = Scratch::new();
    let rows = chats(rows);
    let half = rows.num_rows() / 2;
    scratch.parquet(
        "data/a.parquet",
        &[
            rows.slice(0, half),
            rows.slice(half, rows.num_rows() - half),
        ],
    );
    let read = scratch.read("data/a.parquet");
    (scratch, read)
}

/// The rows that the rows of `output` are made of.
fn parents(output: &RecordBatch, input: &RecordBatch) -> RecordBatch {
    let numbers = output
        .column_by_name("number")
        .unwrap()
        .as_primitive::<Int64Type>();
    let indices: UInt32Array = numbers
        .iter()
        .map(|number| u32::try_from(number.unwrap()).ok())
        .collect();
    take_record_batch(input, &indices).unwrap()
}

/// All texts of a row, by place.
fn texts(rows: &RecordBatch, row: usize) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let title = rows.column_by_name("title").unwrap().as_string::<i32>();
    if title.is_valid(row) {
        texts.insert("title".to_owned(), title.value(row).to_owned());
    }
    let messages = rows.column_by_name("messages").unwrap().as_list::<i32>();
    if messages.is_valid(row) {
        let messages = messages.value(row);
        let messages = messages.as_struct();
        let contents = messages
            .column_by_name("content")
            .unwrap()
            .as_string::<i32>();
        for item in 0..messages.len() {
            if messages.is_valid(item) && contents.is_valid(item) {
                let place = format!("messages[{item}].content");
                texts.insert(place, contents.value(item).to_owned());
            }
        }
    }
    texts
}

/// What surrounds the texts of the messages.
fn around(rows: &RecordBatch) -> (Vec<usize>, Vec<bool>, Vec<Option<i32>>, Vec<bool>) {
    let list = rows.column_by_name("messages").unwrap().as_list::<i32>();
    let messages = list.values().as_struct();
    let numbers = messages
        .column_by_name("number")
        .unwrap()
        .as_primitive::<Int32Type>();
    let contents = messages.column_by_name("content").unwrap();
    let there = |item: usize| messages.is_valid(item);
    (
        (0..list.len()).map(|row| list.value(row).len()).collect(),
        (0..list.len()).map(|row| list.is_valid(row)).collect(),
        (0..messages.len())
            .map(|item| there(item).then(|| numbers.value(item)))
            .collect(),
        (0..messages.len())
            .map(|item| there(item) && contents.is_valid(item))
            .collect(),
    )
}

/// The surfaces of the annotations of a row, by label.
fn surfaces(rows: &RecordBatch, row: usize) -> Option<Vec<(String, String)>> {
    let list = rows.column_by_name("entities").unwrap().as_list::<i32>();
    if list.is_null(row) {
        return None;
    }
    let title = rows
        .column_by_name("title")
        .unwrap()
        .as_string::<i32>()
        .value(row);
    let entities = list.value(row);
    let entities = entities.as_struct();
    let number = |name: &str, item: usize| {
        let column = entities
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Int64Type>();
        usize::try_from(column.value(item)).unwrap()
    };
    let labels = entities.column_by_name("label").unwrap().as_string::<i32>();
    let surface = |item: usize| {
        let (start, end) = (number("start", item), number("end", item));
        title.chars().skip(start).take(end - start).collect()
    };
    Some(
        (0..entities.len())
            .map(|item| (labels.value(item).to_owned(), surface(item)))
            .collect(),
    )
}

#[test]
fn rate_0_keeps_nested_columns_as_they_are() {
    let (scratch, input) = data(200);
    let output = run(&scratch, SPANS, IDLE);
    for (index, field) in input.schema().fields().iter().enumerate() {
        assert_eq!(output.schema().field(index), field.as_ref());
        assert_eq!(
            output.column(index),
            input.column(index),
            "{}",
            field.name()
        );
    }
}

#[test]
fn what_surrounds_nested_texts_stays_and_texts_change() {
    let (scratch, input) = data(200);
    let output = run(&scratch, TEXTS, CHAIN);
    let parents = parents(&output, &input);
    assert_eq!(around(&output), around(&parents));
    for column in ["entities", "number"] {
        assert_eq!(&output[column], &parents[column]);
    }
    let mut changed = BTreeMap::new();
    for row in 0..output.num_rows() {
        let (before, after) = (texts(&parents, row), texts(&output, row));
        assert!(before.keys().eq(after.keys()));
        assert_ne!(before, after);
        for (place, text) in &before {
            *changed.entry(place.clone()).or_insert(0) += usize::from(after[place] != *text);
        }
    }
    assert!(
        changed["title"] > 100 && changed["messages[2].content"] > 20,
        "{changed:?}"
    );
}

#[test]
fn edits_of_several_texts_can_be_replayed() {
    let (scratch, input) = data(150);
    let output = run(&scratch, TEXTS, CHAIN);
    let parents = parents(&output, &input);
    let lists = output["aug_edits"].as_list::<i32>();
    let mut edits = 0;
    for row in 0..output.num_rows() {
        let mut made = texts(&parents, row);
        let list = lists.value(row);
        let list = list.as_struct();
        let string = |name: &str| {
            list.column_by_name(name)
                .unwrap()
                .as_string::<i32>()
                .clone()
        };
        let number = |name: &str| {
            list.column_by_name(name)
                .unwrap()
                .as_primitive::<Int64Type>()
                .clone()
        };
        let (operators, places) = (string("operator"), string("text"));
        let (old, new) = (string("old"), string("new"));
        let (starts, ends) = (number("start"), number("end"));
        // The edits of one operator to one text are in bytes of what it was given.
        let (mut before, mut shift) = (None, 0);
        for edit in 0..list.len() {
            let of = (
                operators.value(edit).to_owned(),
                places.value(edit).to_owned(),
            );
            if before.as_ref() != Some(&of) {
                shift = 0;
            }
            let text = made.get_mut(&of.1).unwrap();
            let shifted = |offset: i64| {
                usize::try_from(offset)
                    .unwrap()
                    .checked_add_signed(shift)
                    .unwrap()
            };
            let (start, end) = (shifted(starts.value(edit)), shifted(ends.value(edit)));
            assert_eq!(&text[start..end], old.value(edit));
            text.replace_range(start..end, new.value(edit));
            shift += new.value(edit).len().cast_signed() - old.value(edit).len().cast_signed();
            before = Some(of);
            edits += 1;
        }
        assert_eq!(made, texts(&output, row), "row {row}");
    }
    assert!(edits > 300);
}

#[test]
fn any_number_of_workers_and_any_batch_give_the_same_bytes() {
    let (scratch, _) = data(300);
    let pipeline = pipeline(SPANS, CHAIN);
    let mut first = None;
    for (workers, batch_rows) in [(1, 4096), (4, 4096), (1, 97), (4, 97), (4, 1)] {
        if scratch.path("out").exists() {
            std::fs::remove_dir_all(scratch.path("out")).unwrap();
        }
        scratch.commit_all(&pipeline, &settings(workers, batch_rows));
        let digests = scratch.digests("out");
        let first = first.get_or_insert_with(|| digests.clone());
        assert_eq!(first, &digests, "{workers} workers, {batch_rows} rows");
    }
}

#[test]
fn annotations_keep_their_surfaces() {
    let (scratch, input) = data(200);
    let output = run(&scratch, SPANS, CHAIN);
    let parents = parents(&output, &input);
    let (mut moved, mut changed) = (0, 0);
    for row in 0..output.num_rows() {
        assert_eq!(surfaces(&output, row), surfaces(&parents, row), "row {row}");
        let (one, other) = (
            output["entities"].as_list::<i32>(),
            parents["entities"].as_list::<i32>(),
        );
        moved += usize::from(one.value(row).to_data() != other.value(row).to_data());
        changed +=
            usize::from(texts(&output, row).get("title") != texts(&parents, row).get("title"));
    }
    assert!(moved > 50 && changed > moved, "{moved} of {changed}");
}

#[test]
fn annotations_that_are_cut_are_dropped_and_counted() {
    let (scratch, input) = data(200);
    let spans = SPANS.replace(
        "text = \"title\" }",
        "text = \"title\", on_cut = \"drop\" }",
    );
    let nodes = "[operators.last]\ntype = \"random_deletion\"\ninputs = [\"data\"]\nrate = 0.5\n";
    let report = scratch.commit_all(&pipeline(&spans, nodes), &settings(2, 37));
    let output = scratch.read("out/a.parquet");
    let count = |rows: &RecordBatch| rows["entities"].as_list::<i32>().values().len() as u64;
    let dropped = report.operators[0].1.reasons["dropped: annotation cut"];
    assert!(dropped > 20, "{dropped}");
    assert_eq!(count(&output) + dropped, count(&input));
    assert_eq!(output["entities"].nulls(), input["entities"].nulls());
}

#[test]
fn a_list_of_texts_and_a_column_with_a_dotted_name() {
    let scratch = Scratch::new();
    let answers = ["one two three", "four five", "six seven eight"];
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let values: ArrayRef = Arc::new(StringArray::from(answers.to_vec()));
    let answers: ArrayRef = Arc::new(ListArray::new(
        item,
        OffsetBuffer::from_lengths([2, 0, 1]),
        values,
        None,
    ));
    let dotted: ArrayRef = Arc::new(StringArray::from(vec![Some("a b c d"), None, Some("e f")]));
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("answers", answers, true),
        ("meta.summary", dotted, true),
    ])
    .unwrap();
    scratch.parquet("data/a.parquet", &[rows]);
    let nodes =
        "[operators.last]\ntype = \"random_swap\"\ninputs = [\"data\"]\nrate = 1.0\nmax = 1\n";
    let output = run(&scratch, r#"text = ["answers[]", "meta.summary"]"#, nodes);
    let answers = output["answers"].as_list::<i32>();
    let words = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    let first = answers.value(0);
    let first = first.as_string::<i32>();
    assert_eq!(words(first.value(0)), ["one", "three", "two"]);
    assert_eq!((first.value(1), answers.value_length(1)), ("five four", 0));
    assert_ne!(first.value(0), "one two three");
    let dotted = output["meta.summary"].as_string::<i32>();
    assert!(dotted.is_null(1));
    assert_eq!(dotted.value(2), "f e");
}

#[test]
fn words_are_counted_over_all_texts() {
    let (scratch, _) = data(60);
    let nodes = "[operators.last]\ntype = \"tfidf_replacement\"\ninputs = [\"data\"]\nrate = 0.3\n";
    let output = run(&scratch, TEXTS, nodes);
    assert_eq!(output.num_rows(), 60);
    let edits = output["aug_edits"].as_list::<i32>();
    let texts = edits
        .values()
        .as_struct()
        .column_by_name("text")
        .unwrap()
        .as_string::<i32>();
    assert!(
        texts
            .iter()
            .flatten()
            .any(|text| text.starts_with("messages["))
    );
}

#[test]
fn plan_and_preview_show_every_text() {
    let (scratch, _) = data(12);
    scratch.write("p.toml", pipeline(SPANS, CHAIN));
    let planned = scratch.run(["plan", "p.toml"]);
    assert!(
        planned.stdout.contains("title Utf8 (text)"),
        "{}",
        planned.stdout
    );
    assert!(
        planned.stdout.contains("(text: messages[].content)"),
        "{}",
        planned.stdout
    );
    assert!(
        planned.stdout.contains("(annotates title)"),
        "{}",
        planned.stdout
    );
    let shown = scratch.run(["preview", "p.toml", "--at", "last", "-n", "6"]);
    assert!(shown.stdout.contains("\n  title: "), "{}", shown.stdout);
    assert!(
        shown.stdout.contains("\n  messages[0].content: "),
        "{}",
        shown.stdout
    );
}

#[test]
fn operators_on_batches_take_some_of_the_texts() {
    let (scratch, input) = data(60);
    let nodes = r#"
[operators.long]
type = "filter"
inputs = ["data"]
text = "title"
words = [3, 100]

[operators.last]
type = "template"
inputs = ["long"]
text = "title"
template = "{number}: {title}"
on_annotations = "drop"
"#;
    let output = run(&scratch, SPANS, nodes);
    let parents = parents(&output, &input);
    assert!((10..50).contains(&output.num_rows()));
    assert_eq!(around(&output), around(&parents));
    for row in 0..output.num_rows() {
        let (mut before, mut after) = (texts(&parents, row), texts(&output, row));
        let number = output["number"].as_primitive::<Int64Type>().value(row);
        let (old, new) = (
            before.remove("title").unwrap(),
            after.remove("title").unwrap(),
        );
        assert_eq!(new, format!("{number}: {old}"));
        assert_eq!(before, after);
        assert_eq!(surfaces(&output, row), Some(Vec::new()));
    }
}

#[test]
fn a_row_with_an_annotation_out_of_place_is_named() {
    let scratch = Scratch::new();
    let rows = chats(30);
    // The titles of other rows are not those that were annotated.
    let titles: StringArray = (0..30)
        .map(|row| {
            (row == 7)
                .then_some("a b")
                .or(Some("a long title, longer than the others were"))
        })
        .collect();
    let mut columns = rows.columns().to_vec();
    columns[0] = Arc::new(titles);
    columns[2] = entities(&StringArray::from(vec!["one two three"; 30]));
    scratch.parquet(
        "data/a.parquet",
        &[RecordBatch::try_new(rows.schema(), columns).unwrap()],
    );
    let nodes = |more: &str| {
        format!("[operators.last]\ntype = \"random_swap\"\ninputs = [\"data\"]\n{more}\n")
    };
    let report = scratch.run_engine(&pipeline(SPANS, &nodes("")), &settings(1, 10));
    let failure = format!("{:?}", report.shards[0].outcome);
    assert!(
        failure.contains("row 7: annotation 0 in column `entities` ends at 6, beyond its text"),
        "{failure}"
    );
    std::fs::remove_dir_all(scratch.path("out")).unwrap();
    let report = scratch.commit_all(
        &pipeline(SPANS, &nodes("on_error = \"drop\"")),
        &settings(1, 10),
    );
    assert_eq!(scratch.read("out/a.parquet").num_rows(), 29);
    assert_eq!(
        report.operators[0].1.reasons["error: the row was refused"],
        1
    );
}
