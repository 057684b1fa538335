//! Shards below the file: the same rows in more files, each read, written and committed alone.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use augment::engine::RunSettings;
use augment::inference::ModelSettings;
use augment::topology::ShardOutcome;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::samples;
use crate::scratch::Scratch;

/// Operators for which all rows are counted or surveyed, and variants with all of their lineage.
const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"
shard = "file"

[operators.unique]
type = "deduplicate"
inputs = ["data"]
scope = "dataset"

[operators.rare]
type = "tfidf_replacement"
inputs = ["unique"]
rate = 0.5
replicas = 2

[operators.swap]
type = "random_swap"
inputs = ["rare"]

[operators.joined]
type = "concatenate"
inputs = ["unique"]
replicas = 1

[sinks.out]
type = "parquet"
inputs = ["unique", "swap", "joined"]
path = "out/{shard}.parquet"
lineage = "edits"

[sinks.duplicates]
type = "parquet"
inputs = ["unique.duplicates"]
path = "duplicates/{shard}.parquet"
"#;

fn by_row_groups() -> String {
    PIPELINE.replace("shard = \"file\"", "shard = \"row_group\"")
}

/// A file of four row groups, one of which is empty, and one of a single row group. Some rows occur
/// again in other row groups and files.
fn workspace() -> Scratch {
    let scratch = Scratch::new();
    let group = |seed, rows| samples::numbered_sentences(seed, rows);
    let groups = [group(1, 70), group(2, 130), group(1, 90), group(3, 40)];
    scratch.parquet("data/big.parquet", &groups);
    scratch.parquet("data/small.parquet", &[group(2, 60)]);
    scratch
}

