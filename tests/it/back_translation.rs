//! Pipelines that translate there and back: most with the fake translator, which takes no model and no
//! runtime, one with the built-in models where there is a runtime.

use std::collections::BTreeMap;
use std::fs;
#[cfg(feature = "onnx")]
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int32Type;
use augment::engine::RunSettings;
use augment::operator::Registry;
use augment::plan::{self, FileCatalog};
use serde_json::Value;

use crate::samples;
#[cfg(feature = "onnx")]
use crate::scratch::Finished;
use crate::scratch::Scratch;

/// Gates that let the numbers pass which the fake translator adds.
const GATES: &str = "gates = { length = false, chrf = false }";

fn pipeline(options: &str, sink: &str) -> String {
    format!(
        r#"version = 1
seed = 42

[sources.data]
type = "parquet"
paths = ["data"]
text = "text"

[operators.bt]
type = "back_translation"
inputs = ["data"]
forward = "fake:"
backward = "fake:"
{options}

[sinks.out]
type = "parquet"
path = "out/{{shard}}.parquet"
{sink}
"#
    )
}

fn texts(rows: &RecordBatch) -> Vec<Option<String>> {
    let column = rows.column_by_name("text").unwrap();
    let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
    let texts = column.as_string::<i32>();
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

fn write(scratch: &Scratch, texts: &[Option<&str>]) {
    let column: arrow::array::ArrayRef =
        std::sync::Arc::new(arrow::array::StringArray::from(texts.to_vec()));
    let rows = RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap();
    scratch.parquet("data/a.parquet", &[rows]);
}

#[test]
fn the_same_bytes_for_any_number_of_workers_batches_and_window() {
    let scratch = Scratch::new();
    for (seed, groups) in [&[130, 1, 90][..], &[0], &[60]].into_iter().enumerate() {
        let groups: Vec<RecordBatch> = groups
            .iter()
            .map(|rows| samples::all_types(seed as u64, *rows))
            .collect();
        scratch.parquet(&format!("data/{seed}.parquet"), &groups);
    }
    let replicas = format!("replicas = 3\n{GATES}");
    let in_place = format!("on_error = \"route\"\n{GATES}");
    for (options, sink) in [
        (
            &replicas,
            "inputs = [\"data\", \"bt\"]\nlineage = \"edits\"",
        ),
        (&in_place, "inputs = [\"bt\", \"bt.errors\"]"),
    ] {
        let text = pipeline(options, sink);
        let mut expected: Option<BTreeMap<String, String>> = None;
        for (workers, batch_rows, window) in [
            (1, 4096, 3),
            (1, 7, 1),
            (2, 31, 6),
            (8, 4096, 1),
            (8, 1, 24),
        ] {
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

#[test]
fn originals_and_distinct_replicas_reach_the_sink_and_none_is_lost() {
    let scratch = Scratch::new();
    write(
        &scratch,
        &[Some("One two. Three."), None, Some("Four five"), Some("42")],
    );
    let text = pipeline(
        &format!("replicas = 3\n{GATES}"),
        "inputs = [\"data\", \"bt\"]",
    );
    let report = scratch.commit_all(&text, &RunSettings::new(2));
    let rows = scratch.read("out/a.parquet");
    let replicas = rows.column_by_name("aug_replica").unwrap();
    let replicas = replicas.as_primitive::<Int32Type>().values().to_vec();
    assert_eq!(replicas, [0, 1, 2, 3, 0, 0, 1, 2, 3, 0]);
    let mut seen = texts(&rows);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 10);
    let (_, counts) = &report.operators[0];
    assert_eq!((counts.rows_in, counts.rows_out, counts.changed), (4, 6, 6));
    assert_eq!(counts.reasons["shortfall: null"], 3);
    assert_eq!(counts.reasons["shortfall: nothing to translate"], 3);
}

#[test]
fn rows_that_lose_protected_text_leave_by_the_port_errors() {
    let scratch = Scratch::new();
    // The fake translator makes one space of two.
    write(&scratch, &[Some("Type `a  b` now"), Some("Type `a b` now")]);
    let sinks = "inputs = [\"bt\"]\n[sinks.refused]\ntype = \"parquet\"\ninputs = [\"bt.errors\"]\n\
                 path = \"refused/{shard}.parquet\"";
    let text = pipeline(&format!("on_error = \"route\"\n{GATES}"), sinks);
    let report = scratch.commit_all(&text, &RunSettings::new(1));
    let refused = scratch.read("refused/a.parquet");
    assert_eq!(texts(&refused), [Some("Type `a  b` now".to_owned())]);
    let reasons = refused.column_by_name("aug_error").unwrap();
    assert_eq!(
        reasons.as_string::<i32>().value(0),
        "the translation loses ``a  b``"
    );
    let left = texts(&scratch.read("out/a.parquet"));
    assert!(
        left[0].as_ref().unwrap().starts_with("Type `a b` now "),
        "{left:?}"
    );
    let (_, counts) = &report.operators[0];
    assert_eq!(counts.reasons["error: the row was refused"], 1);
    assert!(counts.reasons["rejected: protected text lost"] >= 3);
}

#[test]
#[cfg(feature = "onnx")]
fn the_fingerprint_changes_with_the_files_of_a_model() {
    let scratch = Scratch::new();
    write(&scratch, &[Some("One")]);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/models/en-de");
    for file in fs::read_dir(model).unwrap() {
        let file = file.unwrap();
        let name = format!("model/{}", file.file_name().to_str().unwrap());
        scratch.write(&name, fs::read(file.path()).unwrap());
    }
    let text =
        pipeline("", "inputs = [\"bt\"]").replace("forward = \"fake:\"", "forward = \"model\"");
    let first = scratch.plan(&text).fingerprint;
    assert_eq!(scratch.plan(&text).fingerprint, first);
    // Where it lies is nobody's business, what it holds is.
    fs::create_dir(scratch.path("elsewhere")).unwrap();
    fs::rename(scratch.path("model"), scratch.path("elsewhere/model")).unwrap();
    let moved = text.replace("\"model\"", "\"elsewhere/model\"");
    assert_eq!(scratch.plan(&moved).fingerprint, first);
    let settings = scratch.path("elsewhere/model/generation_config.json");
    let changed = fs::read_to_string(&settings).unwrap() + "\n";
    fs::write(&settings, changed).unwrap();
    assert_ne!(scratch.plan(&moved).fingerprint, first);
}

#[test]
#[cfg(feature = "onnx")]
fn check_reports_missing_models_with_everything_else() {
    let scratch = Scratch::new();
    write(&scratch, &[Some("One")]);
    fs::create_dir(scratch.path("en-de")).unwrap();
    let text = pipeline(
        "via = [{ forward = \"en-ed\", backward = \"en-de\" }]",
        "inputs = [\"bd\"]",
    )
    .replace("forward = \"fake:\"\nbackward = \"fake:\"\n", "");
    scratch.write("wrong.toml", text);
    scratch.run(["check", "wrong.toml"]).says(
        2,
        &[
            "A450",
            "the model folder `en-ed` does not exist",
            "a similar folder exists: `en-de`",
            "en-de has no weights to use",
            "wrong.toml:12:20",
            "wrong.toml:12:40",
            "sink `out` reads from unknown node `bd`",
        ],
    );
}

#[test]
fn measures_are_shown_and_told_to_programs() {
    let scratch = Scratch::new();
    write(&scratch, &[Some("One two. One two."); 20]);
    let text = pipeline(&format!("replicas = 2\n{GATES}"), "inputs = [\"bt\"]");
    scratch.write("bt.toml", text);
    let finished = scratch.run(["run", "bt.toml", "--report", "report.json"]);
    finished.says(0, &["sentences ", "tokens ", "padding 0 %", "cache hits "]);
    let report = fs::read_to_string(scratch.path("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let measures = &report["operators"][0]["measures"];
    assert!(
        measures["sentences"]["total"].as_u64().unwrap() >= 40,
        "{measures}"
    );
    assert_eq!(measures["padding"]["part"], 0);
    // How much work it was is not what came of it: nothing of it is kept.
    let ledger = fs::read_to_string(scratch.path("out/.augment/ledger.jsonl")).unwrap();
    assert!(!ledger.contains("sentences"), "{ledger}");
}

#[test]
fn a_preview_translates_no_more_than_it_shows() {
    let scratch = Scratch::new();
    write(&scratch, &[Some("One two."); 50]);
    scratch.write("bt.toml", pipeline(GATES, "inputs = [\"bt\"]"));
    let shown = scratch.run(["preview", "bt.toml", "--at", "bt", "-n", "2"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("One two.{+ "), "{}", shown.stdout);
}

#[test]
fn a_model_that_cannot_be_loaded_keeps_a_run_from_starting() {
    let scratch = Scratch::new();
    write(&scratch, &[Some("One")]);
    let document =
        |text: &str| augment::config::Document::new("test.toml", text, &scratch.path(""), &[]);
    let text = pipeline("", "inputs = [\"bt\"]").replace("\"fake:\"", "\"fake:nothing\"");
    let (plan, report) = plan::check(
        &document(&text),
        None,
        &|_| None,
        &Registry::builtin(),
        &FileCatalog::new(scratch.path("")),
    );
    assert!(plan.is_none());
    assert!(report.render(false).contains("there is no fake translator"));
}

#[test]
#[cfg(feature = "onnx")]
fn a_pipeline_is_checked_without_the_runtime() {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/backtranslate.toml");
    let scratch = Scratch::new();
    let mut check = scratch.command([Path::new("check"), &pipeline]);
    // Nor is there any, as far as this process knows.
    let output = check.env_remove("ORT_DYLIB_PATH").output().unwrap();
    let finished = Finished::of(output);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
#[cfg(feature = "onnx")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_built_in_models_translate_alike_for_any_number_of_workers() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH names no library of ONNX Runtime");
        return;
    }
    let scratch = Scratch::new();
    let sentences = [
        "I have never seen such a beautiful house.",
        "He asked me where I had bought the book. I told him that I had found it.",
        "What are you going to do tomorrow?\n\n  My brother lives in a small town.",
        "See https://example.com/a before you come.",
        "12 345",
    ];
    let rows: Vec<Option<&str>> = sentences
        .iter()
        .cycle()
        .take(40)
        .map(|s| Some(*s))
        .collect();
    write(&scratch, &rows);
    fs::copy(
        scratch.path("data/a.parquet"),
        scratch.path("data/b.parquet"),
    )
    .unwrap();
    let text = pipeline("replicas = 2", "inputs = [\"bt\"]")
        .replace("forward = \"fake:\"", "forward = \"builtin:en-de\"")
        .replace("backward = \"fake:\"", "backward = \"builtin:de-en\"");
    let mut seen: Vec<Vec<Vec<u8>>> = Vec::new();
    for workers in [1, 2] {
        let report = scratch.commit_all(&text, &RunSettings::new(workers));
        let (_, counts) = &report.operators[0];
        assert!(counts.rows_out > 40, "{counts:?}");
        assert!(counts.reasons["shortfall: nothing to translate"] >= 16);
        let bytes =
            ["out/a.parquet", "out/b.parquet"].map(|path| fs::read(scratch.path(path)).unwrap());
        let variants = texts(&scratch.read("out/a.parquet"));
        assert!(
            variants
                .iter()
                .flatten()
                .all(|text| !sentences.contains(&text.as_str()))
        );
        let with_link = variants
            .iter()
            .flatten()
            .filter(|text| text.contains("example.com"));
        assert!(
            with_link
                .clone()
                .all(|text| text.contains("https://example.com/a"))
        );
        seen.push(bytes.to_vec());
        fs::remove_dir_all(scratch.path("out")).unwrap();
    }
    assert_eq!(seen[0], seen[1]);
}
