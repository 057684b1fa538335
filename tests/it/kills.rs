//! A run that dies, at moments drawn by lot and at every place between two steps of a commit: the
//! next one makes the folder of a run that nothing disturbed.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use augment::random::Random;
use serde_json::Value;

use crate::samples;
use crate::scratch::Scratch;

/// A preset with several operators in it.
const EDA: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.eda]
type = "eda"
inputs = ["data"]

[sinks.out]
type = "parquet"
inputs = ["data", "eda"]
path = "out/{shard}.parquet"
"#;

/// Three folders, to one of which the way is long.
const SLOW_BRANCH: &str = r#"version = 1
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
replicas = 4

[operators.swap]
type = "random_swap"
inputs = ["deletion"]
replicas = 4

[sinks.quick]
type = "parquet"
inputs = ["usable"]
path = "out/quick/{shard}.parquet"

[sinks.slow]
type = "parquet"
inputs = ["swap"]
path = "out/slow/{shard}.parquet"
lineage = "edits"

[sinks.rest]
type = "parquet"
inputs = ["usable.rejected"]
path = "out/rest/{shard}.parquet"
"#;

/// Shards that are row groups, for two folders.
const ROW_GROUPS: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"
shard = "row_group"

[operators.deletion]
type = "random_deletion"
inputs = ["data"]
replicas = 2

[sinks.variants]
type = "parquet"
inputs = ["data", "deletion"]
path = "out/variants/{shard}.parquet"

[sinks.originals]
type = "parquet"
inputs = ["data"]
path = "out/originals/{shard}.parquet"
"#;

/// Translation there and back, by models or by what stands for them.
const BACK_TRANSLATION: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.german]
type = "back_translation"
inputs = ["data"]
forward = "fake:"
backward = "fake:"
replicas = 2
gates = { length = false, chrf = false }

[sinks.out]
type = "parquet"
inputs = ["data", "german"]
path = "out/{shard}.parquet"
lineage = "edits"
"#;

/// Every place at which a debug build can be told to abort while it works on a shard.
const PLACES: [&str; 10] = [
    "file-created",
    "file-written",
    "file-synced",
    "file-renamed",
    "files-published",
    "ledger-line-torn",
    "ledger-line-written",
    "ledger-line-synced",
    "ledger-rewritten",
    "ledger-renamed",
];

const RUN: [&str; 7] = [
    "run",
    "test.toml",
    "-j",
    "2",
    "--batch-rows",
    "50",
    "--quiet",
];

/// A folder with the pipeline and data for it: `files` of `groups` row groups of `rows` rows.
fn workspace(pipeline: &str, files: u64, groups: u64, rows: usize) -> Scratch {
    let scratch = Scratch::new();
    for file in 0..files {
        let group = |group| samples::numbered_sentences(file * 100 + group, rows);
        let groups: Vec<_> = (0..groups).map(group).collect();
        scratch.parquet(&format!("data/part-{file}.parquet"), &groups);
    }
    scratch.write("test.toml", pipeline);
    scratch
}

/// All files of the output folder but the locks, which nobody holds any more.
fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut files = scratch.digests("out");
    files.retain(|name, _| !name.contains(".augment/lock"));
    files
}

/// The outputs of the shards that all ledgers have, with what shows whether they were written again.
fn finished(scratch: &Scratch) -> Vec<(String, u64, SystemTime)> {
    let folders = ["", "quick/", "slow/", "rest/", "variants/", "originals/"];
    let mut shards: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    let mut ledgers = 0;
    for folder in folders {
        let ledger = scratch.path(&format!("out/{folder}.augment/ledger.jsonl"));
        // Where one is missing yet, no shard is in all of them.
        ledgers += usize::from(scratch.path(&format!("out/{folder}.augment")).exists());
        let text = fs::read_to_string(ledger).unwrap_or_default();
        let complete = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..complete].lines().skip(1) {
            let entry: Value = serde_json::from_str(line).unwrap();
            let shard = entry["shard"].as_str().unwrap().to_owned();
            let (seen, outputs) = shards.entry(shard).or_default();
            *seen += 1;
            let paths = entry["outputs"].as_array().unwrap().iter();
            outputs.extend(
                paths.map(|path| format!("out/{folder}{}", path["path"].as_str().unwrap())),
            );
        }
    }
    let whole = shards.into_values().filter(|(seen, _)| *seen == ledgers);
    whole
        .flat_map(|(_, outputs)| outputs)
        .map(|name| {
            let status = fs::metadata(scratch.path(&name)).unwrap();
            (name, status.ino(), status.modified().unwrap())
        })
        .collect()
}

