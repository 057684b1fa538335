//! What is counted in the sources before the run, for operators that depend on all rows: words, and
//! labels.

mod labels;
mod pass;
mod words;

use super::RunError;
use crate::operator::Resources;
use crate::plan::{Plan, PlannedSource};
use crate::source::ShardFile;
use crate::topology::{Observer, Stop};

/// Shards to count in, each with its source.
type Shards<'a> = Vec<(&'a PlannedSource, &'a ShardFile)>;

/// How to go about it.
#[derive(Clone, Copy)]
struct Counters<'a> {
    workers: usize,
    observer: &'a dyn Observer,
    stop: &'a Stop,
}

/// Counts what `plan` asks for, and hands it to its operators. Answers whether that was finished:
/// it is given up when the run is to stop.
pub(super) fn all(
    plan: &Plan,
    resources: &Resources,
    workers: usize,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<bool, RunError> {
    let counters = Counters {
        workers,
        observer,
        stop,
    };
    let (words, labels) = (words::of(plan), labels::of(plan));
    let what = match (words.is_empty(), labels.is_empty()) {
        (true, true) => return Ok(true),
        (false, true) => "words",
        (true, false) => "labels",
        (false, false) => "words and labels",
    };
    let words_rows = words.iter().flat_map(|counting| &counting.shards);
    let labels_rows = labels.iter().flat_map(|counting| &counting.shards);
    let rows = words_rows.chain(labels_rows).map(|(_, file)| file.rows);
    observer.counting_started(what, rows.sum());
    for counting in &words {
        if !counting.run(plan, resources, counters)? {
            return Ok(false);
        }
    }
    for counting in &labels {
        if !counting.run(plan, resources, counters)? {
            return Ok(false);
        }
    }
    observer.counting_finished();
    Ok(true)
}

/// All files of some sources.
fn files_of(plan: &Plan, sources: impl Iterator<Item = usize>) -> Shards<'_> {
    sources
        .filter_map(|source| plan.sources.get(source))
        .flat_map(|source| source.facts.files.iter().map(move |file| (source, file)))
        .collect()
}

/// All shards of some sources.
fn shards_of(plan: &Plan, sources: impl Iterator<Item = usize>) -> Shards<'_> {
    sources
        .filter_map(|source| plan.sources.get(source))
        .flat_map(|source| source.facts.shards.iter().map(move |file| (source, file)))
        .collect()
}
