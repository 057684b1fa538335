//! What `augment check` says about pipelines that are wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use augment::config;
use augment::diagnostic::{Report, Severity};
use augment::plan::check;

use crate::fixture::{Shelf, check_text, registry};
use crate::scratch::Scratch;

fn wrong_pipelines() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wrong");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn report_on(path: &Path) -> Report {
    let text = fs::read_to_string(path).unwrap();
    let name = format!("pipelines/{}", path.file_name().unwrap().to_str().unwrap());
    check_text(&name, &text, &[]).1
}

fn assert_snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

#[test]
fn every_wrong_pipeline_is_reported_as_before() {
    for path in wrong_pipelines() {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let report = report_on(&path);
        assert!(!report.is_clean(), "{name} is not wrong");
        assert_snapshot(&format!("wrong_{name}"), &report.render(false));
    }
}

#[test]
fn every_problem_of_a_pipeline_has_a_place_and_nearly_every_one_a_remedy() {
    for path in wrong_pipelines() {
        for problem in report_on(&path).diagnostics() {
            // What is not there at all has no place.
            let absent = ["A201", "A202"].contains(&problem.code);
            assert!(problem.span.is_some() || absent, "{path:?}: {problem:?}");
            // The parser of TOML says what it expected instead; serde names the choices.
            let told = ["A101", "A103", "A104"].contains(&problem.code);
            assert!(!problem.help.is_empty() || told, "{path:?}: {problem:?}");
            assert!(!problem.message.ends_with('.') && !problem.message.contains('\n'));
        }
    }
}

#[test]
fn the_machine_formats_hold_the_same_problems() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wrong");
    let report = report_on(&folder.join("many_mistakes.toml"));
    assert_snapshot("many_mistakes_json", &report.render_json());
    assert_snapshot("many_mistakes_github", &report.render_github());
    assert_eq!(
        report.render_json().lines().count(),
        report.diagnostics().len()
    );
    assert_eq!(
        report.render_github().lines().count(),
        report.diagnostics().len()
    );
}

#[test]
fn every_code_is_documented_and_every_documented_code_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = regex::Regex::new("\"(A[1-5][0-9]{2})\"").unwrap();
    let mut used = BTreeSet::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                used.extend(code.captures_iter(&text).map(|found| found[1].to_owned()));
            }
        }
    }
    let documentation = fs::read_to_string(root.join("docs/diagnostics.md")).unwrap();
    let row = regex::Regex::new(r"(?m)^\| (A[1-5][0-9]{2}) \|").unwrap();
    let listed: Vec<String> = row
        .captures_iter(&documentation)
        .map(|found| found[1].to_owned())
        .collect();
    assert_eq!(listed, used.into_iter().collect::<Vec<_>>());
}

const GOOD: &str = r#"
version = 1
seed = 42
[sources.train]
type = "parquet"
paths = ["data/train/*.parquet"]
text = "text"
[operators.mix]
type = "swap"
inputs = ["train"]
rate = 0.2
[sinks.out]
type = "parquet"
inputs = ["mix"]
path = "out/{shard}.parquet"
"#;

fn set(flags: &[&str]) -> Report {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    check_text("pipelines/good.toml", GOOD, &flags).1
}

#[test]
fn a_flag_replaces_one_value() {
    let flags = ["operators.mix.rate=0.5".to_owned(), "seed=7".to_owned()];
    let (plan, report) = check_text("pipelines/good.toml", GOOD, &flags);
    assert!(report.is_clean(), "{}", report.render(false));
    let plan = plan.unwrap();
    assert_eq!(plan.seed, 7);
    assert_eq!(plan.operators[0].spec.canonical(0)["own"]["rate"], 0.5);
}

