//! What surrounds a run may be bad: inputs go and change, clocks jump, readers leave, links lead
//! elsewhere, disks fill up. A run says so, leaves nothing half-done, and a rerun completes it.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use augment::engine::{self, RunSettings};
use augment::ledger::Reject;
use augment::source::{ReadOptions, ShardReader};
use augment::topology::{ShardOutcome, Silent, Stop};

use crate::samples;
use crate::scratch::{Finished, Scratch};

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

const SHARDS: [&str; 3] = ["a", "m", "sub/z"];

fn workspace() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    for (seed, shard) in SHARDS.into_iter().enumerate() {
        let rows = samples::numbered_sentences(seed as u64, 400);
        scratch.parquet(&format!("data/{shard}.parquet"), &[rows]);
    }
    scratch
}

/// The output of a run that nothing disturbed.
fn undisturbed() -> std::collections::BTreeMap<String, String> {
    let scratch = workspace();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    outputs(&scratch)
}

/// The digests of the outputs. Times of inputs are in the ledger, so it is left out.
fn outputs(scratch: &Scratch) -> std::collections::BTreeMap<String, String> {
    let mut digests = scratch.digests("out");
    digests.retain(|name, _| !name.starts_with(".augment/"));
    digests
}

/// Says on the terminal that a test cannot show what it is meant to on this machine.
#[cfg(unix)]
#[expect(
    clippy::print_stderr,
    reason = "a test that was skipped must not look like one that ran"
)]
fn skipped(what: &str) {
    eprintln!("\n*** SKIPPED: {what} ***\n");
}

/// Runs the engine on a plan that was made before `change`, and expects the shard `m` to fail.
#[track_caller]
fn fails_after(change: impl FnOnce(&Scratch), said: &str) -> Scratch {
    let scratch = workspace();
    let plan = scratch.plan(PIPELINE);
    let before = fs::read(scratch.path("data/m.parquet")).unwrap();
    change(&scratch);
    let settings = RunSettings {
        keep_going: true,
        ..RunSettings::new(2)
    };
    let report = engine::run(&plan, &settings, &Silent, &Stop::default()).unwrap();
    let failed: Vec<_> = report
        .shards
        .iter()
        .filter_map(|shard| match &shard.outcome {
            ShardOutcome::Failed(reason) => Some((shard.path.as_str(), reason.as_str())),
            _ => None,
        })
        .collect();
    let [("m.parquet", reason)] = failed.as_slice() else {
        panic!("{failed:?}");
    };
    assert!(
        reason.contains(said) && reason.contains("help: "),
        "{reason}"
    );
    assert_eq!(scratch.visible("out"), ["a.parquet", "sub/z.parquet"]);
    assert!(scratch.leftovers("out").is_empty());
    fs::write(scratch.path("data/m.parquet"), before).unwrap();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(outputs(&scratch), undisturbed());
    scratch
}

#[test]
fn an_input_that_goes_between_plan_and_run() {
    fails_after(
        |scratch| fs::remove_file(scratch.path("data/m.parquet")).unwrap(),
        "m.parquet is not there any more",
    );
}

#[test]
fn an_input_that_is_replaced_between_plan_and_run() {
    fails_after(
        |scratch| {
            scratch.parquet("data/m.parquet", &[samples::numbered_sentences(9, 30)]);
        },
        "m.parquet was changed during the run",
    );
}

#[test]
fn an_input_that_becomes_a_folder_between_plan_and_run() {
    let scratch = workspace();
    let plan = scratch.plan(PIPELINE);
    fs::remove_file(scratch.path("data/m.parquet")).unwrap();
    fs::create_dir(scratch.path("data/m.parquet")).unwrap();
    let report = engine::run(&plan, &RunSettings::new(1), &Silent, &Stop::default()).unwrap();
    let failed = |shard: &engine::ShardReport| matches!(shard.outcome, ShardOutcome::Failed(_));
    assert!(report.shards.iter().any(failed));
}

