//! Publishing: the finished files of a shard get their names, then the ledgers a line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::read::PlannedShard;
use super::rejects::{self, NoRejects};
use super::write::{Complete, explain};
use super::{RunError, RunSettings};
use crate::batch::Shard;
use crate::counters::Counts;
use crate::failpoint;
use crate::ledger::{Entry, Input, Ledger, OutputEntry, Reject, check_record};
use crate::plan::{Plan, PlannedSource};
use crate::sink::check_inside;
use crate::source::{ShardFile, SourceFacts};
use crate::topology::{Commit, Finished};

/// Publishes shards, and knows which are published already.
pub(super) struct Publisher<'a> {
    plan: &'a Plan,
    /// The folders that sinks write to. Those for records come after those of the plan.
    roots: Vec<PathBuf>,
    /// One ledger for each folder that sinks write to.
    ledgers: Mutex<Vec<Ledger>>,
    inputs: Mutex<BTreeMap<usize, Input>>,
    rows: Vec<AtomicU64>,
}

impl<'a> Publisher<'a> {
    /// Locks the output folders and reads their ledgers.
    pub(super) fn open(
        plan: &'a Plan,
        settings: &RunSettings,
        shards: &[PlannedShard],
    ) -> Result<Self, RunError> {
        let fingerprint = fingerprint_of(plan, settings);
        check_targets(plan, shards)?;
        let roots = rejects::roots(plan);
        let mut ledgers = Vec::new();
        for root in &roots {
            let mut ledger = Ledger::open(root, &fingerprint, settings.mode(), settings.shard)?;
            let targets: Vec<PathBuf> = targets(plan, shards)
                .filter(|(sink, _)| {
                    plan.sinks
                        .get(*sink)
                        .is_some_and(|s| s.layout.root == *root)
                })
                .map(|(_, target)| target)
                .collect();
            ledger.claim(targets.iter().map(PathBuf::as_path))?;
            ledgers.push(ledger);
        }
        Ok(Self {
            plan,
            roots,
            ledgers: Mutex::new(ledgers),
            inputs: Mutex::default(),
            rows: plan.sinks.iter().map(|_| AtomicU64::new(0)).collect(),
        })
    }

    /// Whether every sink that the shard's rows end in has it.
    pub(super) fn is_committed(&self, shard: &PlannedShard) -> bool {
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let input = input_of(shard);
        let name = name_of(&shard.shard);
        let reached: Vec<&PathBuf> = self
            .plan
            .sinks
            .iter()
            .filter(|sink| sink.sources.contains(&shard.source))
            .map(|sink| &sink.layout.root)
            .collect();
        ledgers
            .iter()
            .filter(|ledger| reached.iter().any(|root| root.as_path() == ledger.root()))
            .all(|ledger| ledger.committed(&name, &input).is_some())
    }

    /// Notes the shards that are about to be read.
    pub(super) fn expect(&self, shards: &[PlannedShard]) {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        inputs.extend(
            shards
                .iter()
                .map(|shard| (shard.shard.index, input_of(shard))),
        );
    }

    /// Rows published by each sink.
    pub(super) fn rows(&self) -> Vec<u64> {
        self.rows
            .iter()
            .map(|rows| rows.load(Ordering::Relaxed))
            .collect()
    }

    /// Leaves a record of the shards that failed, and of the rows that were refused, in the folder of
    /// every sink, and answers where. Where it cannot be written there is none: that they failed is
    /// said anyway.
    pub(super) fn reject(&self, rejects: &[Reject]) -> Vec<PathBuf> {
        let shards = names_in(self.plan, |facts| &facts.shards);
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let records = ledgers.iter().map(|ledger| ledger.reject(rejects, &shards));
        records.filter_map(Result::ok).flatten().collect()
    }

    /// Rows that were refused in the shards that are finished, by this run or one before.
    pub(super) fn rows_refused(&self) -> u64 {
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = ledgers.iter().map(Ledger::refused);
        // Each folder has the same of a shard, if it has any of it.
        let refused: BTreeMap<&str, u64> = refused.flatten().collect();
        refused.values().sum()
    }

    /// The folder that a sink writes to.
    fn root_of(&self, sink: usize) -> Option<&PathBuf> {
        let sinks = &self.plan.sinks;
        match sinks.get(sink) {
            Some(planned) => Some(&planned.layout.root),
            None => self.roots.get(sink - sinks.len()),
        }
    }

    /// Brings the ledgers into the order of the plan, so that a finished folder does not tell in
    /// which order its shards were finished.
    pub(super) fn seal(&self) -> Result<(), RunError> {
        let (names, files) = (
            names_in(self.plan, |facts| &facts.shards),
            names_in(self.plan, |facts| &facts.files),
        );
        let (current, files) = (names.iter().cloned().collect(), files.into_iter().collect());
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        for ledger in ledgers.iter_mut() {
            ledger.supersede(&current, &files).map_err(RunError::Seal)?;
            ledger
                .seal(names.iter().map(String::as_str))
                .map_err(RunError::Seal)?;
        }
        Ok(())
    }
}

