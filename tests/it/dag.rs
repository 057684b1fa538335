//! Graphs with branches: where rows go, and that none is lost or doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use augment::engine::RunSettings;

use crate::samples;
use crate::scratch::{Scratch, read_parquet};

const HEAD: &str = "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\n\
                    paths = [\"data\"]\ntext = \"text\"\n";

/// Two shards of `text` and `label`.
fn data(scratch: &Scratch) -> usize {
    let rows = [700, 300];
    for (shard, rows) in rows.into_iter().enumerate() {
        let texts = samples::sentences(shard as u64, rows);
        scratch.parquet(&format!("data/{shard}.parquet"), &[labelled(&texts)]);
    }
    rows.iter().sum()
}

fn labelled(texts: &[String]) -> RecordBatch {
    let labels = (0..).take(texts.len()).map(|row: i32| row % 3);
    let columns: [(&str, ArrayRef); 2] = [
        ("text", Arc::new(StringArray::from_iter_values(texts))),
        ("label", Arc::new(labels.collect::<Int32Array>())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn settings() -> RunSettings {
    RunSettings {
        batch_rows: 64,
        ..RunSettings::new(4)
    }
}

/// All rows below `folder`, as identity, replica number and text.
fn rows(scratch: &Scratch, folder: &str) -> Vec<(String, i32, String)> {
    let mut rows = Vec::new();
    for name in scratch.visible(folder) {
        let records = read_parquet(&scratch.path(folder).join(name));
        let column = |name: &str| records.column_by_name(name).unwrap();
        let (parents, texts) = (column("aug_parent"), column("text"));
        let (parents, texts) = (parents.as_string::<i32>(), texts.as_string::<i32>());
        let replicas = column("aug_replica").as_primitive::<Int32Type>();
        for row in 0..records.num_rows() {
            let text = texts.value(row).to_owned();
            rows.push((parents.value(row).to_owned(), replicas.value(row), text));
        }
    }
    rows
}

fn parents(rows: &[(String, i32, String)]) -> BTreeSet<&str> {
    rows.iter().map(|(parent, ..)| parent.as_str()).collect()
}

#[test]
fn an_original_and_its_variants_never_straddle_a_split() {
    let scratch = Scratch::new();
    let count = data(&scratch);
    let text = format!(
        r#"{HEAD}
[operators.swap]
type = "random_swap"
inputs = ["data"]
replicas = 3

[operators.marks]
type = "punctuation_insertion"
inputs = ["data"]

[operators.parts]
type = "split"
inputs = ["data", "swap", "marks"]
shares = {{ train = 0.8, valid = 0.1, test = 0.1 }}

[sinks.train]
type = "parquet"
inputs = ["parts.train"]
path = "out/train/{{shard}}.parquet"

[sinks.valid]
type = "parquet"
inputs = ["parts.valid"]
path = "out/valid/{{shard}}.parquet"

[sinks.test]
type = "parquet"
inputs = ["parts.test"]
path = "out/test/{{shard}}.parquet"
"#
    );
    let report = scratch.commit_all(&text, &settings());
    let parts = ["train", "valid", "test"].map(|part| rows(&scratch, &format!("out/{part}")));
    let written: u64 = report.rows_written.iter().map(|(_, rows)| rows).sum();
    let entered = report
        .operators
        .iter()
        .find(|(id, _)| id == "parts")
        .unwrap();
    assert_eq!(written, entered.1.rows_in);
    assert_eq!(
        parts.iter().map(|part| parents(part).len()).sum::<usize>(),
        count
    );
    let all: BTreeSet<&str> = parts.iter().flat_map(|part| parents(part)).collect();
    assert_eq!(all.len(), count);
    assert!((60..=140).contains(&parents(&parts[1]).len()));
}

#[test]
fn a_mix_takes_what_its_weights_say_and_keeps_variants_together() {
    let scratch = Scratch::new();
    let count = data(&scratch);
    let text = format!(
        r#"{HEAD}
[operators.swap]
type = "random_swap"
inputs = ["data"]
replicas = 2

[operators.mixed]
type = "mix"
inputs = ["data", "swap"]
weights = {{ swap = 0.25 }}

[sinks.out]
type = "parquet"
inputs = ["mixed"]
path = "out/{{shard}}.parquet"
"#
    );
    let report = scratch.commit_all(&text, &settings());
    let rows = rows(&scratch, "out");
    let variants: Vec<_> = rows
        .iter()
        .filter(|(_, replica, _)| *replica > 0)
        .cloned()
        .collect();
    assert_eq!(
        rows.len() - variants.len(),
        count,
        "an input that is not named goes on whole"
    );
    let kept = parents(&variants).len();
    assert!((190..=310).contains(&kept), "{kept}");
    let (_, counts) = report
        .operators
        .iter()
        .find(|(id, _)| id == "mixed")
        .unwrap();
    let turned_away = counts.reasons.get("filtered: weight").copied().unwrap();
    assert_eq!(counts.rows_in, counts.rows_out + turned_away);
    assert_eq!(counts.rows_out, rows.len() as u64);
}

#[test]
fn fan_in_keeps_the_order_of_rows_inputs_and_replicas() {
    let scratch = Scratch::new();
    data(&scratch);
    let text = format!(
        r#"{HEAD}
[operators.swap]
type = "random_swap"
inputs = ["data"]
replicas = 2

[operators.marks]
type = "punctuation_insertion"
inputs = ["data"]
replicas = 2

[sinks.out]
type = "parquet"
inputs = ["swap", "data", "marks"]
path = "out/{{shard}}.parquet"
"#
    );
    scratch.commit_all(&text, &settings());
    let records = scratch.read("out/0.parquet");
    let column = |name: &str| records.column_by_name(name).unwrap();
    let parents = column("aug_parent").as_string::<i32>();
    let replicas = column("aug_replica").as_primitive::<Int32Type>();
    let operators = column("aug_operators").as_list::<i32>();
    let place = |row: usize| {
        let number: u32 = parents
            .value(row)
            .rsplit('#')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let names = operators.value(row);
        let branch = match names.as_string::<i32>().iter().next().flatten() {
            Some("swap") => 0,
            None => 1,
            Some(_) => 2,
        };
        (number, branch, replicas.value(row))
    };
    let places: Vec<_> = (0..records.num_rows()).map(place).collect();
    assert!(places.is_sorted());
    assert!(places.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(places.iter().map(|place| place.0).max(), Some(699));
}

#[test]
fn two_sources_with_equally_named_shards_keep_apart_in_one_sink() {
    let scratch = Scratch::new();
    for source in ["one", "two"] {
        let texts = [format!("a text of {source}")];
        scratch.parquet(&format!("{source}/part.parquet"), &[labelled(&texts)]);
    }
    let source = |name| {
        format!("[sources.{name}]\ntype = \"parquet\"\npaths = [\"{name}\"]\ntext = \"text\"\n")
    };
    let text = format!(
        "version = 1\n{}{}[sinks.out]\ntype = \"parquet\"\ninputs = [\"*\"]\n\
         path = \"out/{{source}}/{{shard}}.parquet\"\n",
        source("one"),
        source("two")
    );
    scratch.commit_all(&text, &settings());
    assert_eq!(
        scratch.visible("out"),
        ["one/part.parquet", "two/part.parquet"]
    );
    for name in ["one", "two"] {
        let records = scratch.read(&format!("out/{name}/part.parquet"));
        assert_eq!(
            records.column(0).as_string::<i32>().value(0),
            format!("a text of {name}")
        );
    }
}

#[test]
fn operators_find_the_text_under_its_new_name_and_columns_can_go() {
    let scratch = Scratch::new();
    let count = data(&scratch);
    let text = format!(
        r#"{HEAD}
[operators.named]
type = "rename"
inputs = ["data"]
columns = {{ text = "review", label = "stars" }}

[operators.narrow]
type = "select"
inputs = ["named"]
columns = ["stars", "review"]

[operators.swap]
type = "random_swap"
inputs = ["narrow"]

[operators.numbers]
type = "select"
inputs = ["swap"]
drop = ["review"]

[operators.some]
type = "sample"
inputs = ["numbers"]
share = 0.5

[sinks.out]
type = "parquet"
inputs = ["swap"]
path = "out/texts/{{shard}}.parquet"
lineage = false

[sinks.kept]
type = "parquet"
inputs = ["some", "some.rejected"]
path = "out/numbers/{{shard}}.parquet"
"#
    );
    scratch.commit_all(&text, &settings());
    let names = |name: &str| {
        let records = scratch.read(name);
        let schema = records.schema();
        let fields = schema.fields().iter();
        fields.map(|field| field.name().clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("out/texts/0.parquet"), ["stars", "review"]);
    assert_eq!(
        names("out/numbers/0.parquet"),
        ["stars", "aug_parent", "aug_replica", "aug_operators"]
    );
    let read = |folder: &str| {
        (0..2)
            .map(|n| {
                scratch
                    .read(&format!("out/{folder}/{n}.parquet"))
                    .num_rows()
            })
            .sum::<usize>()
    };
    assert_eq!((read("texts"), read("numbers")), (count, count));
    let (before, after) = (
        scratch.read("data/0.parquet"),
        scratch.read("out/texts/0.parquet"),
    );
    let (before, after) = (
        before.column(0).as_string::<i32>(),
        after.column(1).as_string::<i32>(),
    );
    let changed = before
        .iter()
        .zip(after)
        .filter(|(before, after)| before != after)
        .count();
    assert!(changed > 500, "{changed}");
}

#[test]
fn parts_sum_up_whatever_way_rows_take() {
    let scratch = Scratch::new();
    let count = data(&scratch);
    let text = format!(
        r#"{HEAD}
[operators.long]
type = "filter"
inputs = ["data"]
words = [8, 1000]

[operators.some]
type = "sample"
inputs = ["long.rejected"]
share = 0.3

[operators.deletion]
type = "random_deletion"
inputs = ["long"]

[operators.swap]
type = "random_swap"
inputs = ["some"]

[sinks.out]
type = "parquet"
inputs = ["deletion", "swap", "some.rejected"]
path = "out/{{shard}}.parquet"
"#
    );
    scratch.commit_all(&text, &settings());
    let rows = rows(&scratch, "out");
    assert_eq!(rows.len(), count);
    assert_eq!(parents(&rows).len(), count);
    let mut by_shard: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (parent, ..) in &rows {
        let (shard, number) = parent.split_once('#').unwrap();
        by_shard
            .entry(shard)
            .or_default()
            .push(number.parse().unwrap());
    }
    assert!(by_shard.values().all(|numbers| numbers.is_sorted()));
}

/// Its counts would be those of the moment at which the sinks were through.
#[test]
fn an_operator_that_leads_nowhere_does_not_run() {
    let scratch = Scratch::new();
    data(&scratch);
    let text = format!(
        "{HEAD}\n[operators.deletion]\ntype = \"random_deletion\"\ninputs = [\"data\"]\n\
         [operators.nowhere]\ntype = \"eda\"\ninputs = [\"deletion\"]\nreplicas = 9\n\
         [operators.nor_this]\ntype = \"random_swap\"\ninputs = [\"nowhere\"]\n\
         [sinks.out]\ntype = \"parquet\"\ninputs = [\"deletion\"]\npath = \"out/{{shard}}.parquet\"\n"
    );
    for sink in ["deletion", "data"] {
        let text = text.replace("[\"deletion\"]\npath", &format!("[\"{sink}\"]\npath"));
        let mut seen = BTreeSet::new();
        for settings in [settings(), RunSettings::new(1)] {
            let report = scratch.commit_all(&text, &settings);
            let rows_in: Vec<u64> = report
                .operators
                .iter()
                .map(|(_, counts)| counts.rows_in)
                .collect();
            assert_eq!(rows_in[0] > 0, sink == "deletion");
            assert!(rows_in[1..].iter().all(|rows| *rows == 0), "{rows_in:?}");
            seen.insert(scratch.digests("out")[".augment/ledger.jsonl"].clone());
            std::fs::remove_dir_all(scratch.path("out")).unwrap();
        }
        assert_eq!(seen.len(), 1);
    }
}
