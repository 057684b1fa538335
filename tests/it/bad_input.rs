//! What is wrong with files and folders is said by name and with a remedy, and costs nothing that
//! is right.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use augment::random::Random;
use parquet::basic::Compression;
use parquet::data_type::ByteArrayType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::samples;
use crate::scratch::{Finished, Scratch, read_parquet};

const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.swap]
type = "random_swap"
inputs = ["data"]

[sinks.out]
type = "parquet"
inputs = ["swap"]
path = "out/{shard}.parquet"
"#;

/// Two good shards, before and after where the bad one goes.
fn workspace() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(0, 60)]);
    scratch.parquet("data/z.parquet", &[samples::numbered_sentences(1, 60)]);
    scratch
}

/// The bytes of a Parquet file like the good ones, without compression.
fn plain_file(scratch: &Scratch, rows: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .build();
    let path = scratch.parquet_with("plain.parquet", std::slice::from_ref(rows), properties);
    fs::read(path).unwrap()
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap()
}

/// Runs the pipeline where a file is bad from the start: nothing runs at all.
#[track_caller]
fn does_not_start(scratch: &Scratch, parts: &[&str]) {
    for arguments in [
        &["run", "test.toml"][..],
        &["run", "test.toml", "--keep-going"],
    ] {
        let finished = scratch.run(arguments);
        finished.says(2, parts);
        assert!(finished.stderr.contains("help: "), "{}", finished.stderr);
        assert!(!scratch.path("out").exists());
    }
}

/// Runs the pipeline where no more can be told of the shard `m` than that it is bad: unless it is to
/// keep going, nothing runs.
#[track_caller]
fn is_rejected(scratch: &Scratch, parts: &[&str]) {
    let finished = scratch.run(["run", "test.toml"]);
    finished.says(2, parts);
    assert!(finished.stderr.contains("help: "), "{}", finished.stderr);
    assert!(!scratch.path("out").exists());
    let finished = others_finish(scratch, parts);
    finished.says(1, &["2 shards committed, 1 failed"]);
    fs::remove_dir_all(scratch.path("out")).unwrap();
}

