//! A run may end at any moment: the next one goes on, and nobody can tell afterwards.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::samples;
use crate::scratch::Scratch;

/// Two sinks in folders of their own, so that a shard has two files to publish and two ledgers to
/// be written in.
const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.usable]
type = "filter"
inputs = ["data"]
words = [6, 900]

[operators.deletion]
type = "random_deletion"
inputs = ["usable"]
replicas = 2

[sinks.variants]
type = "parquet"
inputs = ["usable", "deletion"]
path = "out/variants/{shard}.parquet"

[sinks.rest]
type = "parquet"
inputs = ["usable.rejected"]
path = "out/rest/{shard}.parquet"
"#;

fn workspace(shards: usize, rows: usize) -> Scratch {
    let scratch = Scratch::new();
    for shard in 0..shards {
        scratch.parquet(
            &format!("data/part-{shard}.parquet"),
            &[samples::numbered_sentences(shard as u64, rows)],
        );
    }
    scratch.write("test.toml", PIPELINE);
    scratch
}

const RUN: [&str; 7] = [
    "run",
    "test.toml",
    "-j",
    "2",
    "--batch-rows",
    "50",
    "--quiet",
];

/// All files of the output folder but the locks, which nobody holds any more.
fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut files = scratch.digests("out");
    files.retain(|name, _| !name.contains(".augment/lock"));
    files
}

/// Names of the shards that the ledgers of all sinks have.
fn committed(scratch: &Scratch) -> Vec<String> {
    let lines = |sink: &str| {
        let path = scratch.path(&format!("out/{sink}/.augment/ledger.jsonl"));
        let text = fs::read_to_string(path).unwrap_or_default();
        let complete = text.rfind('\n').map_or(0, |end| end + 1);
        let shard = |line: &str| {
            let entry: Value = serde_json::from_str(line).unwrap();
            entry["shard"]
                .as_str()
                .unwrap()
                .trim_start_matches("data/")
                .to_owned()
        };
        text[..complete]
            .lines()
            .skip(1)
            .map(shard)
            .collect::<Vec<_>>()
    };
    let rest = lines("rest");
    lines("variants")
        .into_iter()
        .filter(|shard| rest.contains(shard))
        .collect()
}

/// What shows whether a file was written again.
fn marks(scratch: &Scratch, shards: &[String]) -> Vec<(String, u64, SystemTime)> {
    let paths = shards
        .iter()
        .flat_map(|shard| ["variants", "rest"].map(|sink| format!("out/{sink}/{shard}")));
    paths
        .map(|name| {
            let status = fs::metadata(scratch.path(&name)).unwrap();
            (name, status.ino(), status.modified().unwrap())
        })
        .collect()
}

fn spawn(scratch: &Scratch) -> Child {
    let mut command = scratch.command(RUN);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn killed_again_and_again() {
    let scratch = workspace(4, 300);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    for shard in 1..4 {
        let mut run = spawn(&scratch);
        while scratch.visible("out/rest").len() < shard && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
    }
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(&scratch), expected);
}

