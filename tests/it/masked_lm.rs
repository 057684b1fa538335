//! Pipelines that replace words by those of a masked language model: with the fake model, and, where
//! there is a runtime, with the tiny one beside the tests.

use std::collections::BTreeMap;
use std::fs;
#[cfg(feature = "onnx")]
use std::path::Path;
#[cfg(feature = "onnx")]
use std::sync::Arc;

use arrow::array::RecordBatch;
#[cfg(feature = "onnx")]
use arrow::array::{ArrayRef, AsArray, StringArray};
use augment::engine::RunSettings;
#[cfg(feature = "onnx")]
use serde_json::Value;

use crate::samples;
#[cfg(feature = "onnx")]
use crate::scratch::Finished;
use crate::scratch::Scratch;

fn pipeline(model: &str, options: &str, sink: &str) -> String {
    format!(
        r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.mlm]
type = "masked_lm"
inputs = ["data"]
model = "{model}"
{options}

[sinks.out]
type = "parquet"
path = "out/{{shard}}.parquet"
{sink}
"#
    )
}

#[cfg(feature = "onnx")]
fn write(scratch: &Scratch, name: &str, texts: &[&str]) {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let rows = RecordBatch::try_from_iter([("text", column)]).unwrap();
    scratch.parquet(&format!("data/{name}.parquet"), &[rows]);
}