/// Runs the pipeline where the shard `m` turns out to be bad on the way: the others finish, and
/// nothing of it shows. When it is mended, a rerun does what is missing and no more.
#[track_caller]
fn others_finish(scratch: &Scratch, parts: &[&str]) -> Finished {
    let finished = scratch.run(["run", "test.toml", "--keep-going", "-j", "2"]);
    finished.says(1, parts);
    finished.says(1, &["m.parquet", "help: "]);
    assert_eq!(scratch.visible("out"), ["a.parquet", "z.parquet"]);
    assert!(
        scratch.leftovers("out").is_empty(),
        "{:?}",
        scratch.leftovers("out")
    );
    for shard in ["a.parquet", "z.parquet"] {
        assert_eq!(scratch.read(&format!("out/{shard}")).num_rows(), 60);
    }

    scratch.parquet("data/m.parquet", &[samples::numbered_sentences(2, 60)]);
    let before = fs::metadata(scratch.path("out/a.parquet"))
        .unwrap()
        .modified()
        .unwrap();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(
        scratch.visible("out"),
        ["a.parquet", "m.parquet", "z.parquet"]
    );
    let after = fs::metadata(scratch.path("out/a.parquet"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    finished
}

#[test]
fn a_truncated_file() {
    let scratch = workspace();
    let whole = plain_file(&scratch, &samples::numbered_sentences(2, 60));
    for length in [whole.len() / 2, whole.len() - 1, 11, 4] {
        scratch.write("data/m.parquet", &whole[..length]);
        is_rejected(
            &scratch,
            &["m.parquet", "truncated", "write or download the file again"],
        );
    }
}

#[test]
fn a_footer_of_noise() {
    let scratch = workspace();
    let mut bytes = plain_file(&scratch, &samples::numbered_sentences(2, 60));
    let end = bytes.len() - 8;
    let mut random = Random::from_key(3);
    bytes[end - 200..end].fill_with(|| byte(&mut random));
    scratch.write("data/m.parquet", bytes);
    is_rejected(&scratch, &["m.parquet", "truncated or damaged"]);
}

#[test]
fn an_empty_file() {
    let scratch = workspace();
    scratch.write("data/m.parquet", []);
    is_rejected(&scratch, &["m.parquet", "is empty", "or remove it"]);
}

#[test]
fn files_of_other_formats() {
    let scratch = workspace();
    for (bytes, remedy) in [
        (&b"text,label\nhello,1\n"[..], "convert it to Parquet"),
        (b"{\"text\": \"hello\"}\n", "looks like JSON"),
        (b"\x1f\x8b\x08\x00gzip", "decompress it"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "git lfs pull",
        ),
        (b"ARROW1\0\0", "convert it to Parquet"),
    ] {
        scratch.write("data/m.parquet", bytes);
        is_rejected(&scratch, &["m.parquet", "is not a Parquet file", remedy]);
    }
}

#[test]
fn all_bad_files_are_named_at_once() {
    let scratch = workspace();
    scratch.write("data/k.parquet", []);
    scratch.write("data/m.parquet", "text");
    let named = [
        "k.parquet",
        "is empty",
        "m.parquet",
        "is not a Parquet file",
    ];
    scratch.run(["run", "test.toml"]).says(2, &named);
    assert!(!scratch.path("out").exists());
    let finished = scratch.run(["run", "test.toml", "--keep-going"]);
    finished.says(1, &named);
    // Where none can be read, nothing is known of what the rows are.
    for good in ["a", "z"] {
        scratch.write(&format!("data/{good}.parquet"), "text");
    }
    let _ = fs::remove_dir_all(scratch.path("out"));
    does_not_start(&scratch, &named);
}

#[test]
fn a_file_that_is_bad_from_the_start_is_on_record() {
    let scratch = workspace();
    let good = fs::read(scratch.path("data/a.parquet")).unwrap();
    scratch.write("data/a.parquet", &good[..good.len() - 9]);
    scratch.run(["run", "test.toml"]).says(2, &["a.parquet"]);
    // The columns are those of the first file that can be read.
    let keep_going = ["run", "test.toml", "--keep-going"];
    scratch
        .run(keep_going)
        .says(1, &["1 shard committed, 1 failed", "rejects.jsonl"]);
    let record = scratch.path("out/.augment/rejects.jsonl");
    let line = fs::read_to_string(&record).unwrap();
    let reject: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&reject["source"], &reject["shard"]),
        (&"data".into(), &"a.parquet".into())
    );
    assert!(
        reject["reason"]
            .as_str()
            .unwrap()
            .contains("truncated or damaged"),
        "{line}"
    );
    assert_eq!(reject.get("row"), None);
    // Nobody mended it.
    scratch
        .run(keep_going)
        .says(1, &["1 committed before, 1 failed"]);
    // Parts of a run agree on who has it, and it is what its part says alone.
    for (part, code) in [("1/2", 1), ("2/2", 0)] {
        scratch
            .run(keep_going.iter().chain(&["--shard", part]))
            .says(code, &[]);
    }
    // An encrypted file is refused for what it is.
    scratch.write(
        "data/b.parquet",
        [&b"PARE"[..], &good[4..good.len() - 4], b"PARE"].concat(),
    );
    scratch
        .run(keep_going)
        .says(1, &["b.parquet is encrypted", "2 failed"]);
    fs::remove_file(scratch.path("data/b.parquet")).unwrap();

    scratch.write("data/a.parquet", &good);
    scratch
        .run(["run", "test.toml"])
        .says(0, &["1 shard committed, 1 committed before"]);
    assert!(!record.exists());
    let mut mended = scratch.digests("out");
    mended.retain(|name, _| !name.contains("lock-"));
    fs::remove_dir_all(scratch.path("out")).unwrap();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(scratch.digests("out"), mended);
}

#[test]
fn columns_that_differ_are_not_for_the_run_to_reject() {
    let scratch = workspace();
    scratch.write("data/0.parquet", "text");
    let other: ArrayRef = Arc::new(StringArray::from(vec!["one", "two"]));
    let rows = RecordBatch::try_from_iter_with_nullable([("text", other, true)]);
    scratch.parquet("data/m.parquet", &[rows.unwrap()]);
    // Which of them is right, nobody can tell.
    does_not_start(&scratch, &["m.parquet differs from", "a.parquet"]);
}

