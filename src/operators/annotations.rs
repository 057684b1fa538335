//! Annotations stay in step with the texts that operators edit: for every row-level operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Int16Array, ListArray, RecordBatch, StringArray, StructArray, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use proptest::prelude::*;

use super::tests::{any_text, row_level};
use super::trial;
use crate::batch::{EditRecord, Origins, Shard};
use crate::columns::{OnCut, RowTexts, SpanTable, SpanUnit};
use crate::operator::{Configured, OperatorError, Resources, TextColumn};
use crate::prelude::*;
use crate::text::WordCounts;

/// A text, and the bytes that are annotated.
type Annotated = (String, Vec<(usize, usize)>);

fn annotated() -> impl Strategy<Value = Annotated> {
    let places = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30), 0..5);
    (any_text(), places).prop_map(|(text, places)| {
        let ends: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let spans = places.into_iter().map(|(start, length)| {
            let start = start.index(ends.len());
            let end = (start + length).min(ends.len() - 1);
            (ends[start], ends[end])
        });
        let spans = spans.collect();
        (text, spans)
    })
}

/// Rows with these texts, whose annotations are numbered over all rows.
fn records(texts: &[Annotated], unit: SpanUnit) -> RecordBatch {
    let offset = |text: &str, byte: usize| match unit {
        SpanUnit::Bytes => byte,
        SpanUnit::Characters => text[..byte].chars().count(),
    };
    let all = || {
        texts
            .iter()
            .flat_map(|(text, spans)| spans.iter().map(move |span| (text, span)))
    };
    let starts: UInt64Array = all()
        .map(|(text, span)| Some(offset(text, span.0) as u64))
        .collect();
    let ends: Int16Array = all()
        .map(|(text, span)| i16::try_from(offset(text, span.1)).ok())
        .collect();
    let labels: StringArray = (0..starts.len())
        .map(|number| Some(number.to_string()))
        .collect();
    let fields = Fields::from(vec![
        Field::new("label", DataType::Utf8, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::Int16, true),
    ]);
    let columns: Vec<ArrayRef> = vec![Arc::new(labels), Arc::new(starts), Arc::new(ends)];
    let values = StructArray::new(fields.clone(), columns, None);
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(texts.iter().map(|(_, spans)| spans.len()));
    let entities: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(values), None));
    let column: StringArray = texts.iter().map(|(text, _)| Some(text.as_str())).collect();
    let column: ArrayRef = Arc::new(column);
    RecordBatch::try_from_iter_with_nullable([("text", column, true), ("entities", entities, true)])
        .unwrap()
}

fn row_texts(records: &RecordBatch, unit: SpanUnit, on_cut: OnCut) -> RowTexts {
    let table = SpanTable {
        unit,
        on_cut,
        ..SpanTable::from("entities")
    };
    RowTexts::resolve(&["text".to_owned()], &[table], &records.schema()).unwrap()
}

/// What leaves by the main output, what leaves by the second, and the counts.
type Outcome = (Batch, Option<Batch>, BTreeMap<String, u64>);

/// Runs an operator on rows with these texts.
fn run(
    configured: &dyn Configured,
    records: &RecordBatch,
    texts: &RowTexts,
) -> Result<Outcome, OperatorError> {
    let text = TextColumn {
        name: "text".to_owned(),
        index: 0,
    };
    let resources = Resources::default();
    if configured.counts_words() {
        let values = records.column(0).as_string::<i32>();
        let counts = WordCounts::of(values.iter().flatten());
        resources.set_word_counts("demo", Arc::new(counts));
    }
    let rows = records.num_rows();
    let mut operator = configured.build(&BuildContext {
        id: "demo",
        inputs: &[],
        position: 0,
        seed: 42,
        text: &text,
        texts: Some(texts),
        source_rows: rows as u64,
        amount: Amount::NONE,
        resources: &resources,
    })?;
    let shard = Arc::new(Shard::new(0, "demo", "demo", 1));
    let origins = Arc::new(Origins::new("demo", 0, rows, None));
    let batch = Batch {
        records: records.clone(),
        rows: Rows::originals(origins, true),
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 0, configured.ports().len());
    operator.process(batch, &mut context)?;
    let mut outputs = context.into_outputs().into_iter();
    let main = outputs.next().flatten().unwrap();
    let counts = shard.counters.operator(0).snapshot().reasons;
    Ok((main, outputs.next().flatten(), counts))
}

