//! All rows of the sources, shown before the run to operators whose output depends on all of them.
//!
//! Each shard is read by one thread, whatever part of them the run works on. What does not fit into
//! memory goes into a folder beside the ledger, which is removed when the survey is over.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use super::read::explain;
use super::{RunError, RunSettings};
use crate::ledger::FOLDER;
use crate::operator::{Resources, ScratchFolder, Survey, SurveySite, Surveyed, SurveyedShard};
use crate::plan::{Plan, PlannedOperator, PlannedSink, PlannedSource, Producer};
use crate::source::{ReadOptions, ShardFile, ShardReader};
use crate::store;
use crate::topology::{Observer, Stop};

/// The name of the folder for what does not fit into memory.
const NAME: &str = "survey";

/// Makes the folder for what does not fit into memory.
pub(super) type MakeFolder<'a> = &'a dyn Fn() -> std::io::Result<ScratchFolder>;

/// Makes the folder beside the ledger of the first sink on a file system: where the output fits, this does as a rule,
/// too. It is this run's alone, as the ledger is.
pub(super) fn folder_beside_output(
    plan: &Plan,
    settings: &RunSettings,
) -> std::io::Result<ScratchFolder> {
    let is_local = |sink: &&PlannedSink| !store::is_remote(&sink.layout.root);
    let Some(sink) = plan.sinks.iter().find(is_local) else {
        return ScratchFolder::temporary();
    };
    ScratchFolder::create(sink.layout.root.join(FOLDER).join(name_of(settings)))
}

fn name_of(settings: &RunSettings) -> String {
    match settings.shard {
        None => NAME.to_owned(),
        Some((part, parts)) => format!("{NAME}-{part}-of-{parts}"),
    }
}

/// Removes what runs that were killed amid a survey have left. The output folders have to be locked:
/// a whole run has them for itself, a part leaves what is not its own to the others.
pub(super) fn remove_leftovers(plan: &Plan, settings: &RunSettings) {
    for sink in &plan.sinks {
        let entries = fs::read_dir(sink.layout.root.join(FOLDER));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_own = match settings.shard {
                None => name.starts_with(NAME),
                Some(_) => name == name_of(settings),
            };
            if is_own {
                // What cannot be removed is in nobody's way.
                drop(fs::remove_dir_all(entry.path()));
            }
        }
    }
}

/// Makes the surveys that `plan` asks for, and hands what they found out to its operators. Answers
/// whether that was finished: it is given up when the run is to stop.
pub(super) fn rows(
    plan: &Plan,
    resources: &Resources,
    workers: usize,
    folder: MakeFolder<'_>,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<bool, RunError> {
    let operators: Vec<&PlannedOperator> = plan.surveys().collect();
    if operators.is_empty() {
        return Ok(true);
    }
    observer.survey_started(operators.iter().map(|operator| operator.source_rows).sum());
    for operator in operators {
        let failed = |message: String| RunError::Survey {
            operator: operator.id.clone(),
            message,
        };
        let found = survey(plan, operator, workers, folder, observer, stop).map_err(failed)?;
        let Some(found) = found else { return Ok(false) };
        resources.set_surveyed(&operator.id, found);
    }
    observer.counting_finished();
    Ok(true)
}

/// What one operator wants to know; nothing if the run is to stop.
fn survey(
    plan: &Plan,
    operator: &PlannedOperator,
    workers: usize,
    folder: MakeFolder<'_>,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<Option<Surveyed>, String> {
    let folder = folder().map_err(|error| format!("no room for what is found: {error}"))?;
    let sources = sources_of(plan, operator);
    let shards = shards_of(&sources);
    let named: Vec<SurveyedShard> = sources
        .iter()
        .flat_map(|source| source.facts.files.iter().map(move |file| (source, file)))
        .map(|(source, file)| SurveyedShard {
            source: source.id.clone(),
            path: file.relative.clone(),
            rows: file.rows,
        })
        .collect();
    let site = SurveySite {
        schema: &operator.input_schema,
        text: &operator.text,
        shards: &named,
        folder: folder.path(),
    };
    let survey = operator
        .spec
        .survey(&site)
        .map_err(|error| error.to_string())?;
    let Some(survey) = survey else {
        return Err("the operator surveys nothing. This is a bug in it".to_owned());
    };
    let pass = Pass {
        survey: &*survey,
        shards: &shards,
        next: AtomicUsize::new(0),
        failures: Mutex::default(),
        observer,
        stop,
        folder: folder.path(),
    };
    pass.run(workers.max(1))?;
    if stop.is_requested() {
        return Ok(None);
    }
    let finish = || survey.finish(workers.max(1), &|| stop.is_requested());
    catch_unwind(AssertUnwindSafe(finish))
        .map_err(|_| "the survey panicked. This is a bug in the operator".to_owned())?
        .map_err(|error| error.to_string())
}