#[test]
fn what_needs_all_rows_does_not_go_on_without_a_file() {
    let scratch = workspace();
    scratch.write("data/m.parquet", "text");
    for operator in ["tfidf_replacement", "deduplicate\"\nscope = \"dataset"] {
        scratch.write("test.toml", PIPELINE.replace("random_swap", operator));
        let finished = scratch.run(["run", "test.toml", "--keep-going"]);
        let needs_all = "`swap` needs all rows of the source";
        finished.says(2, &["m.parquet", "is not a Parquet file", needs_all]);
        assert!(scratch.visible("out").is_empty());
        let _ = fs::remove_dir_all(scratch.path("out"));
    }
}

#[test]
fn a_missing_text_column() {
    let scratch = workspace();
    scratch.write("test.toml", PIPELINE.replace("\"text\"", "\"txt\""));
    does_not_start(
        &scratch,
        &["a.parquet", "has no column `txt`", "`text`", "test.toml:7"],
    );
}

#[test]
fn a_text_column_that_is_not_text() {
    let scratch = workspace();
    scratch.write("test.toml", PIPELINE.replace("\"text\"", "\"number\""));
    does_not_start(
        &scratch,
        &["a.parquet", "`number`", "is not text but Int64", "Utf8"],
    );
}

#[test]
fn a_binary_column_named_as_text() {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"caf\xe9"[..], b"ok"]));
    let rows = RecordBatch::try_from_iter([("text", bytes)]).unwrap();
    scratch.parquet("data/a.parquet", &[rows]);
    does_not_start(
        &scratch,
        &[
            "a.parquet",
            "`text`",
            "not text but Binary",
            "cast(pl.String)",
        ],
    );
}

#[test]
fn shards_with_other_columns() {
    let scratch = workspace();
    let other: ArrayRef = Arc::new(StringArray::from(vec!["one", "two"]));
    let numbers: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("number", numbers, false),
        ("text", other, true),
    ]);
    scratch.parquet("data/m.parquet", &[rows.unwrap()]);
    does_not_start(
        &scratch,
        &[
            "m.parquet differs from",
            "a.parquet",
            "`number`",
            "Utf8 instead of Int64",
        ],
    );
}

