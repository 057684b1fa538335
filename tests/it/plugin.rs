//! What another crate makes of the library: the programs in `examples`, from outside.

use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;

use crate::samples;
use crate::scratch::{Finished, Scratch};

/// Uses both operators of the example, and one that is built in.
const PIPELINE: &str = r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.loud]
type = "shout"
inputs = ["data"]
rate = 0.3
replicas = 2

[operators.louder]
type = "shout"
inputs = ["loud"]
rate = 1.0

[operators.distinct]
type = "drop_repeats"
inputs = ["louder"]

[operators.swap]
type = "random_swap"
inputs = ["distinct"]

[sinks.out]
type = "parquet"
inputs = ["distinct"]
path = "out/all/{shard}.parquet"

[sinks.swapped]
type = "parquet"
inputs = ["swap"]
path = "out/swapped/{shard}.parquet"

[sinks.dropped]
type = "parquet"
inputs = ["distinct.dropped"]
path = "out/dropped/{shard}.parquet"
"#;

/// A program, which cargo builds with the tests, in the folder `examples` beside the binaries.
fn program(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_augment")).with_file_name("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: `cargo test` builds it, and so does `cargo build --examples`",
        program.display()
    );
    program
}

fn run(scratch: &Scratch, arguments: &[&str]) -> Finished {
    let mut command = Command::new(program("custom_operator"));
    scratch.prepare(&mut command);
    Finished::of(command.args(arguments).output().unwrap())
}

fn workspace() -> Scratch {
    let scratch = Scratch::new();
    scratch.parquet("data/a.parquet", &[samples::numbered_sentences(0, 40)]);
    scratch.write("test.toml", PIPELINE);
    scratch
}

#[test]
fn operators_of_another_crate_run_like_built_in_ones() {
    let scratch = workspace();
    run(&scratch, &["run", "test.toml"]).says(0, &["filtered: repeats its neighbour"]);
    let (all, dropped) = (
        scratch.read("out/all/a.parquet"),
        scratch.read("out/dropped/a.parquet"),
    );
    // Two variants of each sentence, alike once all their words are in capitals.
    assert_eq!((all.num_rows(), dropped.num_rows()), (40, 40));
    let input = scratch.read("data/a.parquet");
    let sentences = input
        .column_by_name("text")
        .unwrap()
        .as_string::<i32>()
        .clone();
    let texts = all.column_by_name("text").unwrap().as_string::<i32>();
    for (text, sentence) in texts.iter().zip(&sentences) {
        assert_eq!(text.map(str::to_owned), sentence.map(str::to_uppercase));
    }
    let replicas = all
        .column_by_name("aug_replica")
        .unwrap()
        .as_primitive::<Int32Type>();
    assert!(replicas.values().iter().all(|replica| *replica == 1));
    let operators = all
        .column_by_name("aug_operators")
        .unwrap()
        .as_list::<i32>();
    assert!((0..operators.len()).all(|row| {
        let ids = operators.value(row);
        ids.as_string::<i32>()
            .iter()
            .flatten()
            .all(|id| id.starts_with("loud"))
    }));

    // The same bytes for any number of workers and any size of batch, as for built-in operators.
    let first = scratch.digests("out");
    std::fs::remove_dir_all(scratch.path("out")).unwrap();
    run(
        &scratch,
        &["run", "test.toml", "-j", "4", "--batch-rows", "7"],
    )
    .says(0, &[]);
    for name in scratch.visible("out") {
        assert_eq!(scratch.digests("out")[&name], first[&name], "{name}");
    }
}

#[test]
fn operators_of_another_crate_are_documented_and_checked_like_built_in_ones() {
    let scratch = workspace();
    let shown = run(&scratch, &["ops", "shout"]);
    for part in [
        "Puts words in capitals.",
        "rate",
        "default 0.5",
        "replicas",
        "SEE https",
    ] {
        assert!(shown.stdout.contains(part), "{}", shown.stdout);
    }
    scratch.write("wrong.toml", PIPELINE.replace("rate = 0.3", "rate = 3"));
    let finished = run(&scratch, &["check", "wrong.toml"]);
    finished.says(
        2,
        &["wrong.toml:12", "`rate` is 3", "must lie between 0 and 1"],
    );
    scratch.write(
        "wrong.toml",
        PIPELINE.replace("rate = 1.0", "mark = 'more'"),
    );
    let finished = run(&scratch, &["check", "wrong.toml"]);
    finished.says(2, &["wrong.toml:18", "three characters at most"]);
    // The program without them does not know them, and says what is like them.
    scratch
        .run(["check", "test.toml"])
        .says(2, &["there is no operator of type `shout`"]);
}

#[test]
fn the_example_is_what_it_says() {
    let scratch = workspace();
    let finished = run(
        &scratch,
        &["preview", "test.toml", "--at", "loud", "-n", "2"],
    );
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains("{+"), "{}", finished.stdout);
}

#[test]
fn what_the_readme_shows_is_the_example() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let example = std::fs::read_to_string(folder.join("examples/custom_operator.rs")).unwrap();
    let (_, code) = readme.split_once("```rust\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    assert!(code.contains("impl TextOperator for") && code.contains("fn main()"));
    // Shown in parts: each must stand in the example as it is.
    for part in code.split("\n\nfn main").collect::<Vec<_>>() {
        assert!(example.contains(part.trim()), "not in the example:\n{part}");
    }
}

#[test]
fn a_program_translates_lines() {
    let mut command = assert_cmd::Command::new(program("translate"));
    let translated = command
        .arg("fake:")
        .write_stdin("one two\nthree\n")
        .assert();
    translated.success().stdout("eno owt\neerht\n");
}
