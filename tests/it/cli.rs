//! The program from outside: exit code, stdout and stderr of each command.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A pipeline on the shards of the workspace's folder `data`.
const PIPELINE: &str = r#"version = 1
seed = 42

[sources.reviews]
type = "parquet"
paths = ["data"]
text = "text"

[operators.usable]
type = "filter"
inputs = ["reviews"]
words = [4, 1000]

[operators.swap]
type = "random_swap"
inputs = ["usable"]

[sinks.out]
type = "parquet"
inputs = ["swap"]
path = "out/{shard}.parquet"
"#;

const COMMANDS: [&str; 8] = [
    "run",
    "check",
    "plan",
    "graph",
    "preview",
    "test",
    "ops",
    "completions",
];

/// A folder with a pipeline and two shards of the sample.
struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("swap.toml"), PIPELINE).unwrap();
        let workspace = Self(folder);
        workspace.add_shard(0, "a.parquet");
        workspace.add_shard(1, "b.parquet");
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn add_shard(&self, number: usize, name: &str) {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/sample");
        let shard = sample.join(format!("reviews-0000{number}-of-00004.parquet"));
        fs::copy(shard, self.path("data").join(name)).unwrap();
    }

    fn pipeline(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_augment"));
        command.args(arguments).current_dir(self.0.path());
        for variable in ["NO_COLOR", "TERM", "COLUMNS", "RUST_BACKTRACE"] {
            command.env_remove(variable);
        }
        command
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// All files below `folder`, hidden ones too, as sorted paths.
    fn files(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(self.0.path()).unwrap();
                    files.push(relative.to_str().unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Exit code, stdout and stderr.
fn transcript(output: &Output) -> String {
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        code(output),
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// Compares with the snapshot `name`, without what differs from run to run.
fn assert_transcript(name: &str, workspace: &Workspace, output: &Output) {
    let root = workspace.0.path().canonicalize().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(&regex::escape(root.to_str().unwrap()), "[WORKSPACE]");
    settings.add_filter(
        r"in [0-9][^(\n]* \([0-9,]+ rows/s\)",
        "in [TIME] ([RATE] rows/s)",
    );
    settings.add_filter(r"fingerprint [0-9a-f]+", "fingerprint [FINGERPRINT]");
    settings.add_filter(r"augment [0-9]+\.[0-9]+\.[0-9]+", "augment [VERSION]");
    settings.bind(|| insta::assert_snapshot!(name, transcript(output)));
}

#[test]
fn help() {
    let workspace = Workspace::new();
    assert_transcript("help", &workspace, &workspace.run(["--help"]));
    for command in COMMANDS {
        let output = workspace.run([command, "--help"]);
        assert_transcript(&format!("help_{command}"), &workspace, &output);
    }
    #[cfg(feature = "onnx")]
    for command in ["", "doctor", "list", "fetch", "optimize", "export"] {
        let arguments = ["models", command, "--help"];
        let arguments = arguments.iter().filter(|argument| !argument.is_empty());
        let output = workspace.command(arguments).output().unwrap();
        let name = format!("help_models_{command}");
        assert_transcript(name.trim_end_matches('_'), &workspace, &output);
    }
    assert_transcript("version", &workspace, &workspace.run(["--version"]));
}

#[test]
fn usage_errors_exit_2() {
    let workspace = Workspace::new();
    let output = workspace.run(["run", "swap.toml", "--worker", "2"]);
    assert_transcript("usage_unknown_flag", &workspace, &output);
    let output = workspace.run(["run", "swap.toml", "--shard", "5/4"]);
    assert_transcript("usage_wrong_value", &workspace, &output);
    assert_eq!(code(&workspace.run([])), 2);
}

#[test]
fn ops() {
    let workspace = Workspace::new();
    assert_transcript("ops", &workspace, &workspace.run(["ops"]));
    let output = workspace.run(["ops", "random_deletion"]);
    assert_transcript("ops_random_deletion", &workspace, &output);
    if cfg!(feature = "polars") {
        // Its examples of SQL are there only where polars is.
        assert_transcript("ops_filter", &workspace, &workspace.run(["ops", "filter"]));
    }
    let output = workspace.run(["ops", "random_deletoin"]);
    assert_transcript("ops_unknown", &workspace, &output);
    let output = workspace.run(["ops", "--format", "json"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let filter = all
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "filter")
        .unwrap();
    assert_eq!(filter["ports"], serde_json::json!(["", "rejected"]));
}

#[test]
fn check() {
    let workspace = Workspace::new();
    assert_transcript(
        "check_ok",
        &workspace,
        &workspace.run(["check", "swap.toml"]),
    );

    let wrong = PIPELINE
        .replace("[\"usable\"]", "[\"usabel\"]")
        .replace("[4, 1000]", "[9, 4]");
    workspace.pipeline("wrong.toml", &wrong);
    let output = workspace.run(["check", "swap.toml", "wrong.toml"]);
    assert_transcript("check_wrong", &workspace, &output);
    let output = workspace.run(["check", "wrong.toml", "--format", "github"]);
    assert_transcript("check_wrong_github", &workspace, &output);
    let output = workspace.run(["check", "wrong.toml", "--format", "json"]);
    assert_eq!((code(&output), text(&output.stderr)), (2, ""));
    for line in text(&output.stdout).lines() {
        let problem: Value = serde_json::from_str(line).unwrap();
        assert!(
            problem["code"].as_str().unwrap().starts_with('A'),
            "{problem}"
        );
    }
}

#[test]
fn denied_warnings_exit_1() {
    let workspace = Workspace::new();
    // Nobody reads what `swap` makes.
    let doubtful = PIPELINE.replace("inputs = [\"swap\"]", "inputs = [\"usable\"]");
    workspace.pipeline("doubtful.toml", &doubtful);
    let output = workspace.run(["check", "doubtful.toml"]);
    assert_eq!(code(&output), 0, "{}", transcript(&output));
    let output = workspace.run(["check", "doubtful.toml", "--deny-warnings"]);
    assert_eq!(code(&output), 1, "{}", transcript(&output));
    assert!(
        text(&output.stderr).contains("warning["),
        "{}",
        transcript(&output)
    );
}

#[test]
fn plan_and_graph() {
    let workspace = Workspace::new();
    let output = workspace.run(["plan", "swap.toml", "-j", "2"]);
    assert_transcript("plan", &workspace, &output);
    assert_transcript(
        "graph_mermaid",
        &workspace,
        &workspace.run(["graph", "swap.toml"]),
    );
    let output = workspace.run(["graph", "swap.toml", "--format", "dot"]);
    assert_transcript("graph_dot", &workspace, &output);
    assert!(!workspace.path("out").exists());
}

#[test]
fn plan_knows_what_is_left() {
    let workspace = Workspace::new();
    let last = |seed: &str| {
        let output = workspace.run(["plan", "swap.toml", "-j", "2", "--seed", seed]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split("\nrun\n").nth(1).unwrap().to_owned()
    };
    assert!(!last("42").contains("nothing left"));
    assert_eq!(workspace.run(["run", "swap.toml"]).status.code(), Some(0));
    assert!(
        last("42").starts_with("  nothing left to do: "),
        "{}",
        last("42")
    );
    let other = last("7");
    assert!(
        other.contains("holds the output of another pipeline"),
        "{other}"
    );
    assert!(!other.contains("nothing left"));
}

#[test]
fn preview_writes_nothing() {
    let workspace = Workspace::new();
    let output = workspace.run(["preview", "swap.toml", "--at", "swap", "-n", "3"]);
    assert_transcript("preview", &workspace, &output);
    let output = workspace.run(["preview", "swap.toml", "--at", "usable.rejected", "-n", "2"]);
    assert_transcript("preview_port", &workspace, &output);
    let output = workspace.run(["preview", "swap.toml", "--at", "swop"]);
    assert_transcript("preview_unknown", &workspace, &output);
    let output = workspace.run([
        "preview",
        "swap.toml",
        "--at",
        "swap",
        "-n",
        "1",
        "--color",
        "always",
    ]);
    assert!(text(&output.stdout).contains("\u{1b}[") && !text(&output.stdout).contains("{+"));
    assert!(!workspace.path("out").exists());
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let workspace = Workspace::new();
    let output = workspace.run(["run", "swap.toml", "--report", "report.json"]);
    assert_transcript("run", &workspace, &output);
    let visible = |file: &String| !file.contains("/.");
    let files: Vec<String> = workspace.files("out").into_iter().filter(visible).collect();
    assert_eq!(files, ["out/a.parquet", "out/b.parquet"]);
    let report: Value =
        serde_json::from_slice(&fs::read(workspace.path("report.json")).unwrap()).unwrap();
    assert_eq!(
        (&report["committed"], &report["failed"]),
        (&2.into(), &0.into())
    );
    assert_eq!(report["operators"][0]["id"], "usable");

    assert_transcript(
        "run_again",
        &workspace,
        &workspace.run(["run", "swap.toml"]),
    );
    let output = workspace.run(["run", "swap.toml", "--quiet"]);
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
}

#[test]
fn runs_that_cannot_start_exit_2() {
    let workspace = Workspace::new();
    let output = workspace.run(["run", "no-such.toml"]);
    assert_transcript("run_unknown_file", &workspace, &output);
    let output = workspace.run(["run", "swap.toml", "--report", "no/such/report.json"]);
    assert_transcript("run_report_without_folder", &workspace, &output);
    assert!(!workspace.path("out").exists());
    let output = workspace.run(["run", "swap.toml", "--set", "operators.swop.rate=1"]);
    assert_transcript("run_unknown_set", &workspace, &output);
    assert_eq!(code(&workspace.run(["run", "swap.toml"])), 0);
    let output = workspace.run(["run", "swap.toml", "--seed", "7"]);
    assert_eq!(code(&output), 2, "{}", transcript(&output));
    assert!(
        text(&output.stderr).contains("--fresh"),
        "{}",
        transcript(&output)
    );
    assert_eq!(
        code(&workspace.run(["run", "swap.toml", "--seed", "7", "--fresh"])),
        0
    );
}

#[test]
fn a_damaged_shard_exits_1_and_the_others_finish() {
    let workspace = Workspace::new();
    let shard = workspace.path("data/a.parquet");
    let mut bytes = fs::read(&shard).unwrap();
    // Pages come first in a Parquet file, the footer last: this is in a page.
    for byte in bytes.iter_mut().skip(1_000).take(2_000) {
        *byte ^= 0xff;
    }
    fs::write(&shard, bytes).unwrap();
    let output = workspace.run(["run", "swap.toml", "--keep-going", "-v"]);
    assert_eq!(code(&output), 1, "{}", transcript(&output));
    let said = text(&output.stderr);
    assert!(said.contains("error: a.parquet (source reviews)"), "{said}");
    assert!(said.contains("committed b.parquet"), "{said}");
    let files = workspace.files("out");
    let visible: Vec<&String> = files.iter().filter(|file| !file.contains("/.")).collect();
    assert_eq!(visible, ["out/b.parquet"], "{files:?}");
}

#[test]
fn progress_for_programs_is_a_json_object_a_line() {
    let workspace = Workspace::new();
    let output = workspace.run(["run", "swap.toml", "--progress", "json"]);
    assert_eq!((code(&output), text(&output.stdout)), (0, ""));
    let events: Vec<Value> = text(&output.stderr)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, before) = events.split_last().unwrap();
    assert!(before.iter().all(|event| event["event"] == "progress"));
    assert_eq!(
        (&last["event"], &last["report"]["committed"]),
        (&"finished".into(), &2.into())
    );
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let workspace = Workspace::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = workspace.command(["ops"]).stdout(writer).output().unwrap();
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn data_that_cannot_be_written_is_an_error() {
    let workspace = Workspace::new();
    let full = fs::File::create("/dev/full").unwrap();
    let output = workspace.command(["ops"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(
        text(&output.stderr).contains("cannot write to stdout"),
        "{}",
        transcript(&output)
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_drains_and_says_so() {
    let workspace = Workspace::new();
    // Enough that the run is still going when the first shard is through.
    for number in 0..40 {
        workspace.add_shard(number % 4, &format!("more-{number:02}.parquet"));
    }
    let mut run = workspace.command(["run", "swap.toml", "-v", "-j", "1"]);
    let mut run = run
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first = said.next().unwrap();
    assert!(first.starts_with("committed "), "{first}");
    let asked = Command::new("kill")
        .arg(run.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success());
    let rest: Vec<String> = said.collect();
    assert_eq!(run.wait().unwrap().code(), Some(143), "{rest:#?}");
    assert!(
        rest.iter()
            .any(|line| line.starts_with("interrupted: nothing more is read"))
    );
    assert!(
        rest.iter()
            .any(|line| line.contains("left for the next run")),
        "{rest:#?}"
    );
    let temporary = |file: &String| file.contains("/.") && !file.contains("/.augment/");
    let files = workspace.files("out");
    assert!(!files.iter().any(temporary), "{files:?}");
}