/// Looks at what a run that died has left, and lets the next one complete it. Answers how many
/// outputs of finished shards there were.
fn complete(scratch: &Scratch, expected: &BTreeMap<String, String>, moment: &str) -> usize {
    for name in scratch.visible("out") {
        let digest = &scratch.digests("out")[&name];
        assert_eq!(digest, &expected[&name], "{moment}: {name} is not complete");
    }
    let before = finished(scratch);
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(scratch), *expected, "{moment}");
    let kept: BTreeSet<_> = finished(scratch).into_iter().collect();
    for mark in &before {
        assert!(
            kept.contains(mark),
            "{moment}: {} was written again",
            mark.0
        );
    }
    let leftovers = scratch.leftovers("out");
    assert!(leftovers.is_empty(), "{moment}: {leftovers:?}");
    before.len()
}

/// Kills runs at so many moments, drawn from `key` over the whole of a run. Answers how many kills left
/// some shards finished and others not.
#[expect(clippy::cast_precision_loss, reason = "there are few outputs")]
fn kill(scratch: &Scratch, kills: usize, key: u64) -> usize {
    let started = Instant::now();
    scratch.run(RUN).says(0, &[]);
    let whole = started.elapsed();
    let expected = outputs(scratch);
    let all = scratch.visible("out").len();
    let mut random = Random::from_key(key);
    let mut amid = 0;
    for number in 0..kills {
        fs::remove_dir_all(scratch.path("out")).unwrap();
        let mut command = scratch.command(RUN);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().unwrap();
        // Over the whole of a run, on a slow machine as on a fast one: so many outputs are seen first,
        // and the rest is a part of the time that each takes.
        let seen = random.below(all);
        while scratch.visible("out").len() < seen && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(whole.mul_f64(random.unit() / all as f64));
        run.kill().unwrap();
        run.wait().unwrap();
        let before = complete(scratch, &expected, &format!("kill {number}"));
        amid += usize::from((1..all).contains(&before));
    }
    amid
}

fn eda(kills: usize) -> usize {
    kill(&workspace(EDA, 6, 1, 100), kills, 1)
}

fn back_translation(kills: usize) -> usize {
    kill(&workspace(BACK_TRANSLATION, 6, 1, 60), kills, 4)
}

fn slow_branch(kills: usize) -> usize {
    kill(&workspace(SLOW_BRANCH, 6, 1, 100), kills, 2)
}

fn row_groups(kills: usize) -> usize {
    kill(&workspace(ROW_GROUPS, 2, 5, 100), kills, 3)
}

#[test]
fn eda_is_killed_at_8_moments() {
    eda(8);
}

#[test]
fn back_translation_is_killed_at_8_moments() {
    back_translation(8);
}

#[test]
fn a_slow_branch_is_killed_at_8_moments() {
    slow_branch(8);
}

#[test]
fn row_groups_are_killed_at_9_moments() {
    row_groups(9);
}

/// `cargo test --test it killed_at_200 -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn killed_at_200_moments() {
    let amid = eda(50) + back_translation(50) + slow_branch(50) + row_groups(50);
    // Were this not so, the test would show little.
    assert!(amid >= 50, "{amid} of 200 kills came amid the shards");
}

/// A run that aborts at the `visit`th visit of `place`.
fn abort(scratch: &Scratch, place: &str, visit: usize) {
    let mut command = scratch.command(RUN);
    command.env("AUGMENT_FAILPOINT", format!("{place}:{visit}"));
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let aborted = status.signal().is_some();
    assert!(aborted, "{place} was not visited {visit} times: {status}");
}

/// Only debug builds have such places.
#[cfg(debug_assertions)]
#[test]
fn a_run_may_die_at_every_step_of_a_commit() {
    // The third visit is in the second shard, or after the last.
    abort_everywhere(&workspace(ROW_GROUPS, 1, 4, 30), &[1, 3]);
}

#[cfg(debug_assertions)]
fn abort_everywhere(scratch: &Scratch, visits: &[usize]) {
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(scratch);
    for place in PLACES {
        for visit in visits {
            fs::remove_dir_all(scratch.path("out")).unwrap();
            abort(scratch, place, *visit);
            complete(scratch, &expected, &format!("{place}, visit {visit}"));
        }
    }
}

