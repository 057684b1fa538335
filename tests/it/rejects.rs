//! Rows that an operator refused and routed: why is on record, as durable and as deterministic as the
//! outputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use augment::ledger::Reject;

use crate::samples;
use crate::scratch::Scratch;

/// Two folders; annotations out of place are what the operators refuse.
pub(crate) const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"
spans = "entities"

[operators.swap]
type = "random_swap"
inputs = ["data"]
on_error = "route"

[operators.deletion]
type = "random_deletion"
inputs = ["data"]
replicas = 2
on_error = "route"

[sinks.out]
type = "parquet"
inputs = ["data", "swap", "deletion"]
path = "out/good/{shard}.parquet"

[sinks.bad]
type = "parquet"
inputs = ["*.errors"]
path = "out/bad/{shard}.parquet"
"#;

/// Rows of which each one whose number is in `wrong` has an annotation that ends before it starts.
fn rows(seed: u64, count: usize, wrong: &[usize]) -> RecordBatch {
    let texts: ArrayRef = Arc::new(StringArray::from(samples::sentences(seed, count)));
    let spans = |row| vec![if wrong.contains(&row) { (2, 1) } else { (0, 1) }];
    let entities = samples::annotations(&(0..count).map(spans).collect::<Vec<_>>());
    RecordBatch::try_from_iter_with_nullable([("text", texts, true), ("entities", entities, true)])
        .unwrap()
}

/// The bad rows of each file.
const WRONG: [(&str, &[usize]); 3] = [("a", &[3, 70]), ("b", &[]), ("c", &[0, 1, 99])];

pub(crate) fn workspace() -> Scratch {
    let scratch = Scratch::new();
    for (file, wrong) in WRONG {
        scratch.parquet(&format!("data/{file}.parquet"), &[rows(1, 100, wrong)]);
    }
    scratch.write("test.toml", PIPELINE);
    scratch
}

pub(crate) const RUN: [&str; 6] = ["run", "test.toml", "-j", "2", "--batch-rows", "7"];

fn record(scratch: &Scratch, folder: &str) -> PathBuf {
    scratch.path(&format!("out/{folder}/.augment/rejects.jsonl"))
}

