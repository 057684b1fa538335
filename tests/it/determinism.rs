//! The same pipeline and input give the same bytes, however the run goes about it.

use std::collections::BTreeMap;

use augment::engine::RunSettings;

use crate::samples;
use crate::scratch::Scratch;

/// A preset with WordNet behind it, and the originals beside its replicas.
const EDA: &str = r#"
[operators.eda]
type = "eda"
inputs = ["data"]
replicas = 3
alpha = 0.2

[sinks.out]
type = "parquet"
inputs = ["data", "eda"]
path = "out/{shard}.parquet"
"#;

/// Branches of unlike depth and growth that meet again, in an operator and in a sink.
const DIAMOND: &str = r#"
[operators.swap]
type = "random_swap"
inputs = ["data"]
replicas = 2

[operators.deletion]
type = "random_deletion"
inputs = ["data"]

[operators.more]
type = "punctuation_insertion"
inputs = ["deletion"]
replicas = 3

[operators.joined]
type = "random_deletion"
inputs = ["more", "swap", "data"]

[sinks.out]
type = "parquet"
inputs = ["joined", "deletion"]
path = "out/{shard}.parquet"
"#;

/// Both ways out of a filter, each to a sink of its own.
const PORTS: &str = r#"
[operators.usable]
type = "filter"
inputs = ["data"]
words = [3, 9]

[operators.swap]
type = "random_swap"
inputs = ["usable"]

[sinks.kept]
type = "parquet"
inputs = ["swap"]
path = "out/kept/{shard}.parquet"
row_group_rows = 300

[sinks.rest]
type = "parquet"
inputs = ["usable.rejected"]
path = "out/rest/{shard}.parquet"
compression = "snappy"
statistics = "page"
"#;

/// Every edit on record, through a chain.
const EDITS: &str = r#"
[operators.swap]
type = "random_swap"
inputs = ["data"]

[operators.deletion]
type = "random_deletion"
inputs = ["swap"]
replicas = 2

[sinks.out]
type = "parquet"
inputs = ["deletion"]
path = "out/{shard}.parquet"
lineage = "edits"
"#;

/// Rows that are put together with others of their batch.
const MIXED: &str = r#"
[operators.pairs]
type = "concatenate"
inputs = ["data"]
replicas = 2

[operators.prompts]
type = "template"
inputs = ["pairs"]
template = "{text}: {shots}"
shots = 2
shot_template = "{text}"
shot_separator = ", "

[sinks.out]
type = "parquet"
inputs = ["prompts"]
path = "out/{shard}.parquet"
"#;

/// Rows that go several ways, of some of which only a share goes on, under other columns.
const DEALT: &str = r#"
[operators.swap]
type = "random_swap"
inputs = ["data"]
replicas = 2

[operators.mixed]
type = "mix"
inputs = ["swap", "data"]
weights = { swap = 0.4 }

[operators.named]
type = "rename"
inputs = ["mixed"]
columns = { text = "review" }

[operators.parts]
type = "split"
inputs = ["named"]
shares = { train = 0.7, test = 0.3 }

[operators.few]
type = "sample"
inputs = ["parts.test"]
share = 0.5
together = false

[sinks.train]
type = "parquet"
inputs = ["parts.train"]
path = "out/train/{shard}.parquet"

[sinks.test]
type = "parquet"
inputs = ["few"]
path = "out/test/{shard}.parquet"
"#;

const PIPELINES: [(&str, &str); 6] = [
    ("eda", EDA),
    ("ports", PORTS),
    ("diamond", DIAMOND),
    ("edits", EDITS),
    ("mixed", MIXED),
    ("dealt", DEALT),
];

/// Workers, rows in a batch, batches in flight: every number of workers with every size of batch.
const SETTINGS: [(usize, usize, usize); 9] = [
    (1, 4096, 20),
    (1, 97, 1),
    (1, 1, 20),
    (2, 4096, 1),
    (2, 97, 20),
    (2, 1, 1),
    (8, 4096, 20),
    (8, 97, 1),
    (8, 1, 20),
];

fn settings(workers: usize, batch_rows: usize, window: usize) -> RunSettings {
    RunSettings {
        batch_rows,
        window,
        ..RunSettings::new(workers)
    }
}

fn pipeline(id: &str, nodes: &str) -> String {
    format!(
        "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
         text = \"text\"\n{id}\n{nodes}"
    )
}

/// The files that the run leaves, ledger and all. The next run starts with nothing.
fn outcome(scratch: &Scratch, text: &str, settings: &RunSettings) -> BTreeMap<String, String> {
    scratch.commit_all(text, settings);
    let mut digests = scratch.digests("out");
    // Names the process that holds it.
    digests.retain(|name, _| !name.ends_with("/lock"));
    std::fs::remove_dir_all(scratch.path("out")).unwrap();
    digests
}

#[track_caller]
fn assert_same_bytes(scratch: &Scratch, pipelines: &[(&str, &str)], id: &str, shards: usize) {
    for (name, nodes) in pipelines {
        let text = pipeline(id, nodes);
        let mut expected = None;
        for (workers, batch_rows, window) in SETTINGS {
            let found = outcome(scratch, &text, &settings(workers, batch_rows, window));
            assert!(found.len() > shards, "{name}: {found:?}");
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(
                &found, expected,
                "{name}: -j {workers} --batch-rows {batch_rows} --window {window}"
            );
        }
    }
}

#[test]
fn on_the_sample() {
    let scratch = Scratch::new();
    scratch.sample(2);
    assert_same_bytes(&scratch, &PIPELINES[..2], "id = \"id\"", 2);
}

#[test]
fn on_many_types_and_row_groups() {
    let scratch = Scratch::new();
    // Shards of unlike length, one without a row, one in a folder of its own.
    for (seed, (name, groups)) in [
        ("data/a.parquet", &[250, 1, 130][..]),
        ("data/b.parquet", &[0]),
        ("data/deep/c.parquet", &[40, 40, 40]),
    ]
    .into_iter()
    .enumerate()
    {
        let groups: Vec<_> = groups
            .iter()
            .map(|rows| samples::all_types(seed as u64, *rows))
            .collect();
        scratch.parquet(name, &groups);
    }
    assert_same_bytes(&scratch, &PIPELINES, "", 3);
}

#[test]
fn parts_of_a_cluster_make_the_whole() {
    let scratch = Scratch::new();
    for shard in 0..5 {
        scratch.parquet(
            &format!("data/{shard}.parquet"),
            &[samples::numbered_sentences(shard, 100)],
        );
    }
    let text = pipeline("", DIAMOND);
    let whole = outcome(&scratch, &text, &settings(2, 97, 4));
    assert_eq!(whole.len(), 6);
    let mut parts = BTreeMap::new();
    for part in 1..=3 {
        let settings = RunSettings {
            shard: Some((part, 3)),
            ..settings(2, 4096, 4)
        };
        let found = outcome(&scratch, &text, &settings);
        assert!(found.len() > 1, "part {part} has no shard");
        parts.extend(found);
    }
    let files = |mut files: BTreeMap<String, String>| {
        files.retain(|name, _| name.ends_with(".parquet"));
        files
    };
    assert_eq!(files(parts), files(whole));
}

#[test]
fn another_seed_gives_other_bytes() {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(0, 100)]);
    let text = pipeline("", DIAMOND);
    let first = outcome(&scratch, &text, &settings(1, 4096, 4));
    let second = outcome(&scratch, &text.replace("42", "43"), &settings(1, 4096, 4));
    assert_ne!(first["a.parquet"], second["a.parquet"]);
}
