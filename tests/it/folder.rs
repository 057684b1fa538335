//! `augment status` and `augment verify`.

use std::fs;

use crate::scratch::Scratch;

const PIPELINE: &str = r#"
version = 1
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

/// A folder in which a run over two shards is through.
fn finished() -> Scratch {
    let scratch = Scratch::new();
    scratch.sample(2);
    scratch.write("swap.toml", PIPELINE);
    assert_eq!(scratch.run(["run", "swap.toml", "-q"]).code, Some(0));
    scratch
}

const FIRST: &str = "out/reviews-00000-of-00004.parquet";

#[test]
fn a_sound_folder_is_described() {
    let scratch = finished();
    let status = scratch.run(["status", "out"]);
    assert_eq!((status.code, status.stderr.as_str()), (Some(0), ""));
    for part in [
        "out: 2 shards finished, 5,036 rows in 2 files",
        "no run is at work",
        "swap: 5,036 rows in, 5,036 out",
    ] {
        assert!(status.stdout.contains(part), "{part}: {}", status.stdout);
    }
    let verify = scratch.run(["verify", "out"]);
    assert_eq!(verify.code, Some(0));
    assert!(
        verify.stdout.contains("2 files compared"),
        "{}",
        verify.stdout
    );
    assert!(verify.stdout.contains("all are as they were written"));
}

#[test]
fn what_is_missing_unfinished_or_unknown_is_named() {
    let scratch = finished();
    fs::remove_file(scratch.path(FIRST)).unwrap();
    scratch.write("out/.x.parquet.augment-partial", "half");
    scratch.write("out/notes.txt", "mine");
    let ledger = scratch.path("out/.augment/ledger.jsonl");
    let torn = fs::read_to_string(&ledger).unwrap() + "{\"shard\":\"da";
    fs::write(&ledger, torn).unwrap();
    let before = scratch.digests("out");
    let status = scratch.run(["status", "out"]);
    assert_eq!(status.code, Some(1));
    for part in [
        "1 line of the ledger cannot be read",
        "reviews-00000-of-00004.parquet is missing",
        "1 unfinished file, which the next run removes",
        ".x.parquet.augment-partial",
        "1 file that augment did not write",
        "notes.txt",
    ] {
        assert!(status.stdout.contains(part), "{part}: {}", status.stdout);
    }
    assert_eq!(scratch.digests("out"), before, "a look changes nothing");
}

#[test]
fn a_flipped_bit_is_found_and_mended_by_the_next_run() {
    let scratch = finished();
    let before = scratch.digests("out");
    let mut bytes = fs::read(scratch.path(FIRST)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(scratch.path(FIRST), bytes).unwrap();
    assert_eq!(
        scratch.run(["status", "out"]).code,
        Some(0),
        "sizes are as they were"
    );

    let verify = scratch.run(["verify", "out"]);
    assert_eq!(verify.code, Some(1));
    assert!(
        verify.stdout.contains("has other bytes of the same number"),
        "{}",
        verify.stdout
    );
    assert!(
        verify
            .stdout
            .contains("data/reviews-00000-of-00004.parquet")
    );
    let again = scratch.run(["run", "swap.toml"]);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);

    let forgotten = scratch.run(["verify", "out", "--forget"]);
    assert_eq!(forgotten.code, Some(1));
    assert_eq!(scratch.run(["run", "swap.toml", "-q"]).code, Some(0));
    assert_eq!(scratch.run(["verify", "out"]).code, Some(0));
    assert_eq!(scratch.digests("out"), before);
}

#[test]
fn a_folder_without_a_record_is_refused() {
    let scratch = Scratch::new();
    scratch.write("out/a.parquet", "");
    scratch
        .run(["status", "out"])
        .says(2, &["augment has written nothing to out", "help"]);
    scratch
        .run(["verify", "nowhere"])
        .says(2, &["nowhere is not a folder"]);
}