#[test]
fn what_is_wrong_in_a_flag_is_shown_in_the_flag() {
    let report = set(&[
        "operators.mix.rate=5",
        "operators.mxi.rate=0.5",
        "operators.mix.mode=neighbours",
        "sinks.out.inputs=[\"mix\", \"trian\"]",
        "sinks.out.paht=\"x\"",
        "seed",
    ]);
    assert_snapshot("flags", &report.render(false));
    let json = report.render_json();
    assert!(json.contains(r#""flag":"operators.mix.rate=5""#), "{json}");
}

#[test]
fn a_pipeline_with_warnings_alone_has_a_plan() {
    let text = GOOD.replace(
        "[sinks.out]",
        "[operators.spare]\ntype = \"keep\"\ninputs = [\"mix\"]\nmin = 1\n[sinks.out]",
    );
    let (plan, report) = check_text("pipelines/good.toml", &text, &[]);
    assert!(plan.is_some());
    assert_eq!(report.tally(), "1 warning");
    assert_eq!(report.diagnostics()[0].severity, Severity::Warning);
}

#[test]
fn variables_come_from_the_environment() {
    let text = GOOD
        .replace("data/train", "${DATA}/train")
        .replace("\"out/", "\"${OUT:-here}/");
    let document = config::Document::new("p.toml", &text, Path::new("pipelines"), &[]);
    let environment = |name: &str| (name == "DATA").then(|| "data".to_owned());
    let (plan, report) = check(&document, Some(9), &environment, &registry(), &Shelf);
    assert!(report.is_clean(), "{}", report.render(false));
    let plan = plan.unwrap();
    assert_eq!(plan.seed, 9);
    assert_eq!(plan.sinks[0].config.path, "here/{shard}.parquet");
}

#[test]
fn a_file_that_is_no_pipeline_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name)
    };
    let cases = [
        (folder.path().join("missing.toml"), "A440"),
        (folder.path().to_owned(), "A441"),
        (write("latin1.toml", b"version = 1\n# caf\xe9\n"), "A442"),
        (write("data.parquet", b"PAR1\x00\x00PAR1"), "A442"),
        (write("large.toml", &vec![b'#'; (1 << 20) + 1]), "A443"),
        (write("empty.toml", b""), "A114"),
        (write("blank.toml", b" \n\t\n"), "A114"),
    ];
    let mut reports = String::new();
    for (path, code) in cases {
        let report = config::read(&path, &[]).expect_err("it is no pipeline");
        assert_eq!(
            report
                .diagnostics()
                .iter()
                .map(|one| one.code)
                .collect::<Vec<_>>(),
            [code]
        );
        reports.push_str(&report.render(false));
        reports.push('\n');
    }
    let folder = folder.path().to_str().unwrap();
    assert_snapshot("no_pipelines", &reports.replace(folder, "FOLDER"));
}

/// What `run` would refuse before it writes anything.
#[cfg(unix)]
#[test]
fn outputs_that_lead_elsewhere() {
    let scratch = Scratch::new();
    scratch.parquet(
        "data/a.parquet",
        &[crate::samples::numbered_sentences(1, 3)],
    );
    let pipeline = |path: &str| {
        format!(
            "version = 1\nseed = 1\n[sources.s]\ntype = \"parquet\"\npaths = [\"data\"]\n\
             text = \"text\"\n[sinks.o]\ntype = \"parquet\"\ninputs = [\"s\"]\npath = \"{path}\"\n"
        )
    };
    std::fs::create_dir_all(scratch.path("out")).unwrap();
    std::os::unix::fs::symlink(scratch.path("data"), scratch.path("out/a")).unwrap();
    for (path, code, said) in [
        (
            "out/{shard}/.augment/b.parquet",
            "A424",
            "does not lie below",
        ),
        ("out/{shard}/b.parquet", "A425", "out/a is a link"),
    ] {
        scratch.write("test.toml", pipeline(path));
        for command in ["check", "run"] {
            let finished = scratch.run([command, "test.toml"]);
            finished.says(2, &[code, said, "test.toml:10:8", "help: "]);
        }
    }
}
