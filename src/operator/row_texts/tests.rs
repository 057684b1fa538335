//! What holds for rows with several texts, whatever operator works on them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Int32Array, LargeListArray, LargeStringArray,
    ListArray, RecordBatch, StringArray, StringDictionaryBuilder, StringViewArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int8Type, Schema};
use proptest::prelude::*;
use toml::de::DeTable;

use super::units::Units;
use crate::batch::{Batch, Origins, Rows, Shard};
use crate::columns::RowTexts;
use crate::operator::{Amount, BuildContext, Context, Registry, Resources, TextColumn};

/// The batches that leave an operator on these rows, and its counts.
pub(super) fn run(
    name: &str,
    options: &str,
    records: &RecordBatch,
    texts: &RowTexts,
) -> (Vec<Option<Batch>>, std::collections::BTreeMap<String, u64>) {
    let table = DeTable::parse(options).unwrap();
    let configured = Registry::builtin()
        .parse(name, table.get_ref(), table.span())
        .unwrap()
        .unwrap();
    let text = TextColumn {
        name: texts.paths[0].name().to_owned(),
        index: texts.paths[0].column(),
    };
    let rows = records.num_rows();
    let mut operator = configured
        .build(&BuildContext {
            id: "demo",
            inputs: &[],
            position: 0,
            seed: 42,
            text: &text,
            texts: Some(texts),
            source_rows: rows as u64,
            amount: Amount::NONE,
            resources: &Resources::default(),
        })
        .unwrap();
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
    let mut context = Context::new(&shard, 0, 2);
    operator.process(batch, &mut context).unwrap();
    let counts = shard.counters.operator(0).snapshot();
    (context.into_outputs(), counts.reasons)
}

/// A row: a title, a list of messages (role and content), a pair of lines, a note in a struct.
type Line = (
    Option<String>,
    Option<Vec<Option<(i32, Option<String>)>>>,
    Option<[Option<String>; 2]>,
    Option<Option<String>>,
);

fn any_line() -> impl Strategy<Value = Line> {
    let text = || prop::option::weighted(0.8, "([a-zé]{1,5} ){0,6}");
    let message = prop::option::weighted(0.8, (any::<i32>(), text()));
    (
        text(),
        prop::option::weighted(0.8, prop::collection::vec(message, 0..4)),
        prop::option::weighted(0.8, [text(), text()]),
        prop::option::weighted(0.8, text()),
    )
}

fn nulls<T>(values: &[Option<T>]) -> NullBuffer {
    values.iter().map(Option::is_some).collect()
}