/// The names of all shards, or all files, of a plan.
fn names_in(plan: &Plan, of: fn(&SourceFacts) -> &[ShardFile]) -> Vec<String> {
    let names = |source: &PlannedSource| -> Vec<String> {
        let files = of(&source.facts).iter();
        files
            .map(|file| format!("{}/{}", source.id, file.name()))
            .collect()
    };
    plan.sources.iter().flat_map(names).collect()
}

/// What the ledgers of a run are marked with.
pub(super) fn fingerprint_of(plan: &Plan, settings: &RunSettings) -> String {
    // A limited run leaves out rows, so its shards must not count as finished for another.
    match settings.limit {
        Some(limit) => format!("{}-limit-{limit}", plan.fingerprint),
        None => plan.fingerprint.clone(),
    }
}

/// The files that the sinks write for `shards`: position of the sink, and path.
fn targets<'a>(
    plan: &'a Plan,
    shards: &'a [PlannedShard],
) -> impl Iterator<Item = (usize, PathBuf)> + 'a {
    plan.sinks
        .iter()
        .enumerate()
        .flat_map(move |(position, sink)| {
            shards
                .iter()
                .filter(|shard| sink.sources.contains(&shard.source))
                .map(move |shard| {
                    (
                        position,
                        sink.layout.target(&shard.shard.source, &shard.shard.stem),
                    )
                })
        })
}

/// Refuses shards whose names lead out of the folder of a sink, before anything is written.
fn check_targets(plan: &Plan, shards: &[PlannedShard]) -> Result<(), RunError> {
    for (position, target) in targets(plan, shards) {
        let Some(sink) = plan.sinks.get(position) else {
            continue;
        };
        check_inside(&sink.layout.root, &target).map_err(|error| RunError::Sink {
            sink: sink.id.clone(),
            message: error.to_string(),
            help: error.help(),
        })?;
    }
    Ok(())
}

pub(super) fn input_of(shard: &PlannedShard) -> Input {
    let file = &shard.file;
    let input = Input::new(file.file_bytes, file.modified, shard.rows, &file.footer)
        .tagged(file.tag.clone());
    match &file.range {
        None => input,
        Some(range) => input.part(range.groups.clone()),
    }
}

pub(super) fn name_of(shard: &Shard) -> String {
    format!("{}/{}", shard.source, shard.name)
}

impl Commit for Publisher<'_> {
    fn commit(
        &self,
        shard: &Shard,
        mut outputs: Vec<(usize, Box<dyn Finished>)>,
    ) -> Result<(), String> {
        // They come as the sinks were through with the shard, which the ledger must not tell.
        outputs.sort_by_key(|(sink, _)| *sink);
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(input) = inputs.get(&shard.index).cloned() else {
            return Err(format!(
                "{} is not among the shards of this run",
                shard.name
            ));
        };
        drop(inputs);
        let mut prepared = Vec::new();
        for (sink, output) in outputs {
            let complete = match output.into_any().downcast::<Complete>() {
                Ok(complete) => complete,
                Err(other) if other.is::<NoRejects>() => continue,
                Err(_) => return Err("a sink finished something that is not a file".to_owned()),
            };
            failpoint::reached("file-written");
            // All are on their device before the first becomes visible.
            complete.0.sync().map_err(explain)?;
            failpoint::reached("file-synced");
            prepared.push((sink, complete.0));
        }
        let mut published = Vec::new();
        for (sink, output) in prepared {
            match (self.plan.sinks.get(sink), self.root_of(sink)) {
                (Some(_), Some(root)) => check_inside(root, output.target()),
                (None, Some(root)) => check_record(root, output.target()),
                (_, None) => Ok(()),
            }
            .map_err(explain)?;
            published.push((sink, output.publish().map_err(explain)?));
        }
        failpoint::reached("files-published");
        let counts: BTreeMap<String, Counts> = self
            .plan
            .part_names()
            .into_iter()
            .zip(shard.counters.snapshot())
            .collect();
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        for ledger in ledgers.iter_mut() {
            let outputs: Vec<OutputEntry> = published
                .iter()
                .filter(|(sink, _)| {
                    self.root_of(*sink)
                        .is_some_and(|root| root == ledger.root())
                })
                .map(|(_, output)| OutputEntry {
                    path: ledger.relative(&output.path),
                    rows: output.rows,
                    bytes: output.bytes,
                    sha256: output.sha256.clone(),
                })
                .collect();
            if !outputs.is_empty() {
                let entry = Entry {
                    shard: name_of(shard),
                    input: input.clone(),
                    outputs,
                    counts: counts.clone(),
                    forgotten: false,
                };
                ledger
                    .append(entry)
                    .map_err(|error| format!("{error}\n  help: {}", error.help()))?;
            }
        }
        drop(ledgers);
        for (sink, output) in &published {
            if let Some(rows) = self.rows.get(*sink) {
                rows.fetch_add(output.rows, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}