/// Sends `signal` once the first output is there. Gives the exit code and whether shards were left.
fn signalled(scratch: &Scratch, signal: &str) -> Option<i32> {
    let mut run = spawn(scratch);
    while scratch.visible("out/variants").is_empty() && run.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill")
        .args([signal, &run.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    run.wait().unwrap().code()
}

#[test]
fn signals_drain_and_a_rerun_completes() {
    let scratch = workspace(12, 400);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        fs::remove_dir_all(scratch.path("out")).unwrap();
        assert_eq!(signalled(&scratch, signal), Some(code));
        let finished = committed(&scratch);
        assert!((1..12).contains(&finished.len()), "{finished:?}");
        // It drained: what is visible is what is committed, and nothing half-done is left.
        assert_eq!(scratch.visible("out/variants").len(), finished.len());
        assert!(
            scratch.leftovers("out").is_empty(),
            "{:?}",
            scratch.leftovers("out")
        );
        let before = marks(&scratch, &finished);
        scratch.run(RUN).says(0, &[]);
        assert_eq!(outputs(&scratch), expected);
        assert_eq!(marks(&scratch, &finished), before);
    }
}

#[test]
fn a_second_run_says_that_everything_is_committed() {
    let scratch = workspace(3, 50);
    scratch.run(RUN).says(0, &[]);
    let before = marks(&scratch, &committed(&scratch));
    assert_eq!(before.len(), 6);
    scratch
        .run(["run", "test.toml"])
        .says(0, &["nothing to do: 3 shards committed before"]);
    assert_eq!(marks(&scratch, &committed(&scratch)), before);
}

#[test]
fn only_a_changed_shard_is_done_again() {
    let scratch = workspace(3, 50);
    scratch.run(RUN).says(0, &[]);
    let all = committed(&scratch);
    let before = marks(&scratch, &all);
    let old = outputs(&scratch);
    scratch.parquet(
        "data/part-1.parquet",
        &[samples::numbered_sentences(77, 60)],
    );
    scratch.run(RUN).says(0, &[]);
    let written: Vec<String> = marks(&scratch, &all)
        .into_iter()
        .filter(|mark| !before.contains(mark))
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(
        written,
        ["out/variants/part-1.parquet", "out/rest/part-1.parquet"]
    );
    let new = outputs(&scratch);
    let changed: Vec<&String> = new.keys().filter(|name| new[*name] != old[*name]).collect();
    let ledgers = [
        "rest/.augment/ledger.jsonl",
        "variants/.augment/ledger.jsonl",
    ];
    assert!(
        ledgers
            .iter()
            .all(|ledger| changed.iter().any(|name| name == ledger))
    );
    assert_eq!(changed.len(), 4, "{changed:?}");
}

/// Rows of fixed width without compression: two such files of as many rows have the same size.
fn numbered(scratch: &Scratch, first: u64) -> (u64, SystemTime) {
    let texts: StringArray = (first..first + 50)
        .map(|number| Some(format!("the big dog number {number:08} runs home")))
        .collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let path = scratch.parquet_with("data/part-1.parquet", &[batch], properties);
    let status = fs::metadata(path).unwrap();
    (status.len(), status.modified().unwrap())
}

#[test]
fn other_content_of_the_same_size_and_time_is_noticed() {
    let scratch = workspace(0, 0);
    let (bytes, modified) = numbered(&scratch, 1_000);
    scratch.run(RUN).says(0, &[]);
    let old = outputs(&scratch);
    assert_eq!(numbered(&scratch, 2_000).0, bytes);
    let file = File::options()
        .write(true)
        .open(scratch.path("data/part-1.parquet"));
    file.unwrap().set_modified(modified).unwrap();
    scratch.run(RUN).says(0, &[]);
    let new = outputs(&scratch);
    assert_ne!(
        new["variants/part-1.parquet"],
        old["variants/part-1.parquet"]
    );
    let rows = scratch.read("out/variants/part-1.parquet");
    let texts = rows.column_by_name("text").unwrap().as_string::<i32>();
    assert!(texts.value(0).contains("00002000"), "{}", texts.value(0));
}

/// A footer does not say what is in every page, so a file that was touched counts as changed.
#[test]
fn a_touched_file_is_done_again() {
    let scratch = workspace(2, 50);
    scratch.run(RUN).says(0, &[]);
    let (old, before) = (outputs(&scratch), marks(&scratch, &committed(&scratch)));
    let file = File::options()
        .write(true)
        .open(scratch.path("data/part-1.parquet"));
    file.unwrap()
        .set_modified(SystemTime::now() + Duration::from_secs(9))
        .unwrap();
    scratch.run(RUN).says(0, &[]);
    let again: Vec<String> = marks(&scratch, &committed(&scratch))
        .into_iter()
        .filter(|mark| !before.contains(mark))
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(
        again,
        ["out/variants/part-1.parquet", "out/rest/part-1.parquet"]
    );
    let new = outputs(&scratch);
    assert!(again.iter().all(|name| {
        let name = name.trim_start_matches("out/");
        new[name] == old[name]
    }));
}

#[test]
fn fresh_writes_everything_again() {
    let scratch = workspace(3, 50);
    scratch.run(RUN).says(0, &[]);
    let (old, before) = (outputs(&scratch), marks(&scratch, &committed(&scratch)));
    scratch.run(RUN.into_iter().chain(["--fresh"])).says(0, &[]);
    assert_eq!(outputs(&scratch), old);
    let after = marks(&scratch, &committed(&scratch));
    assert_eq!(after.len(), 6);
    assert!(after.iter().all(|mark| !before.contains(mark)));
    // With `--force` what is committed stays, here as without it.
    scratch.run(RUN.into_iter().chain(["--force"])).says(0, &[]);
    assert_eq!(marks(&scratch, &committed(&scratch)), after);
    let both = scratch.run(RUN.into_iter().chain(["--fresh", "--force"]));
    both.says(2, &["cannot be used with"]);
}

#[test]
fn a_new_shard_is_added_to_the_others() {
    let scratch = workspace(3, 50);
    scratch.run(RUN).says(0, &[]);
    let all = committed(&scratch);
    let before = marks(&scratch, &all);
    scratch.parquet(
        "data/part-0a.parquet",
        &[samples::numbered_sentences(78, 30)],
    );
    scratch.run(RUN).says(0, &[]);
    assert_eq!(marks(&scratch, &all), before);
    assert_eq!(committed(&scratch).len(), 4);
    assert_eq!(scratch.visible("out").len(), 8);
}

/// The preset makes more replicas of the rows of a small data set: its old outputs would be wrong.
#[test]
fn growth_that_changes_what_an_operator_does_is_noticed() {
    let scratch = workspace(1, 300);
    let eda = PIPELINE
        .replace("random_deletion", "eda")
        .replace("replicas = 2\n", "");
    scratch.write("test.toml", eda);
    scratch.run(RUN).says(0, &[]);
    scratch.parquet(
        "data/part-1.parquet",
        &[samples::numbered_sentences(1, 100)],
    );
    scratch.run(RUN).says(0, &[]);
    scratch.parquet(
        "data/part-2.parquet",
        &[samples::numbered_sentences(2, 200)],
    );
    scratch.run(RUN).says(2, &["another pipeline", "--fresh"]);
}

#[test]
fn a_removed_output_is_made_again() {
    let scratch = workspace(2, 50);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_file(scratch.path("out/rest/part-0.parquet")).unwrap();
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(&scratch), expected);
}

