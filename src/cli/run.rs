//! `augment run`: the pipeline on its data, with progress, a summary and an exit code.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use serde_json::json;

use super::args::{ProgressMode, RunArguments};
use super::{ExitStatus, Printer, Volume, memory, pipeline, signals};
use crate::engine::{self, RunError, RunReport, RunSettings};
use crate::inference::ModelSettings;
use crate::operator::Registry;
use crate::plan::Plan;
use crate::report::{
    Progress, RunIdentity, Show, SourceTotal, describe_failures, summarize, to_json, write_json,
};
use crate::topology::{ShardOutcome, Stop};

/// Shards that are named while they are waited for.
const NAMED: usize = 3;

/// Does what `augment run` is asked to.
pub(super) fn run(
    registry: &Registry,
    arguments: &RunArguments,
    volume: Volume,
    printer: &Printer,
) -> ExitStatus {
    #[cfg(feature = "onnx")]
    let models = super::models::settings(&arguments.models, volume, printer);
    #[cfg(not(feature = "onnx"))]
    let models = ModelSettings::default();
    let plan = pipeline::load_for(
        registry,
        &arguments.pipeline,
        Some(&models),
        arguments.keep_going,
        printer,
    );
    let Some(plan) = plan else {
        return ExitStatus::NotStarted;
    };
    if let Some(problem) = arguments.report.as_deref().and_then(no_place_for) {
        printer.error(
            &problem,
            Some("make the folder, or name a file in one that exists"),
        );
        return ExitStatus::NotStarted;
    }
    let settings = match memory::limited(&plan, settings(arguments, models), arguments) {
        Ok(settings) => settings,
        Err((problem, help)) => {
            printer.error(&problem, Some(&help));
            return ExitStatus::NotStarted;
        }
    };
    let show = show(arguments.progress, volume, printer);
    let say = |line: &str| printer.say(line);
    let operators = plan.part_names();
    let progress = Progress::new(
        show,
        volume == Volume::Verbose,
        sources(&plan),
        operators,
        &say,
    );
    let stop = Stop::default();
    let waiting = || progress.say(&waiting_for(&progress.running()));
    let watched = signals::watch(&stop, waiting, || {
        progress.watch(|| engine::run(&plan, &settings, &progress, &stop))
    });
    let (result, signal) = match watched {
        Ok(watched) => watched,
        Err(error) => {
            printer.error(&format!("cannot listen for signals: {error}"), None);
            return ExitStatus::NotStarted;
        }
    };
    match result {
        Ok(report) => tell(&plan, &report, arguments, show, volume, printer)
            .unwrap_or(status(&report, signal)),
        Err(error) => {
            printer.error(&error.to_string(), Some(&error.help()));
            match error {
                // It had started to read, or to write.
                RunError::Words { .. } | RunError::Survey { .. } | RunError::Seal(_) => {
                    ExitStatus::Incomplete
                }
                _ => ExitStatus::NotStarted,
            }
        }
    }
}

/// Prints the summary and writes the report. Gives a status only if the report cannot be written.
fn tell(
    plan: &Plan,
    report: &RunReport,
    arguments: &RunArguments,
    show: Show,
    volume: Volume,
    printer: &Printer,
) -> Option<ExitStatus> {
    let identity = RunIdentity {
        pipeline: &arguments.pipeline.pipeline,
        seed: plan.seed,
        fingerprint: &plan.fingerprint,
    };
    let json = to_json(identity, report);
    let text = match (show, volume) {
        (Show::Json, _) => json!({ "event": "finished", "report": json }).to_string(),
        (_, Volume::Quiet) => describe_failures(report, printer.err_palette()),
        _ => summarize(report, printer.err_palette()),
    };
    if !text.is_empty() {
        printer.say(text.trim_end());
    }
    let error = write_json(arguments.report.as_deref()?, &json).err()?;
    printer.error(&error.to_string(), Some("the output is not affected"));
    Some(ExitStatus::Incomplete)
}

/// Why no report can be written to `path`, as far as that shows before there is one.
fn no_place_for(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let place = path.display();
    match folder {
        _ if path.is_dir() => Some(format!("the report cannot go to {place}: it is a folder")),
        Some(folder) if !folder.is_dir() => Some(format!(
            "the report cannot go to {place}: its folder does not exist"
        )),
        _ => None,
    }
}

