//! Duplicates are the same rows however a run goes about it, within shards and within the data set.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use augment::engine::RunSettings;
use augment::random::Random;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::samples;
use crate::scratch::Scratch;

/// Rows of a shard: sentences, many of which occur before, in the shard or in another.
fn sentences(seed: u64, rows: usize) -> RecordBatch {
    let (mut random, all) = (Random::from_key(seed), samples::numbered_sentences(7, 400));
    let picks: Vec<u32> = (0..rows)
        .map(|_| u32::try_from(random.below(400)).unwrap())
        .collect();
    arrow::compute::take_record_batch(&all, &UInt32Array::from(picks)).unwrap()
}

/// Shards of unlike length and several row groups, one without a row.
fn workspace() -> Scratch {
    let scratch = Scratch::new();
    for (seed, groups) in [&[300, 120][..], &[0], &[250], &[1, 90]]
        .into_iter()
        .enumerate()
    {
        let seed = seed as u64 * 10;
        let groups: Vec<RecordBatch> = groups
            .iter()
            .zip(seed..)
            .map(|(rows, seed)| sentences(seed, *rows))
            .collect();
        scratch.parquet(&format!("data/part-{seed:02}.parquet"), &groups);
    }
    scratch
}

fn pipeline(options: &str) -> String {
    format!(
        "version = 1\nseed = 42\n\
         [sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\ntext = \"text\"\n\
         [operators.once]\ntype = \"deduplicate\"\ninputs = [\"data\"]\n{options}\n\
         [sinks.kept]\ntype = \"parquet\"\ninputs = [\"once\"]\npath = \"out/kept/{{shard}}.parquet\"\n\
         [sinks.rest]\ntype = \"parquet\"\ninputs = [\"once.duplicates\"]\npath = \"out/rest/{{shard}}.parquet\"\n"
    )
}

const SCOPES: [&str; 4] = [
    "scope = \"shard\"",
    "scope = \"shard\"\nmode = \"near\"\nngram = 2\nremember = 50",
    "scope = \"dataset\"\nnormalise = true",
    "scope = \"dataset\"\nmode = \"near\"\nngram = 2",
];

/// The files that a run leaves, ledgers and all but locks; they are removed.
fn outcome(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut files = scratch.digests("out");
    files.retain(|name, _| !name.contains("/lock"));
    fs::remove_dir_all(scratch.path("out")).unwrap();
    files
}

fn texts(rows: &RecordBatch) -> Vec<String> {
    let column = rows.column_by_name("text").unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap().to_owned()).collect()
}

#[test]
fn the_same_bytes_however_the_run_goes_about_it() {
    let scratch = workspace();
    for options in SCOPES {
        let text = pipeline(options);
        scratch.commit_all(&text, &RunSettings::new(1));
        let expected = outcome(&scratch);
        assert_eq!(expected.len(), 10, "{expected:?}");
        for workers in [1, 2, 8] {
            for batch_rows in [1, 97, 4096] {
                let settings = RunSettings {
                    batch_rows,
                    ..RunSettings::new(workers)
                };
                scratch.commit_all(&text, &settings);
                assert_eq!(
                    outcome(&scratch),
                    expected,
                    "{options}: -j {workers} --batch-rows {batch_rows}"
                );
            }
        }
        // Two parts, and the whole that makes one ledger of theirs.
        for shard in [Some((1, 2)), Some((2, 2)), None] {
            let settings = RunSettings {
                shard,
                ..RunSettings::new(2)
            };
            scratch.commit_all(&text, &settings);
            assert!(
                scratch
                    .leftovers("out")
                    .iter()
                    .all(|path| { path.to_string_lossy().contains("-of-2") })
            );
        }
        assert_eq!(outcome(&scratch), expected, "{options}: in two parts");
    }
}