/// A file that says its text is UTF-8, as the good ones do, where one text is not.
fn file_with_latin1() -> Vec<u8> {
    let schema = "message schema { required int64 number; optional binary text (STRING); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut numbers = group.next_column().unwrap().unwrap();
    numbers
        .typed::<parquet::data_type::Int64Type>()
        .write_batch(&[1, 2, 3], None, None)
        .unwrap();
    numbers.close().unwrap();
    let mut texts = group.next_column().unwrap().unwrap();
    let values = [
        &b"plain words here"[..],
        b"caf\xe9 au lait",
        b"more plain words",
    ];
    let values = values.map(|value| value.to_vec().into());
    texts
        .typed::<ByteArrayType>()
        .write_batch(&values, Some(&[1, 1, 1]), None)
        .unwrap();
    texts.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn text_that_is_not_utf8() {
    let scratch = workspace();
    scratch.write("data/m.parquet", file_with_latin1());
    others_finish(
        &scratch,
        &[
            "rows 0 to 2 (row group 0)",
            "UTF-8",
            "decode it from its encoding",
        ],
    );
}

#[test]
fn a_flipped_byte_under_a_checksum() {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    // Its writer stored checksums of pages; texts in it read "row number N ...". In a page a text
    // stands after its length; in statistics, which have no checksum, it does not.
    let whole = include_bytes!("../../src/source/testdata/checksums.parquet");
    let text = whole
        .windows(14)
        .position(|window| window == b"\x19\0\0\0row number")
        .unwrap();
    for name in ["a", "z"] {
        scratch.write(&format!("data/{name}.parquet"), whole);
    }
    let mut flipped = whole.to_vec();
    flipped[text + 8] ^= 0x20;
    scratch.write("data/m.parquet", &flipped);
    let said = [
        "rows 0 to",
        "(row group 0) cannot be decoded",
        "download the file again",
    ];
    let finished = scratch.run(["run", "test.toml", "--keep-going"]);
    finished.says(1, &said);
    finished.says(1, &["m.parquet"]);
    assert_eq!(scratch.visible("out"), ["a.parquet", "z.parquet"]);
    assert!(scratch.leftovers("out").is_empty());
}

#[test]
fn a_flipped_byte_without_a_checksum() {
    let scratch = workspace();
    let rows = samples::numbered_sentences(2, 60);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .build();
    let path = scratch.parquet_with("zstd.parquet", std::slice::from_ref(&rows), properties);
    let whole = [plain_file(&scratch, &rows), fs::read(path).unwrap()];
    let mut random = Random::from_key(5);
    let mut failures = 0;
    for turn in 0..24 {
        let mut flipped = whole[turn % 2].clone();
        // Pages come first, the footer last.
        let at = 4 + random.below(flipped.len() / 2);
        flipped[at] ^= 1 << random.below(8);
        scratch.write("data/m.parquet", flipped);
        let _ = fs::remove_dir_all(scratch.path("out"));
        let finished = scratch.run(["run", "test.toml", "--keep-going", "--quiet"]);
        // A letter may have become another one: nobody can tell. Anything else has to be said.
        if finished.code == Some(0) {
            assert_eq!(scratch.read("out/m.parquet").num_rows(), 60, "byte {at}");
        } else {
            failures += 1;
            finished.says(1, &["m.parquet", "help: "]);
            let visible = scratch.visible("out");
            assert_eq!(visible, ["a.parquet", "z.parquet"], "byte {at}");
        }
        assert!(scratch.leftovers("out").is_empty(), "byte {at}");
    }
    assert!(failures > 3, "{failures} of 24 flipped bytes were noticed");
}

#[test]
fn damage_in_a_later_row_group_takes_back_the_earlier_ones() {
    let scratch = workspace();
    let groups: Vec<_> = (0..4)
        .map(|seed| samples::numbered_sentences(seed, 200))
        .collect();
    let path = scratch.parquet("data/m.parquet", &groups);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() * 3 / 5;
    for byte in &mut bytes[middle..middle + 400] {
        *byte ^= 0xff;
    }
    fs::write(path, bytes).unwrap();
    others_finish(&scratch, &["cannot be decoded"]);
}

#[test]
fn the_first_failure_stops_the_run_unless_told_otherwise() {
    let scratch = workspace();
    scratch.write("data/0.parquet", file_with_latin1());
    for shard in 10..40 {
        scratch.parquet(
            &format!("data/{shard}.parquet"),
            &[samples::numbered_sentences(shard, 60)],
        );
    }
    // The number column comes from the first shard now, which has no nulls in it either.
    let finished = scratch.run(["run", "test.toml", "-j", "1", "--window", "1"]);
    finished.says(1, &["0.parquet", "help: "]);
    assert!(
        scratch.visible("out").len() < 32,
        "{:?}",
        scratch.visible("out")
    );
    assert!(scratch.leftovers("out").is_empty());
}

#[test]
fn an_output_folder_that_is_a_file() {
    let scratch = workspace();
    scratch.write("out", "precious");
    let finished = scratch.run(["run", "test.toml"]);
    finished.says(
        2,
        &["out is not a folder", "help: move", "choose another `path`"],
    );
    assert_eq!(fs::read(scratch.path("out")).unwrap(), b"precious");
}

#[test]
fn a_folder_where_an_output_goes() {
    let scratch = workspace();
    scratch
        .run(["run", "test.toml", "--limit", "1"])
        .says(0, &[]);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    fs::create_dir_all(scratch.path("out/a.parquet")).unwrap();
    let finished = scratch.run(["run", "test.toml"]);
    finished.says(2, &["a.parquet", "help: "]);
    let finished = scratch.run(["run", "test.toml", "--fresh", "--keep-going"]);
    finished.says(1, &["a.parquet is a folder", "help: move"]);
    assert_eq!(scratch.visible("out"), ["z.parquet"]);
}

#[test]
fn files_of_others_are_not_overwritten() {
    let scratch = workspace();
    scratch.write("out/a.parquet", "precious");
    let finished = scratch.run(["run", "test.toml"]);
    finished.says(
        2,
        &[
            "a.parquet exists and was not written by augment",
            "help: choose another",
        ],
    );
    assert_eq!(
        fs::read(scratch.path("out/a.parquet")).unwrap(),
        b"precious"
    );
    assert_eq!(scratch.visible("out"), ["a.parquet"]);
}

#[test]
fn an_output_folder_of_another_pipeline() {
    let scratch = workspace();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    let before = scratch.digests("out");
    scratch.write(
        "other.toml",
        PIPELINE.replace("random_swap", "random_deletion"),
    );
    let finished = scratch.run(["run", "other.toml"]);
    finished.says(
        2,
        &[
            "out holds the output of another pipeline",
            "--fresh",
            "--force",
        ],
    );
    let same = |digests: &std::collections::BTreeMap<String, String>| {
        let mut digests = digests.clone();
        digests.remove(".augment/lock");
        digests
    };
    assert_eq!(same(&scratch.digests("out")), same(&before));
}

#[test]
fn a_damaged_ledger() {
    let scratch = workspace();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    let ledger = scratch.path("out/.augment/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, text.replace("\"outputs\"", "\"utputs\"")).unwrap();
    let finished = scratch.run(["run", "test.toml"]);
    finished.says(2, &["line 2 of", "ledger.jsonl cannot be read", "--fresh"]);
    scratch.run(["run", "test.toml", "--fresh"]).says(0, &[]);
    assert_eq!(fs::read_to_string(&ledger).unwrap(), text);
}