/// The annotations of a row: numbers and bytes.
fn annotations(batch: &Batch, row: usize, unit: SpanUnit) -> Vec<(usize, std::ops::Range<usize>)> {
    let text = batch.records.column(0).as_string::<i32>().value(row);
    let byte = |offset: usize| match unit {
        SpanUnit::Bytes => offset,
        SpanUnit::Characters => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.nth(offset).unwrap()
        }
    };
    let list = batch.records.column(1).as_list::<i32>().value(row);
    let list = list.as_struct();
    let offsets = |name: &str| {
        let numbers = cast(list.column_by_name(name).unwrap(), &DataType::Int64).unwrap();
        numbers.as_primitive::<Int64Type>().values().to_vec()
    };
    let labels = list.column_by_name("label").unwrap().as_string::<i32>();
    let spans = offsets("start").into_iter().zip(offsets("end"));
    labels
        .iter()
        .zip(spans)
        .map(|(label, (start, end))| {
            let span = byte(usize::try_from(start).unwrap())..byte(usize::try_from(end).unwrap());
            (label.unwrap().parse().unwrap(), span)
        })
        .collect()
}

/// What the edits inside of `span` of `text` make of it.
fn replaced(text: &str, span: &(usize, usize), edits: &[EditRecord]) -> String {
    let mut made = text[span.0..span.1].to_owned();
    for edit in edits.iter().rev() {
        let (start, end) = (edit.start as usize, edit.end as usize);
        let is_insertion_outside = start == end && (start == span.0 || start == span.1);
        if span.0 <= start && end <= span.1 && !is_insertion_outside {
            made.replace_range(start - span.0..end - span.0, &edit.new);
        }
    }
    made
}

/// Runs an operator, and checks each annotation of each row that leaves.
fn check(name: &str, options: &str, texts: &[Annotated], unit: SpanUnit, on_cut: OnCut) {
    let records = records(texts, unit);
    let configured = trial::configured(name, options).unwrap();
    let (output, _, counts) =
        run(&*configured, &records, &row_texts(&records, unit, on_cut)).unwrap();
    let spans: Vec<(&str, (usize, usize))> = texts
        .iter()
        .flat_map(|(text, spans)| spans.iter().map(|span| (text.as_str(), *span)))
        .collect();
    let values = output.records.column(0).as_string::<i32>();
    let (mut expected, mut found) = (0, 0);
    for row in 0..output.rows.len() {
        let text = values.value(row);
        expected += texts[output.rows.origin[row] as usize].1.len() as u64;
        let log = output.rows.edits.as_ref().unwrap()[row].as_ref();
        let edits = log.map(|log| log.edits.to_records());
        let edits = edits.unwrap_or_default();
        let annotations = annotations(&output, row, unit);
        assert!(
            annotations.is_sorted_by_key(|(number, _)| *number),
            "{name}"
        );
        for (number, span) in annotations {
            let (old, place) = spans[number];
            let (before, after) = (&old[place.0..place.1], &text[span]);
            let is_kept = before == after;
            let is_replaced = on_cut == OnCut::Drop && replaced(old, &place, &edits) == after;
            assert!(
                is_kept || is_replaced,
                "{name} {options}\n{old:?}\n{text:?}\n{before:?} became {after:?}"
            );
            found += 1;
        }
    }
    let dropped = counts
        .get("dropped: annotation cut")
        .copied()
        .unwrap_or_default();
    assert_eq!(found + dropped, expected, "{name}");
    assert!(on_cut == OnCut::Drop || dropped == 0, "{name}");
}

proptest! {
    // Operators are costly to make, so each runs on many texts at a time.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_annotation_covers_what_it_did_or_what_took_its_place(
        texts in prop::collection::vec(annotated(), 25),
        in_bytes in any::<bool>(),
    ) {
        let unit = if in_bytes { SpanUnit::Bytes } else { SpanUnit::Characters };
        for (name, options) in row_level() {
            for on_cut in [OnCut::Protect, OnCut::Drop] {
                check(name, &options, &texts, unit, on_cut);
                check(name, &format!("{options}replicas = 2"), &texts, unit, on_cut);
            }
        }
        check("masked_lm", "model = \"fake:\"\nrate = 0.5", &texts, unit, OnCut::Protect);
        check("masked_lm", "model = \"fake:\"\nrate = 0.5\nreplicas = 2", &texts, unit, OnCut::Drop);
    }
}