#[test]
fn an_input_that_is_written_to_while_it_is_read() {
    let scratch = workspace();
    let plan = scratch.plan(PIPELINE);
    let facts = &plan.sources[0].facts;
    let options = ReadOptions {
        batch_rows: 100,
        ..ReadOptions::default()
    };
    let mut reader = ShardReader::open(&facts.shards[1], facts, &options).unwrap();
    reader.next_batch().unwrap().unwrap();
    // In place: the open file is the one that changes.
    let path = scratch.path("data/m.parquet");
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(b'x');
    fs::write(&path, bytes).unwrap();
    let error = loop {
        match reader.next_batch() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("nobody noticed"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "A413", "{error}");
    assert!(reader.next_batch().unwrap().is_none());
}

#[test]
fn what_failed_is_on_record_until_it_succeeds() {
    let scratch = workspace();
    let whole = fs::read(scratch.path("data/m.parquet")).unwrap();
    let mut damaged = whole.clone();
    damaged[4..400].fill(0xff);
    fs::write(scratch.path("data/m.parquet"), damaged).unwrap();
    let finished = scratch.run([
        "run",
        "test.toml",
        "--keep-going",
        "--report",
        "report.json",
    ]);
    finished.says(
        1,
        &["m.parquet", "what failed is in out/.augment/rejects.jsonl"],
    );
    let record = scratch.path("out/.augment/rejects.jsonl");
    let lines = fs::read_to_string(&record).unwrap();
    let rejects: Vec<Reject> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [reject] = rejects.as_slice() else {
        panic!("{lines}");
    };
    assert_eq!(
        (reject.source.as_str(), reject.shard.as_str()),
        ("data", "m.parquet")
    );
    assert!(reject.reason.contains("help: "), "{}", reject.reason);
    let report = fs::read_to_string(scratch.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(
        report["rejects"][0]
            .as_str()
            .unwrap()
            .ends_with("out/.augment/rejects.jsonl")
    );
    assert_eq!(report["failed"], 1);

    fs::write(scratch.path("data/m.parquet"), whole).unwrap();
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert!(!record.exists());
    assert_eq!(outputs(&scratch), undisturbed());
}

#[test]
fn clocks_that_jump() {
    let scratch = workspace();
    let times = [
        SystemTime::UNIX_EPOCH - Duration::from_hours(8_760),
        SystemTime::UNIX_EPOCH + Duration::from_hours(1_752_000),
        SystemTime::UNIX_EPOCH,
    ];
    for (shard, time) in SHARDS.into_iter().zip(times) {
        let file = File::options()
            .write(true)
            .open(scratch.path(&format!("data/{shard}.parquet")))
            .unwrap();
        file.set_modified(time).unwrap();
    }
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(outputs(&scratch), undisturbed());
    scratch
        .run(["run", "test.toml"])
        .says(0, &["nothing to do"]);
    // Back in time is a change like any other.
    let file = File::options()
        .write(true)
        .open(scratch.path("data/a.parquet"))
        .unwrap();
    file.set_modified(times[0] - Duration::from_secs(5))
        .unwrap();
    let again = scratch.run(["run", "test.toml"]);
    again.says(0, &["1 shard committed, 2 committed before"]);
    assert_eq!(outputs(&scratch), undisturbed());
}

const TALKERS: [&[&str]; 5] = [
    &["ops"],
    &["schema"],
    &["plan", "test.toml"],
    &["graph", "test.toml"],
    &["preview", "test.toml", "--at", "swap", "-n", "200"],
];

#[test]
fn a_reader_of_stdout_that_has_gone() {
    let scratch = workspace();
    for arguments in TALKERS {
        let mut command = scratch.command(arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let finished = Finished::of(child.wait_with_output().unwrap());
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        assert!(!finished.stderr.contains("panic"), "{}", finished.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stdout_that_is_full() {
    let scratch = workspace();
    for arguments in TALKERS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = scratch.command(arguments).stdout(full).output().unwrap();
        let finished = Finished::of(output);
        assert_eq!(finished.code, Some(1), "{arguments:?}: {}", finished.stderr);
        assert!(
            finished
                .stderr
                .contains("cannot write to stdout: No space left on device"),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
    // Nobody can be told, and the run is none the worse for it.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = scratch.command(["run", "test.toml"]);
    assert!(command.stderr(full).status().unwrap().success());
    assert_eq!(outputs(&scratch), undisturbed());
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder that nothing may be written to, and what is in it.
    fn with_elsewhere() -> Scratch {
        let scratch = workspace();
        scratch.write("elsewhere/precious", "precious");
        fs::create_dir(scratch.path("out")).unwrap();
        scratch
    }

    #[track_caller]
    fn is_untouched(scratch: &Scratch) {
        let elsewhere = scratch.path("elsewhere");
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
        assert_eq!(fs::read(elsewhere.join("precious")).unwrap(), b"precious");
    }

    #[test]
    fn in_place_of_the_ledger_are_refused() {
        for (link, target) in [
            ("out/.augment", "elsewhere"),
            ("out/.augment/lock", "elsewhere/precious"),
            ("out/.augment/ledger.jsonl", "elsewhere/precious"),
            ("out/.augment/lock", "elsewhere/new"),
        ] {
            let scratch = with_elsewhere();
            let link_path = scratch.path(link);
            fs::create_dir_all(link_path.parent().unwrap()).unwrap();
            symlink(scratch.path(target), &link_path).unwrap();
            for arguments in [&["run", "test.toml"][..], &["run", "test.toml", "--force"]] {
                scratch
                    .run(arguments)
                    .says(2, &[link, "is a link", "help: remove"]);
                is_untouched(&scratch);
            }
            assert!(scratch.visible("out").is_empty());
        }
    }

    #[test]
    fn in_place_of_a_folder_are_refused() {
        let scratch = with_elsewhere();
        symlink(scratch.path("elsewhere"), scratch.path("out/sub")).unwrap();
        let finished = scratch.run(["run", "test.toml", "--keep-going"]);
        finished.says(2, &["out/sub is a link", "help: put a folder in place of"]);
        is_untouched(&scratch);
        fs::remove_file(scratch.path("out/sub")).unwrap();
        scratch.run(["run", "test.toml"]).says(0, &[]);
        assert_eq!(outputs(&scratch), undisturbed());
    }

    #[test]
    fn that_come_during_a_run_are_refused() {
        let scratch = with_elsewhere();
        let plan = scratch.plan(PIPELINE);
        scratch
            .run(["run", "test.toml", "--limit", "1"])
            .says(0, &[]);
        fs::remove_dir_all(scratch.path("out")).unwrap();
        fs::create_dir(scratch.path("out")).unwrap();
        // The folder is looked at when the run begins; this is what its sinks see later.
        symlink(scratch.path("elsewhere"), scratch.path("out/sub")).unwrap();
        let error = engine::run(&plan, &RunSettings::new(1), &Silent, &Stop::default());
        assert!(error.unwrap_err().to_string().contains("is a link"));
        is_untouched(&scratch);
    }

    #[test]
    fn in_place_of_files_are_replaced_and_not_followed() {
        let scratch = with_elsewhere();
        for name in ["a", "m"] {
            let partial = scratch.path(&format!("out/.{name}.parquet.augment-partial"));
            symlink(scratch.path("elsewhere/precious"), partial).unwrap();
        }
        symlink(
            scratch.path("elsewhere/precious"),
            scratch.path("out/m.parquet"),
        )
        .unwrap();
        let finished = scratch.run(["run", "test.toml"]);
        finished.says(2, &["m.parquet exists and was not written by augment"]);
        is_untouched(&scratch);
        scratch.run(["run", "test.toml", "--fresh"]).says(0, &[]);
        is_untouched(&scratch);
        assert_eq!(outputs(&scratch), undisturbed());
        assert!(
            !fs::symlink_metadata(scratch.path("out/m.parquet"))
                .unwrap()
                .is_symlink()
        );
    }

    #[test]
    fn to_nothing_are_something() {
        let scratch = with_elsewhere();
        symlink(scratch.path("elsewhere/new"), scratch.path("out/a.parquet")).unwrap();
        let finished = scratch.run(["run", "test.toml"]);
        finished.says(2, &["a.parquet exists and was not written by augment"]);
        is_untouched(&scratch);
    }

    #[test]
    fn in_place_of_the_output_folder_itself_are_fine() {
        let scratch = workspace();
        fs::create_dir(scratch.path("disk")).unwrap();
        symlink(scratch.path("disk"), scratch.path("out")).unwrap();
        scratch.run(["run", "test.toml"]).says(0, &[]);
        assert_eq!(outputs(&scratch), undisturbed());
    }
}

#[test]
fn names_of_shards_lead_nowhere_else() {
    for (name, path) in [
        ("...parquet", "out/{shard}/a.parquet"),
        ("...parquet", "out/x/{shard}/{source}/a.parquet"),
        (".augment.parquet", "out/{shard}/lock"),
    ] {
        let scratch = Scratch::new();
        scratch.parquet(
            &format!("data/{name}"),
            &[samples::numbered_sentences(1, 20)],
        );
        let pipeline = PIPELINE
            .replace("paths = [\"data\"]", &format!("paths = [\"data/{name}\"]"))
            .replace("out/{shard}.parquet", path);
        scratch.write("test.toml", pipeline);
        let before = scratch.digests("");
        let finished = scratch.run(["run", "test.toml"]);
        finished.says(2, &["does not lie below", "help: rename the shard"]);
        assert_eq!(scratch.digests(""), before, "{name}");
    }
}

/// Runs a script in a mount namespace of its own; nothing where there are none.
#[cfg(target_os = "linux")]
fn with_mounts(scratch: &Scratch, script: &str) -> Option<Finished> {
    for way in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let mut command = Command::new("unshare");
        scratch.prepare(&mut command);
        let output = command.args(way).args(["sh", "-c", script]).output();
        let finished = output.ok().map(Finished::of);
        if let Some(finished) = finished.filter(|one| matches!(one.code, Some(0..=2 | 101)))
            && !finished.stderr.contains("unshare")
        {
            return Some(finished);
        }
    }
    None
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_folder_on_a_file_system_that_is_read_only() {
    let scratch = workspace();
    scratch
        .run(["run", "test.toml", "--limit", "9"])
        .says(0, &[]);
    fs::remove_dir_all(scratch.path("out")).unwrap();
    fs::create_dir(scratch.path("out")).unwrap();
    let script = format!(
        "mount --bind out out && mount -o remount,bind,ro out || exit 99; \
         exec '{}' run test.toml",
        env!("CARGO_BIN_EXE_augment")
    );
    match with_mounts(&scratch, &script) {
        None => skipped("no mount namespaces here, so nothing to make read-only"),
        Some(finished) => finished.says(
            2,
            &[
                "Read-only file system",
                "help: choose a `path` on a file system",
            ],
        ),
    }
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(outputs(&scratch), undisturbed());
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_too_small_for_the_ledger() {
    let scratch = workspace();
    fs::create_dir(scratch.path("out")).unwrap();
    // A file system of one page, which the lock or the ledger fills.
    let script = format!(
        "mount -t tmpfs -o size=4k tmpfs out || exit 99; '{}' run test.toml --keep-going; \
         code=$?; find out -name '*.parquet' -o -name '*partial' -o -name '*.new'; exit $code",
        env!("CARGO_BIN_EXE_augment")
    );
    match with_mounts(&scratch, &script) {
        None => skipped("no mount namespaces here, so no disk to fill"),
        Some(finished) => {
            assert!(matches!(finished.code, Some(1 | 2)), "{finished:?}");
            assert_eq!(finished.stdout, "", "{}", finished.stderr);
            let said = ["No space left on device", "help: free some space"];
            for part in said {
                assert!(finished.stderr.contains(part), "{}", finished.stderr);
            }
        }
    }
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(outputs(&scratch), undisturbed());
}

#[cfg(unix)]
#[test]
fn a_run_that_ran_out_of_space_is_completed_by_the_next() {
    let scratch = workspace();
    let program = env!("CARGO_BIN_EXE_augment");
    // In units of 512 bytes, or of a kilobyte: in each case less than a shard's output.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{program}' run test.toml --keep-going");
    let mut command = Command::new("sh");
    scratch.prepare(&mut command);
    let finished = Finished::of(command.args(["-c", &script]).output().unwrap());
    finished.says(1, &["File too large", "help: "]);
    assert!(scratch.visible("out").is_empty());
    assert!(scratch.leftovers("out").is_empty());
    scratch.run(["run", "test.toml"]).says(0, &[]);
    assert_eq!(outputs(&scratch), undisturbed());
}