fn rejects(scratch: &Scratch, folder: &str) -> Vec<Reject> {
    let text = fs::read_to_string(record(scratch, folder)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Shard, row and operator of the rejects that are about rows.
fn rows_of(rejects: &[Reject]) -> Vec<(&str, u64, &str)> {
    let rows = rejects
        .iter()
        .filter_map(|reject| Some((reject, reject.row.as_ref()?)));
    rows.map(|(reject, row)| (reject.shard.as_str(), row.row, row.operator.as_str()))
        .collect()
}

/// What [`WRONG`] comes to: rows in order, and of each what the operators say in the order of the file.
fn expected(files: &[&'static str]) -> Vec<(&'static str, u64, &'static str)> {
    let shards = [("a", "a.parquet"), ("c", "c.parquet")];
    let mut all = Vec::new();
    for (file, shard) in shards.into_iter().filter(|(file, _)| files.contains(file)) {
        let (_, wrong) = WRONG.into_iter().find(|(name, _)| *name == file).unwrap();
        for row in wrong {
            all.extend([
                (shard, *row as u64, "swap"),
                (shard, *row as u64, "deletion"),
            ]);
        }
    }
    all
}

/// All files of the output folders but the locks, which nobody holds any more.
fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut files = scratch.digests("out");
    files.retain(|name, _| !name.contains(".augment/lock"));
    files
}

#[test]
fn every_row_is_on_record_with_its_reason() {
    let scratch = workspace();
    let arguments = ["--report", "report.json"];
    scratch.run(RUN.into_iter().chain(arguments)).says(
        1,
        &[
            "3 shards committed",
            "10 rows refused; what failed, and why, is in out/bad/.augment/rejects.jsonl",
        ],
    );
    let report = fs::read_to_string(scratch.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["rows_refused"], &report["failed"]),
        (&10.into(), &0.into())
    );
    assert_eq!(report["rejects"].as_array().unwrap().len(), 2);
    let found = rejects(&scratch, "good");
    assert_eq!(rows_of(&found), expected(&["a", "c"]));
    assert_eq!(
        found[0].reason,
        "annotation 0 in column `entities` starts at 2 and ends before, at 1"
    );
    assert_eq!(found[0].row.as_ref().unwrap().parent, "a.parquet#3");
    assert_eq!(rejects(&scratch, "bad"), found);
    // The rows themselves are where the pipeline sends them.
    let routed = scratch.read("out/bad/a.parquet");
    assert_eq!(routed.num_rows(), 4);
    let reasons = routed.column_by_name("aug_error").unwrap();
    assert_eq!(reasons.as_string::<i32>().value(0), found[0].reason);

    let status = scratch.run(["status", "out/good"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    for part in [
        "3 shards finished, 1,185 rows in 3 files",
        "the last run left rejects: 10 rows refused; the reasons are in out/good/.augment/rejects.jsonl",
    ] {
        assert!(status.stdout.contains(part), "{part}: {}", status.stdout);
    }
    assert!(
        !status.stdout.contains("did not write"),
        "{}",
        status.stdout
    );
    let verify = scratch.run(["verify", "out/good"]);
    assert!(
        verify.stdout.contains("5 files compared"),
        "{}",
        verify.stdout
    );
    assert_eq!(verify.code, Some(0));

    // Nothing is left to do, which does not make the rows better.
    let before = scratch.digests("out");
    scratch
        .run(RUN)
        .says(1, &["nothing to do", "10 rows refused"]);
    assert_eq!(scratch.digests("out"), before);
}

#[test]
fn the_record_does_not_tell_how_the_run_went_about_it() {
    let scratch = workspace();
    scratch.run(RUN).says(1, &[]);
    let undisturbed = outputs(&scratch);
    let runs: [&[&[&str]]; 4] = [
        &[&["-j", "1"]],
        &[&["-j", "4", "--batch-rows", "1"]],
        &[&["--shard", "2/2"], &["--shard", "1/2"], &[]],
        &[&["--limit", "50"], &["--fresh"]],
    ];
    for run in runs {
        fs::remove_dir_all(scratch.path("out")).unwrap();
        for arguments in run {
            let all = ["run", "test.toml"].iter().chain(*arguments);
            let finished = scratch.run(all);
            assert!(
                finished.code.is_some_and(|code| code < 2),
                "{}",
                finished.stderr
            );
        }
        assert_eq!(outputs(&scratch), undisturbed, "{run:?}");
        let mut leftovers = scratch.leftovers("out");
        leftovers.retain(|path| !path.to_str().unwrap().contains("/lock"));
        assert!(leftovers.is_empty(), "{run:?}: {leftovers:?}");
    }
}

#[test]
fn a_part_of_a_run_has_a_record_of_its_own() {
    let scratch = workspace();
    scratch
        .run(["run", "test.toml", "--shard", "1/3"])
        .says(1, &["4 rows refused"]);
    scratch
        .run(["run", "test.toml", "--shard", "2/3"])
        .says(0, &[]);
    let folder = scratch.path("out/good/.augment");
    assert!(folder.join("rejects-1-of-3.jsonl").exists());
    assert!(!folder.join("rejects-2-of-3.jsonl").exists());
    scratch
        .run(["run", "test.toml"])
        .says(1, &["10 rows refused"]);
    assert!(!folder.join("rejects-1-of-3.jsonl").exists());
    assert_eq!(rows_of(&rejects(&scratch, "good")), expected(&["a", "c"]));
}

#[test]
fn what_is_mended_goes_from_the_record() {
    let scratch = workspace();
    scratch.run(RUN).says(1, &[]);
    scratch.parquet("data/a.parquet", &[rows(2, 90, &[])]);
    scratch.run(RUN).says(1, &["6 rows refused"]);
    assert_eq!(rows_of(&rejects(&scratch, "bad")), expected(&["c"]));
    scratch.parquet("data/c.parquet", &[rows(3, 90, &[])]);
    scratch
        .run(RUN)
        .says(0, &["1 shard committed, 2 committed before"]);
    assert!(!record(&scratch, "bad").exists());
    assert!(
        !outputs(&scratch)
            .keys()
            .any(|name| name.contains("rejects"))
    );
}

#[test]
fn rows_and_shards_are_on_one_record() {
    let scratch = workspace();
    let whole = fs::read(scratch.path("data/a.parquet")).unwrap();
    let mut damaged = whole.clone();
    damaged[4..400].fill(0xff);
    scratch.write("data/a.parquet", damaged);
    scratch
        .run(RUN.into_iter().chain(["--keep-going"]))
        .says(1, &["1 failed", "6 rows refused"]);
    let found = rejects(&scratch, "good");
    assert_eq!(
        (found[0].shard.as_str(), &found[0].row),
        ("a.parquet", &None)
    );
    assert_eq!(rows_of(&found), expected(&["c"]));
    let status = scratch.run(["status", "out/bad"]);
    assert!(
        status.stdout.contains("1 shard failed, 6 rows refused"),
        "{}",
        status.stdout
    );
    scratch.write("data/a.parquet", whole);
    scratch.run(RUN).says(1, &["10 rows refused"]);
    let mended = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.run(RUN).says(1, &[]);
    assert_eq!(rows_of(&rejects(&scratch, "good")), expected(&["a", "c"]));
    // The mended file has another time, and so have ledger lines.
    assert_eq!(outputs(&scratch), mended);
}

#[test]
fn row_groups_have_records_of_their_own() {
    let scratch = workspace();
    let groups = [rows(1, 40, &[1]), rows(2, 40, &[]), rows(3, 40, &[39])];
    scratch.parquet("data/b.parquet", &groups);
    let cut = PIPELINE.replace("spans =", "shard = \"row_group\"\nspans =");
    scratch.write("test.toml", cut);
    scratch.run(RUN).says(1, &["14 rows refused"]);
    let found = rejects(&scratch, "bad");
    let rows = rows_of(&found);
    assert_eq!(
        rows[4..6],
        [
            ("b.parquet/00000-of-00003", 1, "swap"),
            ("b.parquet/00000-of-00003", 1, "deletion")
        ]
    );
    assert_eq!(rows[6].1, 119, "rows are counted through the file");
    // Other shards take the place of these, and their records with them.
    scratch.write("test.toml", PIPELINE);
    scratch.run(RUN).says(1, &["14 rows refused"]);
    let records = outputs(&scratch);
    assert!(
        !records.keys().any(|name| name.contains("00000-of-00003")),
        "{records:?}"
    );
    assert_eq!(rejects(&scratch, "bad").len(), 14);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let scratch = workspace();
    fs::create_dir_all(scratch.path("out/good/.augment")).unwrap();
    fs::create_dir_all(scratch.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(
        scratch.path("elsewhere"),
        scratch.path("out/good/.augment/rejects"),
    )
    .unwrap();
    scratch.run(RUN).says(1, &["is a link"]);
    assert_eq!(fs::read_dir(scratch.path("elsewhere")).unwrap().count(), 0);
}

/// Only debug builds have places to die at.
#[cfg(debug_assertions)]
#[test]
fn a_run_that_dies_leaves_no_reject_twice() {
    let scratch = workspace();
    scratch.run(RUN).says(1, &[]);
    let undisturbed = outputs(&scratch);
    for place in [
        "file-created",
        "file-renamed",
        "files-published",
        "ledger-line-torn",
        "ledger-line-synced",
        "ledger-renamed",
    ] {
        for visit in [1, 2, 3] {
            fs::remove_dir_all(scratch.path("out")).unwrap();
            let mut command = scratch.command(RUN);
            command.env("AUGMENT_FAILPOINT", format!("{place}:{visit}"));
            let status = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(status.code(), None, "{place} was not visited {visit} times");
            scratch.run(RUN).says(1, &["10 rows refused"]);
            assert_eq!(outputs(&scratch), undisturbed, "{place}, visit {visit}");
            assert!(scratch.leftovers("out").is_empty());
        }
    }
}
