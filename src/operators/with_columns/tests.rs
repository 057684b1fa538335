//! What `with_columns` makes, and of which types.

use arrow::array::*;
use arrow::datatypes::{DataType, Int8Type};
use proptest::prelude::*;

use super::*;
use crate::batch::{Origins, Shard};
use crate::operator::TextValues;
use crate::operator::{Resources, TextColumn};
use crate::operators::trial;

fn config(options: &str) -> WithColumns {
    let config: WithColumns = toml::from_str(options).unwrap();
    assert_eq!(config.validate(), []);
    config
}

fn records() -> RecordBatch {
    let text = StringArray::from(vec![Some(" a b "), Some("c"), None, Some("d ")]);
    let label: DictionaryArray<Int8Type> = vec![Some("x"), None, Some("y"), Some("x")]
        .into_iter()
        .collect();
    let number = Int32Array::from(vec![Some(1), Some(2), Some(3), None]);
    let columns: [(&str, ArrayRef); 3] = [
        ("label", Arc::new(label)),
        ("text", Arc::new(text)),
        ("number", Arc::new(number)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// What becomes of a batch with these columns. It has to have the columns of the plan.
fn run(options: &str, records: &RecordBatch) -> (Batch, u64) {
    let config = config(options);
    let planned = config.schemas(&records.schema()).unwrap();
    let text = TextColumn {
        name: "text".to_owned(),
        index: 1,
    };
    assert_eq!(config.check_text(&records.schema(), &text), []);
    let mut operator = config
        .build(&BuildContext {
            id: "demo",
            inputs: &[],
            position: 3,
            seed: 1,
            text: &text,
            source_rows: 4,
            texts: None,
            amount: Amount::NONE,
            resources: &Resources::default(),
        })
        .unwrap();
    let shard = Arc::new(Shard::new(0, "demo", "demo", 4));
    let mut origins = Origins::new("demo", 0, records.num_rows(), None);
    origins.text = Some(Arc::clone(records.column(1)));
    let batch = Batch {
        records: records.clone(),
        rows: Rows::originals(Arc::new(origins), true),
        shard: Arc::clone(&shard),
        seq: 0,
        last: false,
        ticket: None,
    };
    let mut context = Context::new(&shard, 3, 1);
    operator.process(batch, &mut context).unwrap();
    let output = context.into_outputs().pop().flatten().unwrap();
    assert_eq!(output.records.schema(), planned[0]);
    (output, shard.counters.operator(3).snapshot().changed)
}

#[test]
fn columns_are_replaced_in_place_or_added_in_the_order_of_the_file() {
    let (batch, _) = run(
        "columns = { z = \"1\", text = \"upper(text)\", a = \"number\", label = \"label || '!'\" }",
        &records(),
    );
    let schema = batch.records.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["label", "text", "number", "z", "a"]);
    // A text in place of a text, and a column alone, keep their types; a literal has 64 bits.
    let label = records().schema().field(0).data_type().clone();
    let types = [
        label,
        DataType::Utf8,
        DataType::Int32,
        DataType::Int64,
        DataType::Int32,
    ];
    for (field, expected) in schema.fields().iter().zip(types) {
        assert_eq!(*field.data_type(), expected, "{}", field.name());
    }
    let labels = TextValues::new(batch.records.column(0)).unwrap();
    assert_eq!((labels.get(0), labels.get(1)), (Some("x!"), None));
    assert_eq!(
        batch.records.column(3).as_ref(),
        &Int64Array::from(vec![1; 4])
    );
    assert_eq!(batch.records.column(4), records().column(2));
}

#[test]
fn columns_that_are_not_named_are_the_same_memory() {
    let records = records();
    let (batch, changed) = run("columns = { n = \"words * 2\" }", &records);
    for index in 0..3 {
        assert!(Arc::ptr_eq(
            batch.records.column(index),
            records.column(index)
        ));
    }
    let expected = Int64Array::from(vec![Some(4), Some(2), None, Some(2)]);
    assert_eq!(batch.records.column(3).as_ref(), &expected);
    assert_eq!(changed, 0);
}

#[test]
fn expressions_see_the_columns_as_they_came_in() {
    let (batch, _) = run(
        "columns = { text = \"'new'\", before = \"text\", length = \"characters\" }",
        &records(),
    );
    assert_eq!(batch.records.column(3), records().column(1));
    let lengths = Int64Array::from(vec![Some(5), Some(1), None, Some(2)]);
    assert_eq!(batch.records.column(4).as_ref(), &lengths);
}

#[test]
fn a_row_whose_text_changes_tells_so() {
    let options = "columns = { text = \"CASE WHEN text = 'd ' THEN NULL ELSE trim(text) END\" }";
    let (batch, changed) = run(options, &records());
    let rows = &batch.rows;
    assert_eq!(changed, 2);
    assert_eq!(rows.replica, [1, 0, 0, 1]);
    let sets: Vec<Vec<usize>> = rows
        .changed
        .iter()
        .map(|set| set.iter().collect())
        .collect();
    assert_eq!(sets, [vec![3], vec![], vec![], vec![3]]);
    let logs = rows.edits.as_ref().unwrap();
    let edit = |row: usize| {
        logs[row]
            .as_ref()
            .map(|log| log.edits.to_records()[0].clone())
    };
    let whole = |old: &str, new: &str| EditRecord {
        start: 0,
        end: u32::try_from(old.len()).unwrap(),
        old: old.to_owned(),
        new: new.to_owned(),
        from: None,
    };
    assert_eq!(edit(0), Some(whole(" a b ", "a b")));
    assert_eq!(edit(3), Some(whole("d ", "")));
    assert!(edit(1).is_none() && edit(2).is_none());
}

#[test]
fn the_text_stays_text() {
    let config = config("columns = { text = \"length(text)\", number = \"CAST(number AS TEXT)\" }");
    let schema = records().schema();
    let check = |name: &str, index| {
        let name = name.to_owned();
        config.check_text(&schema, &TextColumn { name, index })
    };
    let problems = check("text", 1);
    assert_eq!(problems[0].option, "columns.text");
    assert!(
        problems[0].message.contains("would become Int64"),
        "{problems:?}"
    );
    assert_eq!(check("label", 0), []);
    assert_eq!(check("number", 2), []);
}

#[test]
fn what_cannot_be_a_column_is_refused_at_its_option() {
    let said = |options: &str| {
        let problems = match trial::configured("with_columns", options) {
            Ok(config) => config.schemas(&records().schema()).unwrap_err(),
            Err(found) => return found[0].0.clone(),
        };
        assert_eq!(problems[0].option, "columns.a");
        problems[0].message.clone()
    };
    assert!(said("columns = { a = 'NULL' }").contains("no column can hold that"));
    assert!(said("columns = { a = 'nope' }").contains("no such column"));
    assert!(said("columns = { a = 'number + text' }").contains("does not fit"));
    assert!(said("columns = { a = 'SUM(number)' }").contains("an aggregate"));
    assert!(said("columns = {}").contains("there is no column"));
    assert!(said("columns = { a = 'number AS n' }").contains("leave out `AS n`"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn batches_cut_anywhere_give_the_same_columns(
        texts in prop::collection::vec(prop::option::of("[a-c é]{0,5}"), 1..20),
        cut in 0_usize..20,
    ) {
        let number: Int32Array = (0..).take(texts.len()).map(|n| (n % 3 > 0).then_some(n)).collect();
        let label: StringArray = texts.iter().map(|text| text.as_deref().map(|_| "l")).collect();
        let text: StringArray = texts.iter().map(Option::as_deref).collect();
        let columns: [(&str, ArrayRef, bool); 3] = [
            ("label", Arc::new(label), true),
            ("text", Arc::new(text), true),
            ("number", Arc::new(number), true),
        ];
        let records = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let options = "[columns]\ntext = \"upper(text)\"\nn = \"number + words\"\n\
                       all_null = \"CAST(NULL AS TEXT)\"\nfixed = \"'x'\"\nd = \"edit_distance\"\n\
                       parts = \"string_to_array(text, ' ')\"";
        let whole = run(options, &records).0.records;
        let cut = cut.min(records.num_rows());
        for part in [0..cut, cut..records.num_rows()] {
            let part = part.start..part.end;
            let records = records.slice(part.start, part.len());
            prop_assert_eq!(run(options, &records).0.records, whole.slice(part.start, part.len()));
        }
    }
}