#[test]
fn every_text_stays_once_and_nothing_is_lost() {
    let scratch = workspace();
    for (options, across) in [("", false), ("scope = \"dataset\"", true)] {
        let report = scratch.commit_all(&pipeline(options), &RunSettings::new(2));
        let mut known = HashSet::new();
        let mut duplicates = 0;
        for shard in ["part-00", "part-10", "part-20", "part-30"] {
            if !across {
                known.clear();
            }
            let rows = |folder: &str| texts(&scratch.read(&format!("{folder}/{shard}.parquet")));
            let (mut kept, mut rest) = (Vec::new(), Vec::new());
            for text in rows("data") {
                let first = known.insert(text.clone());
                if first { &mut kept } else { &mut rest }.push(text);
            }
            assert_eq!(rows("out/kept"), kept, "{shard} {options}");
            assert_eq!(rows("out/rest"), rest, "{shard} {options}");
            duplicates += rest.len() as u64;
        }
        let (_, counts) = &report.operators[0];
        assert_eq!(counts.reasons["filtered: duplicate"], duplicates);
        assert_eq!((counts.rows_in, counts.rows_out), (761, 761 - duplicates));
        outcome(&scratch);
    }
}

#[test]
fn where_a_row_is_in_two_sources_the_one_named_first_has_it() {
    let scratch = workspace();
    let text = |inputs: &str| {
        format!(
            "version = 1\n\
             [sources.a]\ntype = \"parquet\"\npaths = [\"data/part-00.parquet\"]\ntext = \"text\"\n\
             [sources.b]\ntype = \"parquet\"\npaths = [\"data/part-20.parquet\"]\ntext = \"text\"\n\
             [operators.once]\ntype = \"deduplicate\"\ninputs = {inputs}\nscope = \"dataset\"\n\
             [sinks.kept]\ntype = \"parquet\"\ninputs = [\"once\"]\npath = \"out/{{source}}/{{shard}}.parquet\"\n"
        )
    };
    let distinct = |name: &str| {
        texts(&scratch.read(name))
            .into_iter()
            .collect::<HashSet<_>>()
            .len()
    };
    for (inputs, first, name) in [
        (
            "[\"a\", \"b\"]",
            "data/part-00.parquet",
            "out/a/part-00.parquet",
        ),
        (
            "[\"b\", \"a\"]",
            "data/part-20.parquet",
            "out/b/part-20.parquet",
        ),
    ] {
        scratch.commit_all(&text(inputs), &RunSettings::new(2));
        assert_eq!(scratch.read(name).num_rows(), distinct(first), "{inputs}");
        outcome(&scratch);
    }
}

/// Stages before, after and beside: replicas are rows like others, in their order.
#[test]
fn a_stage_in_order_takes_its_place_in_a_graph() {
    let scratch = workspace();
    let text = "version = 1\nseed = 42\n\
        [sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\ntext = \"text\"\n\
        [operators.swap]\ntype = \"random_swap\"\ninputs = [\"data\"]\nreplicas = 2\n\
        [operators.once]\ntype = \"deduplicate\"\ninputs = [\"swap\", \"data\"]\n\
        [operators.again]\ntype = \"random_deletion\"\ninputs = [\"once\"]\n\
        [operators.twice]\ntype = \"deduplicate\"\ninputs = [\"again\", \"data\"]\n\
        [sinks.out]\ntype = \"parquet\"\ninputs = [\"once.duplicates\", \"twice\"]\npath = \"out/{shard}.parquet\"\n";
    scratch.commit_all(text, &RunSettings::new(1));
    let expected = outcome(&scratch);
    for (workers, window) in [(1, 1), (2, 3), (8, 2)] {
        let settings = RunSettings {
            batch_rows: 31,
            window,
            ..RunSettings::new(workers)
        };
        scratch.commit_all(text, &settings);
        assert_eq!(
            outcome(&scratch),
            expected,
            "-j {workers} --window {window}"
        );
    }
}

const RUN: [&str; 6] = ["run", "test.toml", "-j", "2", "--batch-rows", "20"];

#[test]
fn a_killed_run_is_resumed_to_the_same_bytes_and_leaves_no_keys() {
    let scratch = workspace();
    scratch.write("test.toml", pipeline(SCOPES[2]));
    scratch.run(RUN).says(0, &["looking at 761 rows first"]);
    let expected = outcome(&scratch);
    let mut random = Random::from_key(5);
    for kill in 0..6 {
        let mut run = scratch.command(RUN);
        run.stderr(std::process::Stdio::null());
        let mut run = run.spawn().unwrap();
        let seen = kill % 4;
        while scratch.visible("out/kept").len() < seen && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(random.below(20) as u64));
        run.kill().unwrap();
        run.wait().unwrap();
        scratch.run(RUN).says(0, &[]);
        assert!(
            scratch.leftovers("out").is_empty(),
            "{:?}",
            scratch.leftovers("out")
        );
        assert_eq!(outcome(&scratch), expected, "kill {kill}");
    }
}

