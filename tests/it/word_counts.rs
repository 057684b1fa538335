//! Words are counted in all shards before a run that needs them: whatever part of them it works on,
//! however it goes about it, and once only.

use std::collections::BTreeMap;
use std::fs;

use arrow::array::{AsArray, RecordBatch};
use augment::engine::{self, RunSettings, ShardReport};
use augment::topology::{ShardOutcome, Silent, Stop};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::samples;
use crate::scratch::Scratch;

const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.tfidf]
type = "tfidf_replacement"
inputs = ["data"]
rate = 0.3

[sinks.out]
type = "parquet"
inputs = ["tfidf"]
path = "out/{shard}.parquet"
"#;

const RUN: [&str; 6] = ["run", "test.toml", "-j", "2", "--progress", "plain"];

/// What is said when words are counted.
const COUNTING: &str = "counting the words of 381 rows first";

/// Shards of unlike length and unlike words.
fn workspace() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    for (seed, rows) in [(0, 200), (1, 30), (2, 90), (3, 1), (4, 60)] {
        let name = format!("data/part-{seed}.parquet");
        scratch.parquet(&name, &[samples::numbered_sentences(seed, rows)]);
    }
    scratch
}

/// The Parquet files below `out`, which are removed.
fn outcome(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut files = scratch.digests("out");
    files.retain(|name, _| name.ends_with(".parquet"));
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
    scratch.commit_all(PIPELINE, &RunSettings::new(1));
    let expected = outcome(&scratch);
    assert_eq!(expected.len(), 5);
    for (workers, batch_rows) in [(1, 7), (2, 4096), (2, 1), (8, 50)] {
        let settings = RunSettings {
            batch_rows,
            ..RunSettings::new(workers)
        };
        scratch.commit_all(PIPELINE, &settings);
        assert_eq!(
            outcome(&scratch),
            expected,
            "-j {workers} --batch-rows {batch_rows}"
        );
    }
    // Two parts, then the rest: as after a crash of the third machine.
    for shard in [Some((1, 3)), Some((2, 3)), None] {
        let settings = RunSettings {
            shard,
            ..RunSettings::new(2)
        };
        let report = scratch.commit_all(PIPELINE, &settings);
        assert!(!report.shards.is_empty());
    }
    assert_eq!(outcome(&scratch), expected);
}

#[test]
fn the_order_of_tables_makes_no_difference() {
    let scratch = workspace();
    scratch.parquet("more/a.parquet", &[samples::numbered_sentences(9, 40)]);
    let more = "[sources.more]\ntype = \"parquet\"\npaths = [\"more\"]\ntext = \"text\"\n\n";
    let inputs = PIPELINE
        .replace("inputs = [\"data\"]", "inputs = [\"data\", \"more\"]")
        .replace("out/{shard}", "out/{source}/{shard}");
    let before = inputs.replace("[sources.data]", &format!("{more}[sources.data]"));
    let after = inputs.replace("[operators.tfidf]", &format!("{more}[operators.tfidf]"));
    assert_eq!(
        scratch.plan(&before).fingerprint,
        scratch.plan(&after).fingerprint
    );
    scratch.commit_all(&before, &RunSettings::new(2));
    let expected = outcome(&scratch);
    scratch.commit_all(&after, &RunSettings::new(1));
    assert_eq!(outcome(&scratch), expected);
}

#[test]
fn a_limit_leaves_rows_out_and_changes_none() {
    let scratch = workspace();
    scratch.commit_all(PIPELINE, &RunSettings::new(2));
    let whole = texts(&scratch.read("out/part-0.parquet"));
    fs::remove_dir_all(scratch.path("out")).unwrap();
    let settings = RunSettings {
        limit: Some(50),
        ..RunSettings::new(2)
    };
    scratch.commit_all(PIPELINE, &settings);
    assert_eq!(texts(&scratch.read("out/part-0.parquet")), whole[..50]);
}

#[test]
fn words_are_counted_only_if_there_is_work() {
    let scratch = workspace();
    scratch.run(RUN).says(0, &[COUNTING]);
    let again = scratch.run(RUN);
    again.says(0, &["nothing to do: 5 shards"]);
    assert!(!again.stderr.contains(COUNTING), "{}", again.stderr);
    let json = scratch.run(["run", "test.toml", "--fresh", "--progress", "json"]);
    json.says(
        0,
        &[
            "{\"event\":\"counting\",",
            "\"rows_total\":381}",
            "\"event\":\"finished\"",
        ],
    );
}

#[test]
fn counting_ends_when_the_run_is_to_stop() {
    let scratch = workspace();
    let plan = scratch.plan(PIPELINE);
    let stop = Stop::default();
    stop.request();
    let report = engine::run(&plan, &RunSettings::new(2), &Silent, &stop).unwrap();
    assert_eq!(report.shards.len(), 5);
    let given_up = |shard: &ShardReport| shard.outcome == ShardOutcome::Abandoned;
    assert!(report.shards.iter().all(given_up));
    assert!(scratch.visible("out").is_empty());
}

