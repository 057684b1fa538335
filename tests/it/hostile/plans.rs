//! Pipelines that nobody would write and that are plans all the same: a run of one on a few rows ends,
//! says why where it fails, and gives the same again.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use augment::config::Document;
use augment::engine::{self, RunSettings};
use augment::operator::Registry;
use augment::plan::{FileCatalog, Plan, check};
use augment::random::Random;
use augment::topology::{ShardOutcome, Silent, Stop};

use super::documents::Stock;
use super::{Cases, has_places, tell};
use crate::samples;
use crate::scratch::{Scratch, read_parquet};

/// How long a run on a few rows may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// A few rows with the columns that the pipelines ask for.
fn rows(seed: u64, count: usize) -> RecordBatch {
    let mut texts = samples::texts(seed, count, 30);
    let mut spans = vec![Vec::new(); count];
    for row in (0..count).step_by(3) {
        let before = format!("Row {row} of ");
        let start = i32::try_from(before.len()).unwrap();
        spans[row].push((start, start + 10));
        let after = texts[row].take().unwrap_or_default();
        texts[row] = Some(format!("{before}John Smith, {after}"));
    }
    let strings = |value: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new((0..count).map(value).collect::<StringArray>())
    };
    RecordBatch::try_from_iter_with_nullable([
        ("id", strings(&|row| Some(format!("{seed}-{row}"))), true),
        ("text", Arc::new(StringArray::from(texts)) as ArrayRef, true),
        (
            "label",
            strings(&|row| (row % 5 > 0).then(|| ["positive", "negative"][row % 2].to_owned())),
            true,
        ),
        (
            "language",
            strings(&|row| (row % 4 > 0).then(|| ["en", "de"][row % 2].to_owned())),
            true,
        ),
        (
            "title",
            strings(&|row| Some(format!("A title {row}"))),
            true,
        ),
        ("entities", samples::annotations(&spans), true),
    ])
    .unwrap()
}

fn plan_of(scratch: &Scratch, text: &str, case: u64) -> Option<Plan> {
    let base = scratch.path("");
    let document = Document::new("a.toml", text, &base, &[]);
    let catalog = FileCatalog::new(base.clone());
    let (plan, report) = check(&document, None, &|_| None, &Registry::builtin(), &catalog);
    has_places(&report, &format!("case {case}:\n{text}"));
    plan
}

/// What a run left, or why it did not start; the reasons of shards that failed.
type Outcome = (BTreeMap<String, String>, Vec<String>);

fn run(scratch: &Scratch, plan: &Plan, settings: &RunSettings) -> Outcome {
    let _ = fs::remove_dir_all(scratch.path("out"));
    let mut reasons = Vec::new();
    match engine::run(plan, settings, &Silent, &Stop::default()) {
        Err(error) => reasons.push(format!("{error}\n{}", error.help())),
        Ok(report) => {
            for shard in &report.shards {
                match &shard.outcome {
                    ShardOutcome::Committed => {}
                    ShardOutcome::Failed(reason) => reasons.push(reason.clone()),
                    ShardOutcome::Abandoned => reasons.push("abandoned".to_owned()),
                }
            }
            // A sink writes one file for each shard that reaches it, each of them whole.
            for name in scratch.visible("out") {
                let path = scratch.path("out").join(name);
                let rows = read_parquet(&path);
                if let Some(parents) = rows.column_by_name("aug_parent") {
                    assert_eq!(parents.null_count(), 0);
                    let _ = parents.as_string_opt::<i32>();
                }
            }
        }
    }
    let leftovers = scratch.leftovers("out");
    assert!(leftovers.is_empty(), "{leftovers:?}");
    let mut files = scratch.digests("out");
    files.retain(|name, _| !name.contains(".augment/lock"));
    reasons.sort();
    (files, reasons)
}

/// Runs a plan in two ways, and answers whether it came through.
fn try_out(scratch: &Scratch, plan: &Plan, twice: bool) -> Result<bool, String> {
    let (files, reasons) = run(
        scratch,
        plan,
        &RunSettings {
            keep_going: true,
            ..RunSettings::new(2)
        },
    );
    for reason in &reasons {
        if reason.trim().is_empty() || reason.contains("a bug") || reason == "abandoned" {
            return Err(reason.clone());
        }
    }
    if twice {
        let (again, reasons_again) = run(
            scratch,
            plan,
            &RunSettings {
                keep_going: true,
                batch_rows: 3,
                ..RunSettings::new(1)
            },
        );
        if again != files || reasons.is_empty() != reasons_again.is_empty() {
            return Err(format!(
                "another outcome in smaller batches: {files:?}, {again:?}, {reasons:?}, {reasons_again:?}"
            ));
        }
    }
    Ok(reasons.is_empty())
}

#[test]
fn altered_pipelines_run_or_say_why_not() {
    let scratch = Arc::new(Scratch::new());
    scratch.parquet("data/a.parquet", &[rows(1, 9), rows(2, 4)]);
    scratch.parquet("data/b.parquet", &[rows(3, 7)]);
    let stock = Stock::new();
    let (mut cases, mut plans, mut through) = (0, 0, 0);
    for case in Cases::usual(60) {
        let mut random = Random::from_key(case);
        let pipeline = stock.draw(&mut random);
        let Ok(text) = toml::to_string(&pipeline) else {
            continue;
        };
        cases += 1;
        // What is left here when the process is killed is the pipeline that did it.
        scratch.write("a.toml", &text);
        let Some(plan) = plan_of(&scratch, &text, case) else {
            continue;
        };
        plans += 1;
        let twice = random.below(3) == 0;
        let (done, outcome) = channel();
        let shared = Arc::clone(&scratch);
        thread::spawn(move || {
            let _ = done.send(try_out(&shared, &plan, twice));
        });
        match outcome.recv_timeout(PATIENCE) {
            Ok(Ok(came_through)) => through += u64::from(came_through),
            Ok(Err(reason)) => panic!("case {case}: {reason}\n{text}"),
            Err(RecvTimeoutError::Disconnected) => panic!("case {case} panicked\n{text}"),
            Err(RecvTimeoutError::Timeout) => panic!("case {case} does not end\n{text}"),
        }
    }
    tell(&format!(
        "{cases} altered pipelines, {plans} are plans, {through} came through, {} at the peak",
        peak()
    ));
    assert!(plans * 4 > cases, "only {plans} of {cases} are plans");
    assert!(
        through * 2 > plans,
        "only {through} of {plans} came through"
    );
}

/// The most memory that this process took at a time, as the system has it.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(
        || "nobody knows how much".to_owned(),
        |line| line.trim().to_owned(),
    )
}