#[test]
fn annotations_shift_move_and_are_cut() {
    let of = |text: &str, spans: &[(usize, usize)]| (text.to_owned(), spans.to_vec());
    let after = |name: &str, options: &str, text: Annotated, on_cut| {
        let records = records(&[text], SpanUnit::Bytes);
        let configured = trial::configured(name, options).unwrap();
        let texts = row_texts(&records, SpanUnit::Bytes, on_cut);
        let (output, ..) = run(&*configured, &records, &texts).unwrap();
        let text = output
            .records
            .column(0)
            .as_string::<i32>()
            .value(0)
            .to_owned();
        let spans = annotations(&output, 0, SpanUnit::Bytes);
        let surfaces: Vec<String> = spans
            .into_iter()
            .map(|(_, span)| text[span].to_owned())
            .collect();
        (text, surfaces)
    };
    // Both words change places, and take their annotations with them.
    let swapped = after(
        "random_swap",
        "max = 1",
        of("one two", &[(0, 3), (4, 7), (1, 5)]),
        OnCut::Drop,
    );
    assert_eq!(
        swapped,
        (
            "two one".to_owned(),
            vec!["one".to_owned(), "two".to_owned()]
        )
    );
    let kept = after(
        "random_swap",
        "max = 1",
        of("one two", &[(0, 3)]),
        OnCut::Protect,
    );
    assert_eq!(kept, ("one two".to_owned(), vec!["one".to_owned()]));
    let text = "It rained. We stayed in.";
    let shuffled = after(
        "sentence_shuffle",
        "rate = 1.0",
        of(text, &[(3, 9), (0, 10)]),
        OnCut::Protect,
    );
    assert_eq!(shuffled.0, "We stayed in. It rained.");
    assert_eq!(shuffled.1, ["rained", "It rained."]);
}

#[test]
fn what_rewrites_freely_refuses_annotated_rows() {
    let texts = [
        ("one two.".to_owned(), vec![(0, 3), (4, 7)]),
        ("three four.".to_owned(), vec![]),
    ];
    let records = records(&texts, SpanUnit::Characters);
    let texts = row_texts(&records, SpanUnit::Characters, OnCut::Protect);
    let models = "forward = \"fake:\"\nbackward = \"fake:\"\n";
    let outcome = |name: &str, options: &str| {
        let configured = trial::configured(name, options).unwrap();
        run(&*configured, &records, &texts)
    };
    // Kept as it is, by default.
    let (output, _, counts) = outcome("back_translation", models).unwrap();
    assert_eq!(
        (output.rows.replica, counts["unchanged: annotated"]),
        (vec![0, 1], 1)
    );
    let options = format!("{models}replicas = 2");
    let (output, _, counts) = outcome("back_translation", &options).unwrap();
    assert_eq!(
        (output.rows.origin, counts["shortfall: annotated"]),
        (vec![1, 1], 2)
    );
    let options = format!("{models}on_error = \"route\"");
    let (output, errors, counts) = outcome("back_translation", &options).unwrap();
    assert_eq!(
        (output.rows.origin, errors.unwrap().rows.origin),
        (vec![1], vec![0])
    );
    assert_eq!(counts["error: the row was refused"], 1);
    let fails = [
        ("back_translation", format!("{models}on_error = \"fail\"")),
        ("template", "template = \"{text}!\"".to_owned()),
        ("concatenate", String::new()),
    ];
    for (name, options) in fails {
        let message = outcome(name, &options).unwrap_err().to_string();
        assert!(
            message.starts_with("row 0: it has annotations"),
            "{name}: {message}"
        );
        let (output, _, counts) =
            outcome(name, &format!("{options}\non_annotations = \"drop\"")).unwrap();
        assert_eq!(output.rows.origin, [0, 1], "{name}");
        assert_eq!(counts["dropped: annotation cut"], 2, "{name}");
        assert!(annotations(&output, 0, SpanUnit::Characters).is_empty());
    }
}

#[test]
fn annotations_out_of_place_are_reported_with_row_and_number() {
    for (spans, unit, expected) in [
        (
            vec![(0, 1), (3, 2)],
            SpanUnit::Bytes,
            "annotation 1 in column `entities` starts at 3 and ends before, at 2",
        ),
        (
            vec![(0, 9)],
            SpanUnit::Bytes,
            "annotation 0 in column `entities` ends at 9, beyond its text",
        ),
        (
            vec![(0, 1)],
            SpanUnit::Bytes,
            "annotation 0 in column `entities` from byte 0 to 1 cuts a character",
        ),
    ] {
        let fine = ("one two".to_owned(), vec![]);
        let records = records(&[fine, ("éé a".to_owned(), spans)], unit);
        let texts = row_texts(&records, unit, OnCut::Protect);
        let outcome = |options: &str| {
            let configured = trial::configured("random_swap", options).unwrap();
            run(&*configured, &records, &texts)
        };
        let message = outcome("").unwrap_err().to_string();
        // The first case is out of order, but begins inside a character.
        if expected.contains("before") {
            assert!(message.starts_with("row 1: annotation"), "{message}");
        } else {
            assert_eq!(message, format!("row 1: {expected}"));
        }
        let (output, errors, counts) = outcome("on_error = \"route\"").unwrap();
        assert_eq!(
            (output.rows.origin, errors.unwrap().rows.origin),
            (vec![0], vec![1])
        );
        assert_eq!(counts["error: the row was refused"], 1);
    }
}