/// What the exit code says about a run that started.
fn status(report: &RunReport, signal: Option<i32>) -> ExitStatus {
    let mut outcomes = report.shards.iter().map(|shard| &shard.outcome);
    match signal {
        _ if outcomes.all(|outcome| *outcome == ShardOutcome::Committed) => {
            if report.rows_refused == 0 {
                ExitStatus::Success
            } else {
                ExitStatus::Incomplete
            }
        }
        Some(signal) => ExitStatus::Interrupted(signal),
        None => ExitStatus::Incomplete,
    }
}

/// How to show progress, on the terminal that there is.
fn show(mode: ProgressMode, volume: Volume, printer: &Printer) -> Show {
    match mode {
        ProgressMode::Json => Show::Json,
        ProgressMode::None => Show::Nothing,
        _ if volume == Volume::Quiet => Show::Nothing,
        ProgressMode::Auto if printer.draws() => Show::Bars(printer.err_palette()),
        ProgressMode::Bar => Show::Bars(printer.err_palette()),
        ProgressMode::Auto | ProgressMode::Plain => Show::Plain,
    }
}

/// What there is to read.
fn sources(plan: &Plan) -> Vec<SourceTotal> {
    plan.sources
        .iter()
        .map(|source| SourceTotal {
            id: source.id.clone(),
            rows: source.facts.rows,
            shards: source.facts.shards.len() as u64,
        })
        .collect()
}

/// What the flags say about the run.
fn settings(arguments: &RunArguments, models: ModelSettings) -> RunSettings {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = arguments.workers.map_or(cores, |workers| workers as usize);
    let usual = RunSettings::new(workers);
    RunSettings {
        window: arguments
            .window
            .map_or(usual.window, |window| window as usize),
        batch_rows: arguments
            .batch_rows
            .map_or(usual.batch_rows, |rows| rows as usize),
        keep_going: arguments.keep_going,
        fresh: arguments.fresh,
        force: arguments.force,
        limit: arguments.limit,
        shard: arguments.shard,
        models,
        ..usual
    }
}

/// What is said after the first Ctrl-C.
fn waiting_for(running: &[String]) -> String {
    let named: Vec<&str> = running.iter().take(NAMED).map(String::as_str).collect();
    let more = match running.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let waiting = match named.as_slice() {
        [] => "ending".to_owned(),
        named => format!("waiting for what was read of {}{more}", named.join(", ")),
    };
    format!("interrupted: nothing more is read, {waiting}; once more to quit at once")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ShardReport;

    fn report(outcomes: &[ShardOutcome]) -> RunReport {
        let shard = |outcome: &ShardOutcome| ShardReport {
            source: "train".to_owned(),
            path: "a.parquet".to_owned(),
            outcome: outcome.clone(),
        };
        RunReport {
            shards: outcomes.iter().map(shard).collect(),
            already_committed: 0,
            operators: Vec::new(),
            rows_read: 0,
            rows_written: Vec::new(),
            rows_refused: 0,
            rejects: Vec::new(),
            outputs: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn exit_codes_say_whether_running_again_helps() {
        let (committed, failed) = (ShardOutcome::Committed, ShardOutcome::Failed("torn".into()));
        let code = |outcomes: &[ShardOutcome], signal| status(&report(outcomes), signal).code();
        assert_eq!(code(&[], None), 0);
        assert_eq!(code(&[committed.clone(), committed.clone()], None), 0);
        assert_eq!(code(&[committed.clone(), failed.clone()], None), 1);
        assert_eq!(code(&[committed.clone(), ShardOutcome::Abandoned], None), 1);
        assert_eq!(
            code(&[committed.clone(), ShardOutcome::Abandoned], Some(2)),
            130
        );
        assert_eq!(code(&[failed], Some(15)), 143);
        // The signal came too late to matter.
        assert_eq!(code(std::slice::from_ref(&committed), Some(2)), 0);
        let refused = RunReport {
            rows_refused: 1,
            ..report(&[committed])
        };
        assert_eq!(status(&refused, None).code(), 1);
    }

    #[test]
    fn what_is_waited_for_is_named() {
        let paths: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        assert!(waiting_for(&paths).contains("read of a, b, c and 2 more; once more"));
        assert!(waiting_for(&[]).contains("ending"));
    }
}