#[test]
fn what_a_killed_survey_left_is_removed_by_whatever_runs_next() {
    let scratch = workspace();
    scratch.write("test.toml", pipeline(SCOPES[0]));
    scratch.run(RUN).says(0, &[]);
    for folder in ["survey", "survey-1-of-2"] {
        scratch.write(&format!("out/kept/.augment/{folder}/keys-0000"), "keys");
    }
    scratch
        .run(RUN.iter().chain(&["--shard", "2/2"]))
        .says(0, &[]);
    let exists = |folder: &str| {
        scratch
            .path(&format!("out/kept/.augment/{folder}"))
            .exists()
    };
    assert!(exists("survey") && exists("survey-1-of-2"));
    scratch.run(RUN).says(0, &["nothing to do"]);
    assert!(!exists("survey") && !exists("survey-1-of-2"));
}

#[test]
fn other_data_needs_a_fresh_start_with_the_scope_of_the_data_set_alone() {
    let scratch = workspace();
    for (options, code) in [(SCOPES[0], 0), (SCOPES[2], 2)] {
        scratch.write("test.toml", pipeline(options));
        scratch.run(RUN).says(0, &[]);
        scratch.parquet("data/part-40.parquet", &[sentences(3, 30)]);
        let again = scratch.run(RUN);
        assert_eq!(again.code, Some(code), "{}", again.stderr);
        assert_eq!(again.stderr.contains("--fresh"), code == 2);
        fs::remove_file(scratch.path("data/part-40.parquet")).unwrap();
        outcome(&scratch);
    }
}

#[test]
fn the_data_set_is_that_of_sources_not_of_operators() {
    let scratch = workspace();
    let text = pipeline(SCOPES[2]).replace(
        "[operators.once]\ntype = \"deduplicate\"\ninputs = [\"data\"]",
        "[operators.short]\ntype = \"filter\"\ninputs = [\"data\"]\nwords = [1, 9]\n\
         [operators.once]\ntype = \"deduplicate\"\ninputs = [\"data\", \"short\"]",
    );
    scratch.write("test.toml", text);
    scratch.run(["check", "test.toml"]).says(
        2,
        &[
            "A216",
            "operator `once` looks at all rows before the run, but reads `short`",
            "inputs = [\"data\", \"short\"]",
            "^^^^^^^ not a source",
            "scope = \"shard\"",
        ],
    );
}

#[test]
fn a_plan_and_a_preview_know_of_the_survey() {
    let scratch = workspace();
    scratch.write("test.toml", pipeline(SCOPES[2]));
    let plan = scratch.run(["plan", "test.toml"]);
    let said = "first looks at 761 rows in data";
    assert!(plan.stdout.contains(said), "{}", plan.stdout);
    let preview = scratch.run(["preview", "test.toml", "--at", "once.duplicates", "-n", "3"]);
    assert_eq!(preview.code, Some(0), "{}", preview.stderr);
    assert!(
        preview
            .stderr
            .contains("looking at the rows of all shards first")
    );
    assert!(
        preview.stdout.contains("part-00.parquet#"),
        "{}",
        preview.stdout
    );
    let json = scratch.run(["run", "test.toml", "--progress", "json"]);
    json.says(0, &["{\"event\":\"counting\",", "\"rows_total\":761}"]);
}

#[test]
fn a_shard_that_cannot_be_surveyed_ends_the_run() {
    let scratch = workspace();
    scratch.write("test.toml", pipeline(SCOPES[2]));
    let path = scratch.path("data/part-20.parquet");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .build();
    scratch.parquet_with("data/part-20.parquet", &[sentences(1, 250)], properties);
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 40].fill(0xff);
    fs::write(&path, bytes).unwrap();
    for flags in [&["--keep-going"][..], &["--shard", "2/4"]] {
        scratch.run(RUN.iter().chain(flags)).says(
            1,
            &[
                "the rows for operator `once` cannot be surveyed",
                "part-20.parquet",
            ],
        );
    }
    assert!(scratch.visible("out").is_empty());
}