/// With the models of the program, which take most of the time of a run: it dies at every step of a
/// commit and amid sentences.
#[cfg(all(debug_assertions, feature = "onnx"))]
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn a_run_with_models_may_die_at_any_moment() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH names no library of ONNX Runtime");
        return;
    }
    let pipeline = BACK_TRANSLATION
        .replace("forward = \"fake:\"", "forward = \"builtin:en-de\"")
        .replace("backward = \"fake:\"", "backward = \"builtin:de-en\"");
    let scratch = workspace(&pipeline, 3, 1, 6);
    abort_everywhere(&scratch, &[2]);
    kill(&scratch, 4, 5);
}

/// The next run may die at the same place again: what is finished stays.
#[cfg(debug_assertions)]
#[test]
fn every_run_gets_further_than_the_last() {
    let scratch = workspace(ROW_GROUPS, 1, 4, 30);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    let mut marks = BTreeSet::new();
    for _ in 0..3 {
        // Two ledgers have a line for each shard: this is the second line, of the first or another.
        abort(&scratch, "ledger-line-synced", 2);
        let now: BTreeSet<_> = finished(&scratch).into_iter().collect();
        assert!(
            now.is_superset(&marks) && now.len() > marks.len(),
            "{now:?}"
        );
        marks = now;
    }
    complete(&scratch, &expected, "after three runs");
}

/// Other shards than before: the old outputs go when the new ones are complete, not earlier, and a
/// run that dies in between is completed as well.
#[cfg(debug_assertions)]
#[test]
fn a_run_may_die_when_it_removes_what_is_superseded() {
    let scratch = workspace(ROW_GROUPS, 2, 3, 30);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.write("test.toml", ROW_GROUPS.replace("row_group", "file"));
    scratch.run(RUN).says(0, &[]);
    scratch.write("test.toml", ROW_GROUPS);
    abort(&scratch, "files-published", 3);
    assert!(
        scratch
            .visible("out")
            .contains(&"variants/part-0.parquet".to_owned())
    );
    abort(&scratch, "superseded-removed", 1);
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(&scratch), expected);
}

/// The lock goes with its holder, however that ends.
#[test]
fn a_killed_holder_leaves_no_lock() {
    let scratch = workspace(ROW_GROUPS, 3, 4, 150);
    let mut command = scratch.command(RUN);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut holder = command.spawn().unwrap();
    while scratch.visible("out").is_empty() && holder.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let pid = holder.id().to_string();
    let stopped = Command::new("kill").args(["-STOP", &pid]).status();
    assert!(stopped.unwrap().success());
    // It may have been at its end already.
    if holder.try_wait().unwrap().is_none() {
        let named = format!("(process {pid})");
        for flags in [&[][..], &["--fresh"], &["--force"], &["--shard", "1/2"]] {
            let refused = scratch.run(RUN.iter().chain(flags));
            refused.says(2, &["another run is writing to", &named]);
        }
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.run(RUN).says(0, &[]);
    assert_eq!(outputs(&scratch), expected);
}

/// As on a full device: no file may grow beyond a few blocks, which the ledger does before any output.
#[test]
fn a_ledger_without_room_keeps_whole_lines() {
    let scratch = workspace(EDA, 60, 1, 2);
    scratch.run(RUN).says(0, &[]);
    let expected = outputs(&scratch);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    let mut limited = Command::new("sh");
    scratch.prepare(&mut limited);
    let script = "trap '' XFSZ; ulimit -f 20; exec \"$@\"";
    limited.args(["-c", script, "sh", env!("CARGO_BIN_EXE_augment")]);
    let limited = limited.args(RUN).output().unwrap();
    let said = String::from_utf8(limited.stderr).unwrap();
    assert_eq!(limited.status.code(), Some(1), "{said}");
    assert!(said.contains("ledger.jsonl"), "{said}");
    let ledger = fs::read_to_string(scratch.path("out/.augment/ledger.jsonl")).unwrap();
    assert!(
        ledger.ends_with('\n') && ledger.lines().count() > 3,
        "{ledger}"
    );
    let before = complete(&scratch, &expected, "full");
    assert!((1..60).contains(&before), "{before}");
}