/// Says on the terminal that a test cannot show what it is meant to on this machine.
#[expect(
    clippy::print_stderr,
    reason = "a test that was skipped must not look like one that ran"
)]
fn skipped(what: &str) {
    eprintln!("\n*** SKIPPED: {what} ***\n");
}

#[cfg(target_os = "linux")]
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Runs the program so that permissions hold for it even where the tests run as root: in a user
/// namespace it has no capability over the files of this one.
#[cfg(target_os = "linux")]
fn run_without_privileges(scratch: &Scratch) -> Option<Finished> {
    let probe = scratch.path("probe");
    fs::create_dir(&probe).unwrap();
    read_only(&probe, true);
    // A name that is not there yet: the owner of a file may always touch it.
    let inside = format!("mkdir '{}'/$$", probe.display());
    let holds = |program: &str, arguments: &[&str]| {
        let starts = succeeds(program, &[arguments, &["true"]].concat());
        starts && !succeeds(program, &[arguments, &["sh", "-c", &inside]].concat())
    };
    let ways: [(&str, &[&str]); 2] = [("env", &[]), ("unshare", &["--user"])];
    let (program, arguments) = ways
        .into_iter()
        .find(|(program, way)| holds(program, way))?;
    let mut command = Command::new(program);
    scratch.prepare(&mut command);
    command
        .args(arguments)
        .arg(env!("CARGO_BIN_EXE_augment"))
        .args(["run", "test.toml"]);
    Some(Finished::of(command.output().unwrap()))
}