#[test]
fn a_changed_pipeline_is_refused() {
    let scratch = workspace(2, 50);
    scratch.run(RUN).says(0, &[]);
    let old = outputs(&scratch);
    scratch.write(
        "test.toml",
        PIPELINE.replace("replicas = 2", "replicas = 3"),
    );
    scratch
        .run(RUN)
        .says(2, &["another pipeline", "out/", "--fresh", "--force"]);
    assert_eq!(outputs(&scratch), old);
    // What is finished stays as it is under `--force`, and is replaced under `--fresh`.
    let forced = scratch.run(RUN.into_iter().chain(["--force"]));
    forced.says(0, &[]);
    let parquet = |files: &BTreeMap<String, String>| {
        let mut files = files.clone();
        files.retain(|name, _| {
            Path::new(name)
                .extension()
                .is_some_and(|end| end == "parquet")
        });
        files
    };
    assert_eq!(parquet(&outputs(&scratch)), parquet(&old));
    scratch.run(RUN.into_iter().chain(["--fresh"])).says(0, &[]);
    assert_ne!(
        outputs(&scratch)["variants/part-0.parquet"],
        old["variants/part-0.parquet"]
    );
    scratch.run(RUN).says(0, &[]);
}

#[test]
fn a_limited_run_does_not_count_as_a_whole_one() {
    let scratch = workspace(2, 50);
    scratch
        .run(RUN.into_iter().chain(["--limit", "10"]))
        .says(0, &[]);
    scratch.run(RUN).says(2, &["--fresh"]);
    scratch.run(RUN.into_iter().chain(["--fresh"])).says(0, &[]);
    let rows = scratch.read("out/variants/part-1.parquet").num_rows();
    assert!(rows > 50, "{rows}");
}

/// The way of a cluster: every part in a process of its own, on one folder, at the same time.
#[test]
fn parts_at_a_time_make_the_whole() {
    let scratch = workspace(9, 100);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    let part = |part: &str| {
        let mut command = scratch.command(RUN.into_iter().chain(["--shard", part]));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut parts = ["1/4", "2/4", "3/4", "4/4"].map(part);
    // One of them is lost on the way, and done again.
    parts[2].kill().unwrap();
    for run in &mut parts {
        run.wait().unwrap();
    }
    assert_eq!(part("3/4").wait().unwrap().code(), Some(0));
    assert_eq!(scratch.visible("out").len(), 18);
    // The whole finds nothing left to do, and makes one ledger of those of the parts.
    let before = scratch.visible("out").len();
    scratch
        .run(["run", "test.toml"])
        .says(0, &["nothing to do: 9 shards committed before"]);
    assert_eq!(scratch.visible("out").len(), before);
    assert_eq!(outputs(&scratch), expected);
}

#[test]
fn two_runs_at_a_time_do_not_mix() {
    let scratch = workspace(12, 400);
    let mut first = spawn(&scratch);
    while scratch.visible("out/rest").is_empty() && first.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = scratch.run(RUN);
    first.wait().unwrap();
    // It may have come too late to meet the first.
    if second.code != Some(0) {
        second.says(2, &["another run is writing to", "out/"]);
    }
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(&scratch), expected);
}
