//! A pipeline that decides by SQL, from Parquet to Parquet: replicas, a filter on measures, new
//! columns, routes to several sinks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Float64Type, Int8Type, Int64Type};
use augment::engine::{RunSettings, preview};
use augment::inference::ModelSettings;
use augment::text::Chrf;

use crate::samples;
use crate::scratch::Scratch;

const PIPELINE: &str = r#"
version = 1
seed = 42

[sources.train]
type  = "parquet"
paths = ["data"]
text  = "text"
id    = "id"

[operators.variants]
type     = "random_deletion"
inputs   = ["train"]
rate     = 0.3
replicas = 3

[operators.faithful]
type   = "filter"
inputs = ["variants"]
where  = "chrf BETWEEN 0.3 AND 0.95 AND length_ratio < 2 AND label <> 'spam'"

[operators.described]
type   = "with_columns"
inputs = ["faithful"]

[operators.described.columns]
likeness = "chrf"
text     = "CASE WHEN label = 'title' THEN upper(text) ELSE text END"
size     = "words"
label    = "coalesce(label, 'none')"

[operators.parted]
type   = "route"
inputs = ["described"]
routes = { titles = "label = 'title'", long = "size > 6 AND edit_distance > 1", tiny = "size < 3" }

[sinks.titles]
type   = "parquet"
inputs = ["parted.titles"]
path   = "out/titles/{shard}.parquet"
lineage = "edits"

[sinks.long]
type   = "parquet"
inputs = ["parted.long"]
path   = "out/long/{shard}.parquet"

[sinks.others]
type   = "parquet"
inputs = ["parted.rest", "parted.tiny"]
path   = "out/others/{shard}.parquet"

[sinks.rejected]
type   = "parquet"
inputs = ["faithful.rejected"]
path   = "out/rejected/{shard}.parquet"
"#;

/// Sentences with labels; some texts are null.
fn rows(shard: u64, rows: usize) -> RecordBatch {
    let texts = samples::sentences(shard, rows);
    let text = |(row, text): (usize, &String)| (row % 31 != 0).then(|| text.clone());
    let texts: StringArray = texts.iter().enumerate().map(text).collect();
    let labels = [
        Some("title"),
        Some("spam"),
        Some("body"),
        Some("body"),
        None,
    ];
    let labels: DictionaryArray<Int8Type> = labels.into_iter().cycle().take(rows).collect();
    let ids: StringArray = (0..rows)
        .map(|row| Some(format!("{shard}-{row}")))
        .collect();
    let numbers: Int64Array = (0..).take(rows).map(Some).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(ids)),
        ("text", Arc::new(texts)),
        ("label", Arc::new(labels)),
        ("number", Arc::new(numbers)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn scratch() -> (Scratch, BTreeMap<String, String>) {
    let scratch = Scratch::new();
    let mut parents = BTreeMap::new();
    for shard in 0..3_u64 {
        let groups = [rows(shard, 400), rows(shard + 10, 150)];
        for group in &groups {
            let (ids, texts) = (group.column(0).as_string::<i32>(), group.column(1));
            let texts = texts.as_string::<i32>();
            for row in (0..group.num_rows()).filter(|row| texts.is_valid(*row)) {
                parents.insert(ids.value(row).to_owned(), texts.value(row).to_owned());
            }
        }
        scratch.parquet(&format!("data/{shard}.parquet"), &groups);
    }
    (scratch, parents)
}

/// All rows that a sink wrote.
fn written(scratch: &Scratch, sink: &str) -> Vec<RecordBatch> {
    (0..3)
        .map(|shard| scratch.read(&format!("out/{sink}/{shard}.parquet")))
        .collect()
}

#[test]
fn every_row_ends_where_the_conditions_say_or_is_counted() {
    let (scratch, parents) = scratch();
    let report = scratch.commit_all(PIPELINE, &RunSettings::new(2));
    let counts: BTreeMap<_, _> = report.operators.iter().cloned().collect();
    let sizes: BTreeMap<_, _> = report.rows_written.iter().cloned().collect();
    let variants = counts["variants"].rows_out;
    let short: u64 = counts["variants"].reasons.values().sum();
    assert_eq!(variants + short, 3 * report.rows_read);
    assert_eq!(sizes.values().sum::<u64>(), variants);
    assert!(sizes.values().all(|rows| *rows > 50), "{sizes:?}");
    assert_eq!(
        counts["faithful"].reasons["filtered: where"],
        sizes["rejected"]
    );
    assert_eq!(counts["parted"].rows_in, counts["described"].rows_out);
    assert_eq!(counts["described"].changed, sizes["titles"]);

    let mut chrf = Chrf::default();
    for sink in ["titles", "long", "others"] {
        for records in written(&scratch, sink) {
            let schema = records.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            assert_eq!(
                names[..6],
                ["id", "text", "label", "number", "likeness", "size"]
            );
            let label_type = DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into());
            assert_eq!(*schema.field(2).data_type(), label_type);
            let labels = arrow::compute::cast(records.column(2), &DataType::Utf8).unwrap();
            let (labels, texts) = (
                labels.as_string::<i32>(),
                records.column(1).as_string::<i32>(),
            );
            let likeness = records.column(4).as_primitive::<Float64Type>();
            let sizes = records.column(5).as_primitive::<Int64Type>();
            let parent_ids = records
                .column_by_name("aug_parent")
                .unwrap()
                .as_string::<i32>();
            let ids = records.column(0).as_string::<i32>();
            for row in 0..records.num_rows() {
                let (parent, label, size) = (
                    &parents[parent_ids.value(row)],
                    labels.value(row),
                    sizes.value(row),
                );
                assert_eq!(parent_ids.value(row), ids.value(row));
                assert_ne!(label, "spam");
                assert_eq!(label == "title", sink == "titles");
                if sink == "titles" {
                    assert_eq!(texts.value(row), texts.value(row).to_uppercase());
                } else {
                    chrf.set_reference(parent);
                    let expected = chrf.score(texts.value(row));
                    assert!((likeness.value(row) - expected).abs() < 1e-12);
                    let distance = strsim::levenshtein(texts.value(row), parent);
                    assert_eq!(size > 6 && distance > 1, sink == "long", "{parent}");
                }
                assert!((0.3..=0.95).contains(&likeness.value(row)));
            }
        }
    }
    let operators = written(&scratch, "titles").remove(0);
    let operators = operators
        .column_by_name("aug_operators")
        .unwrap()
        .as_list::<i32>()
        .value(0);
    let operators: Vec<_> = operators.as_string::<i32>().iter().flatten().collect();
    assert_eq!(operators, ["variants", "described"]);
}