#[test]
fn other_data_needs_a_fresh_start() {
    let scratch = workspace();
    scratch.run(RUN).says(0, &[]);
    for (name, seed) in [("data/part-1.parquet", 7), ("data/new.parquet", 8)] {
        scratch.parquet(name, &[samples::numbered_sentences(seed, 30)]);
        scratch
            .run(RUN)
            .says(2, &["holds the output of another pipeline", "--fresh"]);
        scratch
            .run(RUN.iter().chain(&["--fresh"]))
            .says(0, &["counting the words of"]);
    }
    // The same bytes at another time are the same data.
    let path = scratch.path("data/new.parquet");
    fs::write(&path, fs::read(&path).unwrap()).unwrap();
    scratch.run(RUN).says(0, &[]);
}

#[test]
fn a_shard_that_cannot_be_counted_ends_the_run() {
    let scratch = workspace();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .build();
    let rows = samples::numbered_sentences(5, 300);
    let path = scratch.parquet_with("data/part-4.parquet", &[rows], properties);
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 40].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let needs_all = [
        "the words for operator `tfidf` cannot be counted",
        "part-4.parquet",
        "cannot be decoded",
        "`statistics`",
    ];
    // Not even for a part that does not have it.
    for flags in [&["--keep-going"][..], &["--shard", "1/5"]] {
        scratch.run(RUN.iter().chain(flags)).says(1, &needs_all);
    }
    assert!(scratch.visible("out").is_empty());
    fs::remove_dir_all(scratch.path("out")).unwrap();
    // A file with counts makes do.
    scratch.write("words.tsv", "\t9\nthe\t9\na\t8\nmovie\t3\nand\t9\t31.5\n");
    let text = PIPELINE.replace("rate = 0.3", "rate = 0.3\nstatistics = \"words.tsv\"");
    scratch.write("test.toml", text);
    let finished = scratch.run(RUN.iter().chain(&["--keep-going"]));
    finished.says(1, &["part-4.parquet"]);
    assert!(!finished.stderr.contains(COUNTING), "{}", finished.stderr);
    assert_eq!(scratch.visible("out").len(), 4);
}

#[test]
fn counts_from_a_file_leave_shards_to_themselves() {
    let scratch = workspace();
    scratch.write("words.tsv", "\t9\nthe\t9\na\t8\nmovie\t3\nand\t9\t31.5\n");
    let text = PIPELINE.replace("rate = 0.3", "rate = 0.3\nstatistics = \"words.tsv\"");
    scratch.write("test.toml", &text);
    scratch.run(RUN).says(0, &[]);
    // Only what is in the file comes in.
    let (before, after) = ("data/part-0.parquet", "out/part-0.parquet");
    for (before, after) in texts(&scratch.read(before))
        .iter()
        .zip(texts(&scratch.read(after)))
    {
        for (old, new) in before.split(' ').zip(after.split(' ')) {
            assert!(
                old == new || ["the", "a", "movie", "and"].contains(&&*new.to_lowercase()),
                "{after}"
            );
        }
    }
    scratch.parquet("data/new.parquet", &[samples::numbered_sentences(8, 30)]);
    scratch.run(RUN).says(0, &["1 shard"]);
    assert_eq!(scratch.visible("out").len(), 6);
    scratch.write("words.tsv", "\t9\nthe\t9\n");
    scratch
        .run(RUN)
        .says(2, &["holds the output of another pipeline"]);
}

#[test]
fn a_file_of_counts_is_checked_before_the_run() {
    let scratch = workspace();
    let text = PIPELINE.replace("rate = 0.3", "rate = 0.3\nstatistics = \"words.tsv\"");
    scratch.write("test.toml", text);
    scratch
        .run(["check", "test.toml"])
        .says(2, &["A450", "words.tsv", "statistics = \"words.tsv\""]);
    scratch.write("words.tsv", "\t3\nThe\t1\n");
    scratch.run(["check", "test.toml"]).says(
        2,
        &["A450", "line 2: `The` is not in lower case", "statistics"],
    );
}

#[test]
fn a_plan_and_a_preview_know_of_it() {
    let scratch = workspace();
    let plan = scratch.run(["plan", "test.toml"]);
    assert!(
        plan.stdout
            .contains("first counts the words of 381 rows in data"),
        "{}",
        plan.stdout
    );
    let preview = scratch.run(["preview", "test.toml", "--at", "tfidf", "-n", "3"]);
    assert_eq!(preview.code, Some(0), "{}", preview.stderr);
    assert!(
        preview
            .stderr
            .contains("counting the words of all shards first")
    );
    scratch.run(RUN).says(0, &[]);
    let changed = texts(&scratch.read("out/part-0.parquet"));
    let shown = preview.stdout.replace("[-", "").replace("-]", "");
    assert_eq!(preview.stdout.matches("part-0.parquet#").count(), 3);
    let last_words = changed[0].split(' ').next_back().unwrap();
    assert!(shown.contains(last_words), "{shown}\n{changed:?}");
}