/// The sources of `operator`, in the order of its inputs.
fn sources_of<'a>(plan: &'a Plan, operator: &PlannedOperator) -> Vec<&'a PlannedSource> {
    let sources = operator.inputs.iter().filter_map(|input| match input {
        Producer::Source(source) => plan.sources.get(*source),
        Producer::Operator { .. } => None,
    });
    sources.collect()
}

/// A shard to survey.
struct ToShow<'a> {
    /// The position of its file among the files of all sources. An operator is shown files: how they
    /// are cut is nothing to it.
    file: usize,
    source: &'a PlannedSource,
    shard: &'a ShardFile,
}

/// The shards of `sources`.
fn shards_of<'a>(sources: &[&'a PlannedSource]) -> Vec<ToShow<'a>> {
    let mut shards = Vec::new();
    let mut files = 0;
    for source in sources {
        for shard in &source.facts.shards {
            // Whole, or the first of its file.
            if shard.range.as_ref().is_none_or(|range| range.number == 0) {
                files += 1;
            }
            shards.push(ToShow {
                file: files - 1,
                source,
                shard,
            });
        }
    }
    shards
}

/// A pass over all shards for one operator.
struct Pass<'a> {
    survey: &'a dyn Survey,
    shards: &'a [ToShow<'a>],
    /// The shard to begin next.
    next: AtomicUsize,
    /// Why shards could not be surveyed.
    failures: Mutex<BTreeMap<usize, String>>,
    observer: &'a dyn Observer,
    stop: &'a Stop,
    folder: &'a Path,
}

impl Pass<'_> {
    fn run(self, workers: usize) -> Result<(), String> {
        thread::scope(|scope| {
            for _ in 0..workers.min(self.shards.len()) {
                scope.spawn(|| self.work());
            }
        });
        let failures = self.failures.into_inner();
        let mut failures = failures.unwrap_or_else(PoisonError::into_inner);
        failures
            .pop_first()
            .map_or(Ok(()), |(_, reason)| Err(reason))
    }

    fn work(&self) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(shown) = self.shards.get(index) else {
                return;
            };
            if self.stop.is_requested() || !self.failures().is_empty() {
                return;
            }
            let noted = catch_unwind(AssertUnwindSafe(|| self.show(shown)));
            let noted = noted.unwrap_or_else(|_| {
                let path = shown.shard.path.display();
                Err(format!(
                    "{path}: the survey panicked. This is a bug in the operator"
                ))
            });
            if let Err(reason) = noted {
                self.failures().insert(index, reason);
            }
        }
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the rows of one shard to the survey.
    fn show(&self, shown: &ToShow<'_>) -> Result<(), String> {
        let (source, file) = (shown.source, shown.shard);
        let options = ReadOptions::default();
        let reader = ShardReader::open(file, &source.facts, &options).map_err(explain)?;
        let mut reader = reader
            .only(self.survey.columns())
            .map_err(|error| format!("{}: {error}", file.path.display()))?;
        while let Some((first_row, batch)) = reader.next_batch().map_err(explain)? {
            if self.stop.is_requested() {
                return Ok(());
            }
            let noted = self.survey.note(shown.file, first_row, batch.columns());
            noted.map_err(|error| {
                let (path, folder) = (file.path.display(), self.folder.display());
                format!("{path}: {error} (what is found goes to {folder})")
            })?;
            self.observer.rows_counted(batch.num_rows() as u64);
        }
        Ok(())
    }
}