#[test]
fn the_bytes_are_the_same_for_any_workers_and_batches() {
    let (scratch, _) = scratch();
    let mut found = BTreeSet::new();
    for (workers, batch_rows) in [(1, 4096), (2, 97), (4, 4096), (4, 1), (1, 13)] {
        let settings = RunSettings {
            batch_rows,
            fresh: true,
            ..RunSettings::new(workers)
        };
        scratch.commit_all(PIPELINE, &settings);
        found.insert(format!("{:?}", scratch.digests("out")));
    }
    assert_eq!(found.len(), 1);
}

#[test]
fn a_preview_shows_what_the_conditions_let_through() {
    let (scratch, parents) = scratch();
    let plan = scratch.plan(PIPELINE);
    let rows = preview(&plan, "parted.long", 5, &ModelSettings::default()).unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_eq!(row.texts[0].before.as_ref(), parents.get(&row.identity));
        assert_eq!(row.operators, ["variants"]);
        assert_ne!(row.texts[0].before, row.texts[0].after);
    }
}

#[test]
fn rows_can_be_parted_where_the_text_has_been_left_out() {
    // A source without a use for its text: only columns decide.
    let (scratch, _) = scratch();
    let pipeline = r#"
version = 1
[sources.train]
type  = "parquet"
paths = ["data"]
text  = "text"

[operators.parted]
type      = "route"
inputs    = ["train"]
routes    = { odd = "number % 2 = 1", few = "number < 10" }
otherwise = "drop"

[sinks.odd]
type   = "parquet"
inputs = ["parted.odd"]
path   = "out/odd/{shard}.parquet"

[sinks.few]
type   = "parquet"
inputs = ["parted.few"]
path   = "out/few/{shard}.parquet"
"#;
    let report = scratch.commit_all(pipeline, &RunSettings::new(2));
    let sizes: BTreeMap<_, _> = report.rows_written.iter().cloned().collect();
    assert_eq!((sizes["odd"], sizes["few"]), (825, 30));
    let counts = &report.operators[0].1;
    assert_eq!(counts.reasons["filtered: no route"], 1650 - 825 - 30);
    // Nobody compares, so that no text is kept beside the rows.
    assert!(!scratch.plan(pipeline).operators[0].spec.compares());
    assert!(
        scratch
            .plan(PIPELINE)
            .operators
            .iter()
            .any(|node| node.spec.compares())
    );
}