/// The rows of all `names` below `folder`, one after the other.
fn rows(scratch: &Scratch, folder: &str, names: &[String]) -> RecordBatch {
    let batches: Vec<RecordBatch> = names
        .iter()
        .map(|name| scratch.read(&format!("{folder}/{name}")))
        .collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Nothing is asked for: a file with more than 256 MiB of values is cut at that size.
#[test]
#[ignore = "takes half a minute and 300 MB of disk"]
fn a_large_file_is_run_part_by_part() {
    let scratch = Scratch::new();
    // Small on disk, large in memory: five row groups of 60 MB each, and a file below the threshold.
    let group = |seed: u64| {
        let columns = samples::numbered_sentences(seed, 600);
        let payload = (0..600).map(|row| Some(format!("{seed} {row} ").repeat(20_000)));
        let payload: ArrayRef = Arc::new(payload.collect::<StringArray>());
        let [number, text] = [columns.column(0), columns.column(1)].map(Arc::clone);
        let columns = [("number", number), ("text", text), ("payload", payload)];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let groups: Vec<RecordBatch> = (1..6).map(group).collect();
    let large = scratch.parquet_with("data/large.parquet", &groups, properties.clone());
    scratch.parquet_with("data/small.parquet", &groups[..1], properties);
    drop(groups);
    let reader = SerializedFileReader::new(File::open(&large).unwrap()).unwrap();
    let decoded: i64 = (reader.metadata().row_groups().iter())
        .map(parquet::file::metadata::RowGroupMetaData::total_byte_size)
        .sum();
    assert!(decoded > 256 << 20, "{decoded}");
    assert!(fs::metadata(&large).unwrap().len() < 32 << 20);

    let pipeline = "version = 1\nseed = 42\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
        text = \"text\"\nMODE\n[operators.swap]\ntype = \"random_swap\"\ninputs = [\"data\"]\n\
        [sinks.out]\ntype = \"parquet\"\ninputs = [\"swap\"]\npath = \"out/{shard}.parquet\"\n";
    let run = ["run", "test.toml", "-j", "2", "--memory", "512MiB"];
    let names = ["large-00000-of-00002", "large-00001-of-00002", "small"];
    let names = names.map(|name| format!("{name}.parquet"));
    let mut seen = Vec::new();
    for mode in ["", "shard = \"auto\""] {
        let _ = fs::remove_dir_all(scratch.path("out"));
        scratch.write("test.toml", pipeline.replace("MODE", mode));
        scratch.run(run).says(0, &["3 shards committed"]);
        assert_eq!(scratch.visible("out"), names);
        seen.push(scratch.digests("out"));
    }
    assert_eq!(seen[0], seen[1]);
    // One part is lost: it is done again, and nothing else.
    let kept = scratch.path(&format!("out/{}", names[0]));
    let time = || fs::metadata(&kept).unwrap().modified().unwrap();
    let before = time();
    fs::remove_file(scratch.path(&format!("out/{}", names[1]))).unwrap();
    scratch
        .run(run)
        .says(0, &["1 shard committed, 2 committed before"]);
    assert_eq!((scratch.digests("out"), time()), (seen.remove(0), before));

    let parts: Vec<RecordBatch> = (names[..2].iter())
        .map(|name| {
            scratch
                .read(&format!("out/{name}"))
                .project(&[0, 1])
                .unwrap()
        })
        .collect();
    let parts = concat_batches(&parts[0].schema(), &parts).unwrap();
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.write("test.toml", pipeline.replace("MODE", "shard = \"file\""));
    scratch.run(run).says(0, &["2 shards committed"]);
    let whole = scratch.read("out/large.parquet").project(&[0, 1]).unwrap();
    assert_eq!(parts, whole);
}

fn parts_of_big() -> Vec<String> {
    (0..4)
        .map(|part| format!("big-0000{part}-of-00004.parquet"))
        .collect()
}

#[test]
fn the_rows_are_those_of_whole_files() {
    let scratch = workspace();
    scratch.commit_all(PIPELINE, &RunSettings::new(2));
    let folders = ["out", "duplicates"];
    let expected = folders.map(|folder| scratch.read(&format!("{folder}/big.parquet")));
    assert!(expected.iter().all(|rows| rows.num_rows() > 20));
    let small = scratch.digests("out")["small.parquet"].clone();
    for workers in [1, 3] {
        for folder in folders {
            fs::remove_dir_all(scratch.path(folder)).unwrap();
        }
        scratch.commit_all(&by_row_groups(), &RunSettings::new(workers));
        let mut names = parts_of_big();
        for (folder, expected) in folders.iter().zip(&expected) {
            let found = rows(&scratch, folder, &names);
            assert_eq!(found, *expected, "{folder}");
        }
        // A file of one row group is a shard, and is called as before.
        names.push("small.parquet".to_owned());
        assert_eq!(scratch.visible("out"), names);
        assert_eq!(scratch.digests("out")["small.parquet"], small);
    }
}

#[test]
fn identities_count_the_rows_of_the_file() {
    let scratch = workspace();
    scratch.commit_all(&by_row_groups(), &RunSettings::new(1));
    let part = scratch.read("out/big-00001-of-00004.parquet");
    let parents = part.column_by_name("aug_parent").unwrap();
    let parents = arrow::compute::cast(parents, &arrow::datatypes::DataType::Utf8).unwrap();
    let parents = parents.as_any().downcast_ref::<StringArray>().unwrap();
    assert!(parents.iter().flatten().all(|parent| {
        let (path, row) = parent.split_once('#').unwrap();
        path == "big.parquet" && (70..200).contains(&row.parse::<u64>().unwrap())
    }));
}

#[test]
fn parts_of_a_run_share_the_row_groups_of_a_file() {
    let scratch = workspace();
    scratch.commit_all(&by_row_groups(), &RunSettings::new(2));
    let expected = scratch.digests("out");
    fs::remove_dir_all(scratch.path("out")).unwrap();
    fs::remove_dir_all(scratch.path("duplicates")).unwrap();
    for (part, shards) in [(1, 2), (2, 2), (3, 1)] {
        let settings = RunSettings {
            shard: Some((part, 3)),
            ..RunSettings::new(1)
        };
        let report = scratch.commit_all(&by_row_groups(), &settings);
        assert_eq!(report.shards.len(), shards);
    }
    let report = scratch.commit_all(&by_row_groups(), &RunSettings::new(2));
    assert_eq!((report.shards.len(), report.already_committed), (0, 5));
    let mut found = scratch.digests("out");
    found.retain(|name, _| !name.contains("lock-"));
    assert_eq!(found, expected);
}

#[test]
fn a_limit_is_counted_over_row_groups() {
    let scratch = workspace();
    let settings = RunSettings {
        limit: Some(100),
        ..RunSettings::new(2)
    };
    let report = scratch.commit_all(&by_row_groups(), &settings);
    let read: Vec<&str> = report.shards.iter().map(|s| s.path.as_str()).collect();
    let names = ["big.parquet/00000-of-00004", "big.parquet/00001-of-00004"];
    assert_eq!((read, report.rows_read), (names.to_vec(), 100));
    let cut = rows(&scratch, "out", &parts_of_big()[..2]);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    fs::remove_dir_all(scratch.path("duplicates")).unwrap();
    scratch.commit_all(PIPELINE, &settings);
    assert_eq!(cut, scratch.read("out/big.parquet"));
}

#[test]
fn a_preview_is_the_same() {
    let scratch = workspace();
    let preview = |text: &str| {
        let plan = scratch.plan(text);
        augment::engine::preview(&plan, "swap", 400, &ModelSettings::default()).unwrap()
    };
    assert_eq!(preview(&by_row_groups()), preview(PIPELINE));
}

#[test]
fn plan_and_status_tell_of_shards() {
    let scratch = workspace();
    scratch.write("test.toml", by_row_groups());
    let plan = scratch.run(["plan", "test.toml"]);
    for part in ["2 files in 5 shards", "to 5 files", "5 of 5 shards left"] {
        assert!(plan.stdout.contains(part), "{}", plan.stdout);
    }
    scratch.run(["run", "test.toml", "--quiet"]).says(0, &[]);
    let status = scratch.run(["status", "out"]);
    assert!(
        status.stdout.contains("5 shards finished"),
        "{}",
        status.stdout
    );
    assert_eq!(scratch.run(["verify", "out"]).code, Some(0));
    let plan = scratch.run(["plan", "test.toml"]);
    assert!(
        plan.stdout.contains("nothing left to do: 5 shards"),
        "{}",
        plan.stdout
    );
    // A part of a file that is lost is done again alone.
    fs::remove_file(scratch.path("out/big-00002-of-00004.parquet")).unwrap();
    let verify = scratch.run(["verify", "out", "--forget"]);
    assert!(
        verify.stdout.contains("data/big.parquet/00002-of-00004"),
        "{}",
        verify.stdout
    );
    let report = scratch.commit_all(&by_row_groups(), &RunSettings::new(2));
    assert_eq!((report.shards.len(), report.already_committed), (1, 4));
}

#[test]
fn other_shards_take_the_place_of_the_old_ones() {
    let scratch = workspace();
    scratch.commit_all(PIPELINE, &RunSettings::new(2));
    let whole = scratch.digests("out");
    let report = scratch.commit_all(&by_row_groups(), &RunSettings::new(2));
    // The small file is the same shard as before.
    assert_eq!((report.shards.len(), report.already_committed), (4, 1));
    let mut names = parts_of_big();
    names.push("small.parquet".to_owned());
    assert_eq!(scratch.visible("out"), names);
    assert_eq!(scratch.run(["status", "out"]).code, Some(0));
    // And back.
    scratch.commit_all(PIPELINE, &RunSettings::new(2));
    assert_eq!(scratch.digests("out"), whole);
}

#[test]
fn a_file_with_other_row_groups_leaves_nothing_of_the_old_ones() {
    let scratch = workspace();
    scratch.commit_all(&by_row_groups(), &RunSettings::new(2));
    let groups = [
        samples::numbered_sentences(8, 40),
        samples::numbered_sentences(9, 40),
    ];
    scratch.parquet("data/big.parquet", &groups);
    let settings = RunSettings {
        fresh: true,
        ..RunSettings::new(2)
    };
    // All rows were compared with each other, so the folder has to be made anew.
    scratch.commit_all(&by_row_groups(), &settings);
    let names = [
        "big-00000-of-00002.parquet",
        "big-00001-of-00002.parquet",
        "small.parquet",
    ];
    assert_eq!(scratch.visible("out"), names);
    let lines = fs::read_to_string(scratch.path("out/.augment/ledger.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
}

#[test]
fn a_damaged_row_group_fails_alone() {
    let scratch = workspace();
    let path = scratch.path("data/big.parquet");
    let mut bytes = fs::read(&path).unwrap();
    let offset = first_page(&path, 2);
    bytes[offset..offset + 60].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let text = r#"version = 1
seed = 1
[sources.data]
type = "parquet"
paths = ["data"]
text = "text"
shard = "row_group"
[operators.swap]
type = "random_swap"
inputs = ["data"]
[sinks.out]
type = "parquet"
inputs = ["swap"]
path = "out/{shard}.parquet"
"#;
    let settings = RunSettings {
        keep_going: true,
        ..RunSettings::new(2)
    };
    let report = scratch.run_engine(text, &settings);
    for (number, shard) in report.shards.iter().enumerate() {
        match &shard.outcome {
            ShardOutcome::Failed(reason) if number == 2 => {
                assert!(reason.contains("row group 2"), "{reason}");
                assert!(reason.contains("200"), "{reason}");
            }
            outcome => assert_eq!(*outcome, ShardOutcome::Committed, "{}", shard.path),
        }
    }
}

/// Where the first page of a row group begins.
fn first_page(path: &Path, group: usize) -> usize {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let column = reader.metadata().row_group(group).column(1);
    let start = column
        .dictionary_page_offset()
        .unwrap_or(column.data_page_offset());
    usize::try_from(start).unwrap()
}

#[test]
fn an_operator_that_begins_anew_with_each_shard_refuses_row_groups() {
    let scratch = workspace();
    let in_shard = |text: &str| text.replace("scope = \"dataset\"", "scope = \"shard\"");
    scratch.write("test.toml", in_shard(&by_row_groups()));
    let check = scratch.run(["check", "test.toml"]);
    assert_eq!(check.code, Some(2), "{}", check.stderr);
    let said = format!("{}{}", check.stdout, check.stderr);
    for part in ["A217", "`unique`", "`data`", "shard = \"row_group\""] {
        assert!(said.contains(part), "{said}");
    }
    scratch.write("test.toml", in_shard(PIPELINE));
    assert_eq!(scratch.run(["check", "test.toml"]).code, Some(0));
}

#[test]
fn a_part_does_not_take_the_name_of_another_file() {
    let scratch = workspace();
    scratch.parquet(
        "data/big-00001-of-00004.parquet",
        &[samples::numbered_sentences(1, 5)],
    );
    scratch.write("test.toml", by_row_groups());
    let check = scratch.run(["check", "test.toml"]);
    let said = format!("{}{}", check.stdout, check.stderr);
    assert!(
        said.contains("A212") && said.contains("big.parquet/00001-of-00004"),
        "{said}"
    );
}

#[test]
fn a_large_file_is_cut_by_itself() {
    let scratch = Scratch::new();
    let texts: StringArray = (0..50).map(|_| Some("a word ".repeat(150_000))).collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).unwrap();
    // Six row groups of 52.5 MB, which take little room on the disk.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    scratch.parquet_with("data/large.parquet", &vec![batch; 6], properties);
    let text = |shard: &str, operator: &str| {
        format!(
            "version = 1\nseed = 1\n[sources.data]\ntype = \"parquet\"\npaths = [\"data\"]\n\
             text = \"text\"\n{shard}\n[operators.one]\ntype = \"{operator}\"\ninputs = [\"data\"]\n\
             [sinks.out]\ntype = \"parquet\"\ninputs = [\"one\"]\npath = \"out/{{shard}}.parquet\"\n"
        )
    };
    let shards = |shard: &str, operator: &str| -> Vec<(String, u64, usize)> {
        let plan = scratch.plan(&text(shard, operator));
        let shards = plan.sources[0].facts.shards.iter();
        shards
            .map(|shard| (shard.stem(), shard.rows, shard.row_groups))
            .collect()
    };
    let ranges = [
        ("large-00000-of-00002".to_owned(), 250, 5),
        ("large-00001-of-00002".to_owned(), 50, 1),
    ];
    assert_eq!(shards("", "random_swap"), ranges);
    assert_eq!(shards("shard = \"auto\"", "random_swap"), ranges);
    let whole = [("large".to_owned(), 300, 6)];
    assert_eq!(shards("shard = \"file\"", "random_swap"), whole);
    assert_eq!(shards("shard = \"row_group\"", "random_swap").len(), 6);
    // It would compare the rows of each part alone.
    assert_eq!(shards("", "deduplicate"), whole);
}
