//! `augment plan` and `augment graph`: a pipeline as augment understands it.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::thread;

use super::args::{GraphArguments, GraphFormat, PlanArguments};
use super::{ExitStatus, Printer, pipeline, written};
use crate::engine::{self, Outlook, RunSettings};
use crate::figures::{counted, grouped, size};
use crate::operator::Registry;

/// Does what `augment plan` is asked to.
pub(super) fn plan(
    registry: &Registry,
    arguments: &PlanArguments,
    printer: &Printer,
) -> ExitStatus {
    let Some(plan) = pipeline::load(registry, &arguments.pipeline, None, printer) else {
        return ExitStatus::NotStarted;
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = arguments.workers.map_or(cores, |workers| workers as usize);
    match engine::outlook(&plan, &RunSettings::new(workers)) {
        Ok(outlook) => {
            let text = format!("{}\n{}", plan.render(), run_section(&outlook, workers));
            written(printer, &text)
        }
        Err(error) => {
            printer.error(&error.to_string(), Some(&error.help()));
            ExitStatus::NotStarted
        }
    }
}

/// What a run would still have to do, and what it would take.
fn run_section(outlook: &Outlook, workers: usize) -> String {
    let left = match outlook.shards_left {
        0 => format!(
            "nothing left to do: {} finished",
            counted(outlook.shards as u64, "shard")
        ),
        left => format!(
            "{} of {} left, {}",
            grouped(left as u64),
            counted(outlook.shards as u64, "shard"),
            counted(outlook.rows_left, "row")
        ),
    };
    let mut text = format!(
        "run\n  {left}\n  memory about {} with {}: {} in flight, {} in row groups being written; \
         models come on top\n",
        size(outlook.memory),
        counted(workers as u64, "worker"),
        size(outlook.in_flight),
        size(outlook.writing),
    );
    for folder in &outlook.foreign {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "  {} holds the output of another pipeline: a run needs --fresh or --force",
            folder.display()
        );
    }
    text
}

/// Does what `augment graph` is asked to.
pub(super) fn graph(
    registry: &Registry,
    arguments: &GraphArguments,
    printer: &Printer,
) -> ExitStatus {
    let Some(plan) = pipeline::load(registry, &arguments.pipeline, None, printer) else {
        return ExitStatus::NotStarted;
    };
    let text = match arguments.format {
        GraphFormat::Mermaid => plan.mermaid(),
        GraphFormat::Dot => plan.dot(),
    };
    written(printer, &text)
}