#[cfg(feature = "onnx")]
fn texts(rows: &RecordBatch) -> Vec<String> {
    let column = rows.column_by_name("text").unwrap();
    let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
    let texts = column.as_string::<i32>();
    texts
        .iter()
        .map(|text| text.unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_same_bytes_for_any_number_of_workers_batches_and_window() {
    let scratch = Scratch::new();
    for (seed, groups) in [&[130, 1, 290][..], &[0], &[60]].into_iter().enumerate() {
        let groups: Vec<RecordBatch> = groups
            .iter()
            .map(|rows| samples::all_types(seed as u64, *rows))
            .collect();
        scratch.parquet(&format!("data/{seed}.parquet"), &groups);
    }
    let sink = "inputs = [\"data\", \"mlm\"]\nlineage = \"edits\"";
    for options in ["replicas = 3\nrate = 0.3", "mode = \"insert\""] {
        let text = pipeline("fake:", options, sink);
        let mut expected: Option<BTreeMap<String, String>> = None;
        for (workers, batch_rows, window) in [(1, 4096, 3), (2, 31, 6), (8, 1, 24)] {
            let settings = RunSettings {
                batch_rows,
                window,
                ..RunSettings::new(workers)
            };
            let report = scratch.commit_all(&text, &settings);
            let (_, counts) = &report.operators[0];
            assert!(counts.changed > 100, "{counts:?}");
            assert!(counts.measures["sentences"].amount > 100);
            let mut digests = scratch.digests("out");
            digests.retain(|name, _| !name.ends_with("/lock"));
            fs::remove_dir_all(scratch.path("out")).unwrap();
            let expected = expected.get_or_insert_with(|| digests.clone());
            assert_eq!(&digests, expected, "-j {workers} --batch-rows {batch_rows}");
        }
    }
}

/// A copy of the tiny model.
#[cfg(feature = "onnx")]
fn copy_model(scratch: &Scratch, folder: &str) {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert");
    for file in fs::read_dir(tiny).unwrap() {
        let file = file.unwrap();
        let name = format!("{folder}/{}", file.file_name().to_str().unwrap());
        scratch.write(&name, fs::read(file.path()).unwrap());
    }
}

#[test]
#[cfg(feature = "onnx")]
fn a_pipeline_is_checked_without_the_runtime_and_a_wrong_folder_is_explained() {
    let scratch = Scratch::new();
    write(&scratch, "a", &["A dull film"]);
    copy_model(&scratch, "tiny");
    scratch.write("mlm.toml", pipeline("tiny", "", "inputs = [\"mlm\"]"));
    let check = || {
        let mut command = scratch.command(["check", "mlm.toml"]);
        let output = command.env_remove("ORT_DYLIB_PATH").output().unwrap();
        Finished::of(output)
    };
    let finished = check();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    fs::remove_file(scratch.path("tiny/tokenizer.json")).unwrap();
    check().says(
        2,
        &[
            "A450",
            "mlm.toml:12:9",
            "tiny: expected `tokenizer.json`",
            "it has config.json, model.onnx, special_tokens_map.json",
            "optimum-cli export onnx --task fill-mask",
        ],
    );
    scratch.write("mlm.toml", pipeline("tinny", "", "inputs = [\"mlm\"]"));
    check().says(2, &["the model folder `tinny` does not exist", "`tiny`"]);
}

#[test]
#[cfg(feature = "onnx")]
fn the_fingerprint_changes_with_the_files_of_a_model() {
    let scratch = Scratch::new();
    write(&scratch, "a", &["A dull film"]);
    copy_model(&scratch, "tiny");
    let text = pipeline("tiny", "", "inputs = [\"mlm\"]");
    let first = scratch.plan(&text).fingerprint;
    copy_model(&scratch, "elsewhere/tiny");
    let moved = text.replace("\"tiny\"", "\"elsewhere/tiny\"");
    assert_eq!(scratch.plan(&moved).fingerprint, first);
    let config = scratch.path("elsewhere/tiny/config.json");
    let changed = fs::read_to_string(&config).unwrap() + "\n";
    fs::write(&config, changed).unwrap();
    assert_ne!(scratch.plan(&moved).fingerprint, first);
}

#[test]
#[cfg(feature = "onnx")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_tiny_model_edits_alike_for_any_number_of_workers() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH names no library of ONNX Runtime");
        return;
    }
    let scratch = Scratch::new();
    copy_model(&scratch, "tiny");
    let sentences = [
        "Though the plot is predictable, the movie never feels formulaic.",
        "An uncomfortable EXPERIENCE, but one as brave as you could possibly expect.",
        "See https://example.com/film for a long story…\r\n\tIt is too long.",
        "12 345",
    ];
    // Longer than the model: it has 64 positions.
    let long = sentences[0].repeat(20);
    let mut rows: Vec<&str> = sentences.iter().cycle().take(40).copied().collect();
    rows.push(&long);
    write(&scratch, "a", &rows);
    write(&scratch, "b", &rows[3..]);
    for mode in ["replace", "insert"] {
        let options = format!("mode = \"{mode}\"\nreplicas = 2\nrate = 0.2");
        let text = pipeline("tiny", &options, "inputs = [\"mlm\"]\nlineage = \"edits\"");
        scratch.write("mlm.toml", text);
        let mut seen = Vec::new();
        for workers in ["1", "2"] {
            let run = ["run", "mlm.toml", "-j", workers, "--report", "report.json"];
            let finished = scratch.run(run);
            finished.says(0, &["sentences ", "tokens ", "padding "]);
            let report = fs::read_to_string(scratch.path("report.json")).unwrap();
            let report: Value = serde_json::from_str(&report).unwrap();
            let measures = &report["operators"][0]["measures"];
            assert!(measures["tokens"]["total"].as_u64().unwrap() > 500);
            let out = ["out/a.parquet", "out/b.parquet"];
            let bytes = out.map(|path| fs::read(scratch.path(path)).unwrap());
            let variants = texts(&scratch.read("out/a.parquet"));
            assert!(variants.len() > 40, "{}", variants.len());
            for variant in &variants {
                assert!(!rows.contains(&variant.as_str()));
                assert!(!variant.contains("##") && !variant.contains("[MASK]"));
                let rest = variant.replace("https://example.com/film", "");
                assert!(!rest.contains("example"), "{variant}");
            }
            seen.push(bytes);
            fs::remove_dir_all(scratch.path("out")).unwrap();
        }
        assert_eq!(seen[0], seen[1]);
    }
}