#[cfg(target_os = "linux")]
fn read_only(path: &Path, yes: bool) {
    use std::os::unix::fs::PermissionsExt;
    let mode = if yes { 0o555 } else { 0o755 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_folder_that_cannot_be_written() {
    let scratch = workspace();
    let out = scratch.path("out");
    fs::create_dir(&out).unwrap();
    read_only(&out, true);
    let finished = run_without_privileges(&scratch);
    read_only(&out, false);
    match finished {
        None => skipped("root may write anywhere, and there are no user namespaces"),
        Some(finished) => finished.says(
            2,
            &[
                "out",
                "Permission denied",
                "help: make the folder writable for this user",
            ],
        ),
    }
    assert!(scratch.visible("out").is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = workspace();
    let shard = scratch.path("data/a.parquet");
    fs::set_permissions(&shard, fs::Permissions::from_mode(0o000)).unwrap();
    match run_without_privileges(&scratch) {
        None => skipped("root may read anything, and there are no user namespaces"),
        Some(finished) => {
            finished.says(
                2,
                &["a.parquet", "Permission denied", "make the file readable"],
            );
        }
    }
}

/// A file system of 256 KiB for the output, in a mount namespace that goes with the run: exit code,
/// what was said, and what was there at the end.
#[cfg(target_os = "linux")]
fn run_on_a_small_disk(scratch: &Scratch) -> Option<Finished> {
    let script = format!(
        "mount -t tmpfs -o size=256k tmpfs out || exit 99; '{}' run test.toml --keep-going -j 2; \
         code=$?; find out -type f | sort; exit $code",
        env!("CARGO_BIN_EXE_augment")
    );
    for way in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let mut command = Command::new("unshare");
        scratch.prepare(&mut command);
        let output = command.args(way).args(["sh", "-c", &script]).output();
        let finished = output.ok().map(Finished::of);
        if let Some(finished) = finished.filter(|one| matches!(one.code, Some(0..=2 | 101))) {
            // `unshare` says 1, too, when it is refused.
            if !finished.stderr.contains("unshare") {
                return Some(finished);
            }
        }
    }
    None
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let scratch = workspace();
    scratch.parquet("data/m.parquet", &[samples::numbered_sentences(7, 20_000)]);
    fs::create_dir(scratch.path("out")).unwrap();
    let Some(finished) = run_on_a_small_disk(&scratch) else {
        return skipped("no mount namespaces here, so no disk to fill");
    };
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    for part in [
        "m.parquet",
        "No space left on device",
        "help: free some space and run again",
    ] {
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
    }
    let files: Vec<&str> = finished.stdout.lines().collect();
    let kept = [
        "out/.augment/ledger.jsonl",
        "out/.augment/lock",
        "out/.augment/rejects.jsonl",
        "out/a.parquet",
        "out/z.parquet",
    ];
    assert_eq!(files, kept);
}

/// Where no disk can be filled, a bound on the size of files does it too.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_may_not_grow() {
    let scratch = workspace();
    scratch.parquet("data/m.parquet", &[samples::numbered_sentences(7, 20_000)]);
    let mut command = Command::new("sh");
    scratch.prepare(&mut command);
    let program = env!("CARGO_BIN_EXE_augment");
    // In units of 512 bytes; the signal is what a program gets that does not ask for errors.
    let script =
        format!("trap '' XFSZ; ulimit -f 200; exec '{program}' run test.toml --keep-going -j 2");
    command.args(["-c", &script]);
    let finished = Finished::of(command.output().unwrap());
    finished.says(1, &["m.parquet", "File too large", "help: "]);
    assert_eq!(scratch.visible("out"), ["a.parquet", "z.parquet"]);
    assert!(scratch.leftovers("out").is_empty());
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(
        read_parquet(&scratch.path("out/m.parquet")).num_rows(),
        20_000
    );
}

#[test]
fn pipeline_files_that_are_none() {
    let scratch = workspace();
    let mut random = Random::from_key(9);
    let noise: Vec<u8> = (0..10 << 20).map(|_| byte(&mut random)).collect();
    let letters = noise
        .iter()
        .map(|byte| b"[]={}\"\n ab.#"[usize::from(*byte) % 12]);
    let letters: Vec<u8> = letters.take(1 << 19).collect();
    let latin1 = PIPELINE.replace("seed", "# gr\u{fc}\u{df}e\nseed");
    let latin1: Vec<u8> = latin1.chars().map(|letter| letter as u8).collect();
    let parquet = fs::read(scratch.path("data/a.parquet")).unwrap();
    for (bytes, parts) in [
        (
            &latin1[..],
            &["the file is not UTF-8", "line 2", "save it as UTF-8"][..],
        ),
        (b"", &["the file is empty", "help: "]),
        (b" \n\t\n", &["the file is empty", "help: "]),
        (&noise, &["larger than 1 MiB", "help: "]),
        (&noise[..1000], &["not UTF-8"]),
        (&letters, &["error"]),
        (
            &parquet,
            &["this is a Parquet file, not a pipeline", "help: "],
        ),
    ] {
        scratch.write("bad.toml", bytes);
        for command in ["run", "plan", "graph"] {
            let finished = scratch.run([command, "bad.toml"]);
            finished.says(2, &["bad.toml"]);
            finished.says(2, parts);
        }
        scratch.run(["check", "bad.toml"]).says(2, parts);
    }
    scratch.run(["run", "."]).says(2, &["folder", "help: "]);
    scratch
        .run(["run", "no.toml"])
        .says(2, &["no.toml", "help: check the path"]);
    assert!(!scratch.path("out").exists());
}

#[test]
fn null_texts_and_numbers_are_no_errors() {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![None, Some(""), None]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![None, None, Some(1)]));
    let rows = RecordBatch::try_from_iter([("text", texts), ("number", numbers)]).unwrap();
    scratch.parquet("data/a.parquet", std::slice::from_ref(&rows));
    scratch.run(["run", "test.toml"]).says(0, &[]);
    let found = scratch.read("out/a.parquet");
    assert_eq!(found.project(&[0, 1]).unwrap().columns(), rows.columns());
}