fn records(lines: &[Line]) -> RecordBatch {
    let titles: Vec<_> = lines.iter().map(|line| line.0.clone()).collect();
    let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
    for title in &titles {
        dictionary.append_option(title.as_deref());
    }

    // Behind a null message there is something, as there may be in a file.
    let lists: Vec<_> = lines.iter().map(|line| line.1.clone()).collect();
    let messages: Vec<_> = lists.iter().flatten().flatten().cloned().collect();
    let contents: Vec<Option<String>> = messages
        .iter()
        .map(|message| {
            message
                .clone()
                .map_or(Some("hidden words".to_owned()), |(_, text)| text)
        })
        .collect();
    let roles: Int32Array = messages
        .iter()
        .map(|message| Some(message.as_ref()?.0))
        .collect();
    let note = |name: &str, key: &str| {
        std::collections::HashMap::from([(key.to_owned(), name.to_owned())])
    };
    let fields = Fields::from(vec![
        Field::new("role", DataType::Int32, true).with_metadata(note("role", "of")),
        Field::new("content", DataType::LargeUtf8, true).with_metadata(note("content", "of")),
    ]);
    let contents: ArrayRef = Arc::new(LargeStringArray::from(contents));
    let values = StructArray::new(
        fields.clone(),
        vec![Arc::new(roles), contents],
        Some(nulls(&messages)),
    );
    let lengths = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len));
    let item = Arc::new(
        Field::new("element", DataType::Struct(fields), true).with_metadata(note("item", "of")),
    );
    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
    let messages = LargeListArray::new(item, offsets, Arc::new(values), Some(nulls(&lists)));

    let pairs: Vec<_> = lines.iter().map(|line| line.2.clone()).collect();
    let flat: Vec<Option<String>> = pairs
        .iter()
        .flat_map(|pair| pair.clone().unwrap_or([None, Some("hidden".into())]))
        .collect();
    let item = Arc::new(Field::new_list_field(DataType::Utf8View, true));
    let flat: ArrayRef = Arc::new(StringViewArray::from_iter(flat));
    let pairs = FixedSizeListArray::new(item, 2, flat, Some(nulls(&pairs)));

    let notes: Vec<_> = lines.iter().map(|line| line.3.clone()).collect();
    let texts: StringArray = notes
        .iter()
        .map(|note| note.clone().unwrap_or(Some("x y".into())))
        .collect();
    // A list in a struct.
    let lengths = vec![1; texts.len()];
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let list = ListArray::new(
        item,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(texts),
        None,
    );
    let fields = Fields::from(vec![Field::new("notes", list.data_type().clone(), false)]);
    let meta = StructArray::new(fields, vec![Arc::new(list)], Some(nulls(&notes)));

    let columns: Vec<ArrayRef> = vec![
        Arc::new(dictionary.finish()),
        Arc::new(messages),
        Arc::new(pairs),
        Arc::new(meta),
    ];
    let fields: Vec<Field> = ["title", "messages", "pair", "meta"]
        .iter()
        .zip(&columns)
        .map(|(name, column)| {
            Field::new(*name, column.data_type().clone(), true).with_metadata(note(name, "of"))
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

const PATHS: [&str; 4] = ["title", "messages[].content", "pair[]", "meta.notes[]"];

fn texts_of(records: &RecordBatch, names: &[&str]) -> RowTexts {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    RowTexts::resolve(&names, &[], &records.schema()).unwrap()
}

/// All texts of each row, in order.
pub(super) fn listed(records: &RecordBatch, texts: &RowTexts) -> Vec<Vec<String>> {
    let units = Units::of(records, &texts.paths).unwrap();
    let text = |row| {
        let units_of_row = units.of_row(row).iter();
        units_of_row
            .map(|unit| units.text(*unit).to_owned())
            .collect()
    };
    (0..records.num_rows()).map(text).collect()
}

/// Dictionaries as the texts they stand for.
fn plain(records: &RecordBatch) -> Vec<ArrayRef> {
    let columns = records.columns().iter();
    columns
        .map(|column| match column.data_type() {
            DataType::Dictionary(..) => arrow::compute::cast(column, &DataType::Utf8).unwrap(),
            _ => Arc::clone(column),
        })
        .collect()
}

/// `records` with the texts at all paths as they are in `before`, which has the same rows.
pub(super) fn undone(records: &RecordBatch, before: &RecordBatch, texts: &RowTexts) -> RecordBatch {
    let old = Units::of(before, &texts.paths).unwrap();
    let new = Units::of(records, &texts.paths).unwrap();
    let pairs = (0..records.num_rows()).flat_map(|row| new.of_row(row).iter().zip(old.of_row(row)));
    let pairs: Vec<_> = pairs
        .map(|(new, old_unit)| (*new, old.text(*old_unit)))
        .collect();
    let columns = records.columns().to_vec();
    let columns = new.replaced(columns, &texts.paths, &pairs).unwrap();
    RecordBatch::try_new(records.schema(), columns).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn rate_0_is_the_identity(lines in prop::collection::vec(any_line(), 1..20)) {
        let records = records(&lines);
        let texts = texts_of(&records, &PATHS);
        for options in ["rate = 0.0", "rate = 0.0\nvary = \"one\""] {
            let (outputs, _) = run("random_deletion", options, &records, &texts);
            prop_assert_eq!(&outputs[0].as_ref().unwrap().records, &records);
        }
    }

    #[test]
    fn all_around_the_texts_stays(
        lines in prop::collection::vec(any_line(), 1..20),
        chosen in prop::sample::subsequence(PATHS.to_vec(), 1..=4),
    ) {
        let records = records(&lines);
        let texts = texts_of(&records, &chosen);
        let (outputs, _) = run("random_deletion", "rate = 0.5", &records, &texts);
        let after = &outputs[0].as_ref().unwrap().records;
        prop_assert_eq!(&plain(&undone(after, &records, &texts)), &plain(&records));
        // Every text of more than one word has lost some, and no other has changed.
        for (before, after) in listed(&records, &texts).iter().zip(listed(after, &texts)) {
            prop_assert_eq!(before.len(), after.len());
            for (before, after) in before.iter().zip(&after) {
                let words = before.split_whitespace().count();
                prop_assert_eq!(before != after, words > 1, "{} {}", before, after);
            }
        }
    }

    #[test]
    fn variants_of_rows_differ_as_a_whole(
        lines in prop::collection::vec(any_line(), 1..12),
        one in any::<bool>(),
    ) {
        let records = records(&lines);
        let texts = texts_of(&records, &PATHS);
        let vary = if one { "one" } else { "together" };
        let options = format!("rate = 0.4\nreplicas = 3\nvary = \"{vary}\"");
        let (outputs, counts) = run("random_swap", &options, &records, &texts);
        let output = outputs[0].as_ref().unwrap();
        let (before, after) = (listed(&records, &texts), listed(&output.records, &texts));
        let short: u64 = counts.iter().filter(|(reason, _)| reason.starts_with("shortfall")).map(|(_, n)| n).sum();
        prop_assert_eq!(after.len() as u64 + short, 3 * records.num_rows() as u64);
        for (row, texts) in after.iter().enumerate() {
            let origin = output.rows.origin[row] as usize;
            let (parent, replica) = (&before[origin], output.rows.replica[row] as usize);
            prop_assert_ne!(texts, parent);
            let twins = (0..row).filter(|other| output.rows.origin[*other] as usize == origin);
            for twin in twins {
                prop_assert_ne!(&after[twin], texts);
            }
            if one {
                let changed: Vec<usize> = (0..texts.len()).filter(|unit| texts[*unit] != parent[*unit]).collect();
                prop_assert_eq!(changed, [(replica - 1) % texts.len()]);
            }
        }
        // The rest rides along.
        let parents = arrow::array::UInt32Array::from(output.rows.origin.clone());
        let taken = arrow::compute::take_record_batch(&records, &parents).unwrap();
        prop_assert_eq!(&plain(&undone(&output.records, &taken, &texts)), &plain(&taken));
    }

    #[test]
    fn edits_say_which_text_they_are_of(lines in prop::collection::vec(any_line(), 1..12)) {
        let records = records(&lines);
        let texts = texts_of(&records, &PATHS);
        let (outputs, _) = run("random_deletion", "rate = 0.5", &records, &texts);
        let output = outputs[0].as_ref().unwrap();
        let units = Units::of(&records, &texts.paths).unwrap();
        let after = listed(&output.records, &texts);
        for (row, log) in output.rows.edits.as_ref().unwrap().iter().enumerate() {
            let mut made: Vec<String> = Vec::new();
            let places: Vec<String> = units
                .of_row(row)
                .iter()
                .map(|unit| {
                    made.push(units.text(*unit).to_owned());
                    texts.paths[unit.path].place(units.items(*unit))
                })
                .collect();
            let mut log = log.as_ref();
            while let Some(edits) = log {
                let unit = places.iter().position(|place| Some(&**place) == edits.text.as_deref());
                for edit in edits.edits.to_records().iter().rev() {
                    let span = edit.start as usize..edit.end as usize;
                    let text = &mut made[unit.unwrap()];
                    prop_assert_eq!(&text[span.clone()], &edit.old);
                    text.replace_range(span, &edit.new);
                }
                log = edits.previous.as_ref();
            }
            prop_assert_eq!(&made, &after[row]);
        }
    }

    #[test]
    fn draws_do_not_depend_on_the_batch(lines in prop::collection::vec(any_line(), 2..12)) {
        let records = records(&lines);
        let texts = texts_of(&records, &PATHS);
        let options = "rate = 0.5\nreplicas = 2";
        let whole = run("random_swap", options, &records, &texts).0;
        let first = run("random_swap", options, &records.slice(0, 1), &texts).0;
        let (whole, first) = (whole[0].as_ref().unwrap(), first[0].as_ref().unwrap());
        let rows = first.rows.len();
        prop_assert_eq!(
            &listed(&whole.records, &texts)[..rows],
            &listed(&first.records, &texts)[..]
        );
    }
}

#[test]
fn texts_beside_stay_as_they_are() {
    let lines: Vec<Line> = vec![(
        Some("one two three four".to_owned()),
        Some(vec![Some((7, Some("five six seven eight".to_owned())))]),
        None,
        None,
    )];
    let records = records(&lines);
    let texts = texts_of(&records, &PATHS);
    let (outputs, _) = run(
        "random_swap",
        "rate = 1.0\ntext = \"title\"",
        &records,
        &texts,
    );
    let after = &outputs[0].as_ref().unwrap().records;
    assert_ne!(&plain(after)[0], &plain(&records)[0]);
    assert_eq!(after.column(1), records.column(1));
    assert_eq!(after.column(0).as_dictionary::<Int8Type>().len(), 1);
    let log = outputs[0].as_ref().unwrap().rows.edits.clone().unwrap();
    assert_eq!(log[0].as_ref().unwrap().text.as_deref(), Some("title"));
}

#[test]
fn an_operator_for_one_text_is_told_which() {
    let lines: Vec<Line> = vec![(Some("one".to_owned()), None, None, None)];
    let records = records(&lines);
    let texts = texts_of(&records, &PATHS);
    let options = "template = \"{title}!\"\ntext = \"title\"";
    let (outputs, _) = run("template", options, &records, &texts);
    let output = outputs[0].as_ref().unwrap();
    assert_eq!(listed(&output.records, &texts), [["one!"]]);
    let log = output.rows.edits.clone().unwrap();
    assert_eq!(log[0].as_ref().unwrap().text.as_deref(), Some("title"));
}

#[test]
fn lengths_are_of_all_texts_together() {
    let line = |title: Option<&str>, content: Option<&str>| -> Line {
        (
            title.map(str::to_owned),
            Some(vec![Some((1, content.map(str::to_owned)))]),
            None,
            None,
        )
    };
    let lines = [
        line(Some("one two"), Some("three")),
        line(Some("one two"), None),
        line(None, None),
    ];
    let records = records(&lines);
    let texts = texts_of(&records, &PATHS[..2]);
    let (outputs, counts) = run(
        "filter",
        "words = [3, 3]\ncharacters = [12, 12]",
        &records,
        &texts,
    );
    assert_eq!(outputs[0].as_ref().unwrap().rows.origin, [0]);
    assert_eq!(counts["filtered: characters"], 1);
    assert_eq!(counts["filtered: null text"], 1);
}
