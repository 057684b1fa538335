//! The summary of a run for programs: what `--report FILE.json` writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::figures::{add_measures, per_second};
use crate::engine::RunReport;
use crate::topology::ShardOutcome;

/// What identifies a run.
#[derive(Debug, Clone, Copy)]
pub struct RunIdentity<'a> {
    /// The pipeline file, as it was named.
    pub pipeline: &'a Path,
    /// The seed.
    pub seed: u64,
    /// The fingerprint of plan, seed and versions.
    pub fingerprint: &'a str,
}

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report to {}: {source}", path.display())]
pub struct JsonError {
    /// The file it was to go to.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// The report as JSON. `version` grows when a field changes its meaning or goes; new fields may
/// come at any time. Times are in seconds. `outcome` of a shard is `committed`, `failed` (with the
/// `reason`) or `abandoned`.
pub fn to_json(run: RunIdentity<'_>, report: &RunReport) -> Value {
    let shards: Vec<Value> = report
        .shards
        .iter()
        .map(|shard| {
            let (outcome, reason) = match &shard.outcome {
                ShardOutcome::Committed => ("committed", None),
                ShardOutcome::Failed(reason) => ("failed", Some(reason)),
                ShardOutcome::Abandoned => ("abandoned", None),
            };
            let (source, path) = (&shard.source, &shard.path);
            match reason {
                Some(reason) => {
                    json!({ "source": source, "path": path, "outcome": outcome, "reason": reason })
                }
                None => json!({ "source": source, "path": path, "outcome": outcome }),
            }
        })
        .collect();
    let number = |wanted: &str| {
        shards
            .iter()
            .filter(|shard| shard["outcome"] == wanted)
            .count()
    };
    let operators: Vec<Value> = report
        .operators
        .iter()
        .map(|(id, counts)| {
            let mut object = json!({
                "id": id,
                "rows_in": counts.rows_in,
                "rows_out": counts.rows_out,
                "changed": counts.changed,
                "reasons": counts.reasons,
            });
            add_measures(&mut object, counts, report.elapsed);
            object
        })
        .collect();
    let sinks: Vec<Value> = report
        .rows_written
        .iter()
        .map(|(id, rows)| json!({ "id": id, "rows_written": rows }))
        .collect();
    json!({
        "version": 1,
        "augment": env!("CARGO_PKG_VERSION"),
        "pipeline": run.pipeline,
        "seed": run.seed,
        "fingerprint": run.fingerprint,
        "elapsed_seconds": report.elapsed.as_secs_f64(),
        "rows_read": report.rows_read,
        "rows_per_second": per_second(report.rows_read, report.elapsed),
        "committed": number("committed"),
        "failed": number("failed"),
        "abandoned": number("abandoned"),
        "committed_before": report.already_committed,
        "operators": operators,
        "sinks": sinks,
        "outputs": report.outputs,
        "rows_refused": report.rows_refused,
        "rejects": report.rejects,
        "shards": shards,
    })
}

/// Writes `value` to the file at `path`, which is complete or does not change.
///
/// # Errors
/// When the file's folder does not exist or cannot be written to.
pub fn write_json(path: &Path, value: &Value) -> Result<(), JsonError> {
    write(path, value).map_err(|source| JsonError {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(hidden);
    let written = File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(format!("{value:#}\n").as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to tell; a leftover is hidden and harmless.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::report;

    fn identity() -> RunIdentity<'static> {
        RunIdentity {
            pipeline: Path::new("eda.toml"),
            seed: 42,
            fingerprint: "abc",
        }
    }

    #[test]
    fn everything_that_happened_is_in_it() {
        let json = to_json(identity(), &report());
        assert_eq!(json["rows_per_second"], 5030);
        assert_eq!(
            (&json["committed"], &json["failed"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            (&json["abandoned"], &json["committed_before"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            json["operators"][0]["reasons"],
            json!({ "shortfall: nothing new": 12 })
        );
        assert_eq!(
            json["shards"][1]["reason"],
            "page 3 is torn\nfetch it again"
        );
        assert_eq!(
            json["sinks"],
            json!([{ "id": "out", "rows_written": 50_348 }])
        );
    }

    #[test]
    fn a_report_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        write_json(&path, &to_json(identity(), &report())).unwrap();
        let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(written["fingerprint"], "abc");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_report_that_cannot_be_written_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/report.json");
        let error = write_json(&path, &Value::Null).unwrap_err();
        assert!(error.to_string().contains("missing/report.json"), "{error}");
        assert!(write_json(Path::new("/"), &Value::Null).is_err());
    }
}
