//! A limit of memory changes how a run goes about it, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use augment::engine::RunSettings;
use augment::random::Random;
use augment::topology::ShardOutcome;

use crate::scratch::Scratch;

const PIPELINE: &str = r#"version = 1
seed = 3

[sources.data]
type = "parquet"
paths = ["data/*.parquet"]
text = "text"

[operators.swap]
type = "random_swap"
inputs = ["data"]
rate = 0.1
replicas = 2

[sinks.out]
type = "parquet"
inputs = ["data", "swap"]
path = "out/{shard}.parquet"
row_group_bytes = 2000000
lineage = "edits"
"#;

/// Rows of so many letters, in words that no codec can shorten by much.
fn rows(seed: u64, lengths: &[usize]) -> RecordBatch {
    let mut random = Random::from_key(seed);
    let texts: Vec<String> = lengths
        .iter()
        .map(|length| {
            let letter = |_| match random.below(7) {
                0 => ' ',
                _ => char::from(b'a' + u8::try_from(random.below(26)).unwrap()),
            };
            (0..*length).map(letter).collect()
        })
        .collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0_i64..).take(texts.len())));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap()
}

/// Short rows, long ones side by side, and one that is larger than any batch should be.
fn write_data(scratch: &Scratch) {
    let mut lengths = vec![120; 1_500];
    lengths.extend([60_000; 40]);
    lengths.push(3_000_000);
    lengths.extend([200; 900]);
    scratch.parquet("data/a.parquet", &[rows(1, &lengths), rows(2, &[90; 300])]);
    scratch.parquet("data/b.parquet", &[rows(3, &[40_000; 60])]);
}

fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut digests = scratch.digests("out");
    digests.retain(|name, _| name.ends_with(".parquet"));
    let hidden: Vec<&String> = digests
        .keys()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, [""; 0]);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    digests
}

#[test]
fn where_pages_wait_and_how_batches_are_cut_changes_no_byte() {
    let scratch = Scratch::new();
    write_data(&scratch);
    let mut expected = None;
    for (workers, batch_bytes, pages_held, window) in [
        (1, 8 << 20, usize::MAX, 3),
        (2, 8 << 20, 32 << 20, 6),
        (2, 128 << 10, 0, 2),
        (1, 1, 100_000, 1),
    ] {
        let settings = RunSettings {
            batch_bytes,
            pages_held,
            window,
            ..RunSettings::new(workers)
        };
        scratch.commit_all(PIPELINE, &settings);
        let found = outputs(&scratch);
        assert_eq!(found.len(), 2);
        let expected = expected.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{batch_bytes} bytes, {pages_held} held");
    }
}

#[test]
fn the_flag_changes_no_byte() {
    let scratch = Scratch::new();
    // No row is too large for the smaller limit.
    scratch.parquet(
        "data/a.parquet",
        &[rows(1, &[120; 1_500]), rows(2, &[60_000; 70])],
    );
    scratch.parquet("data/b.parquet", &[rows(3, &[40_000; 60])]);
    scratch.write("memory.toml", PIPELINE);
    let mut expected = None;
    for memory in [&[][..], &["--memory", "128MiB"], &["--memory", "256MiB"]] {
        let run = ["run", "memory.toml", "-j", "2"];
        let finished = scratch.run(run.iter().chain(memory));
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let found = outputs(&scratch);
        let expected = expected.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{memory:?}");
    }
}

#[test]
fn wrong_sizes_and_hopeless_limits_are_refused() {
    let scratch = Scratch::new();
    write_data(&scratch);
    scratch.write("memory.toml", PIPELINE);
    for (memory, part) in [
        ("much", "expected a size such as 256MiB"),
        ("-1GB", "unexpected argument"),
        ("0", "more than nothing"),
        ("150%", "at most 100 per cent"),
        (
            "1MB",
            "does not fit into 1.0 MB: with 1 worker it takes at least",
        ),
    ] {
        let finished = scratch.run(["run", "memory.toml", "--memory", memory]);
        finished.says(2, &[part]);
        assert!(!scratch.path("out").exists());
    }
    let finished = scratch.run(["run", "memory.toml", "--memory", "1MB", "-j", "2"]);
    finished.says(2, &["with 2 workers", "give `--memory ", "`-j 1`"]);
    // What is said to be enough is enough.
    let enough = finished.stderr.split("give `--memory ").nth(1).unwrap();
    let enough = enough.split('`').next().unwrap();
    let finished = scratch.run(["run", "memory.toml", "--memory", enough, "-j", "2"]);
    assert_ne!(finished.code, Some(2), "{}", finished.stderr);
}

#[test]
fn a_row_for_which_there_is_no_room_fails_its_shard() {
    let scratch = Scratch::new();
    write_data(&scratch);
    let settings = RunSettings {
        keep_going: true,
        most_row_bytes: Some(1_000_000),
        ..RunSettings::new(2)
    };
    let report = scratch.run_engine(PIPELINE, &settings);
    let [first, second] = &report.shards[..] else {
        panic!("{:?}", report.shards);
    };
    let ShardOutcome::Failed(reason) = &first.outcome else {
        panic!("{first:?}");
    };
    for part in [
        "row 1540 of a.parquet has 3.0 MB",
        "there is room for rows of 1.0 MB",
        "`--memory 4GB`",
        "1.0 MB",
        "help: ",
    ] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(second.outcome, ShardOutcome::Committed);
}
