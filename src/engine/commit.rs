//! Publishing: the finished files of a shard get their names, then the ledgers a line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::read::PlannedShard;
use super::write::{Complete, explain};
use super::{RunError, RunSettings};
use crate::batch::Shard;
use crate::counters::Counts;
use crate::ledger::{Entry, Input, Ledger, OutputEntry};
use crate::plan::Plan;
use crate::topology::{Commit, Finished};

/// Publishes shards, and knows which are published already.
pub(super) struct Publisher<'a> {
    plan: &'a Plan,
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
        let mut roots: Vec<&PathBuf> = plan.sinks.iter().map(|sink| &sink.layout.root).collect();
        roots.sort();
        roots.dedup();
        let mut ledgers = Vec::new();
        for root in roots {
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

    /// Brings the ledgers into the order of the plan, so that a finished folder does not tell in
    /// which order its shards were finished.
    pub(super) fn seal(&self) -> Result<(), RunError> {
        let names: Vec<String> = self
            .plan
            .sources
            .iter()
            .flat_map(|source| {
                source
                    .facts
                    .shards
                    .iter()
                    .map(|file| format!("{}/{}", source.id, file.relative))
            })
            .collect();
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        for ledger in ledgers.iter_mut() {
            ledger.seal(names.iter().map(String::as_str))?;
        }
        Ok(())
    }
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
                        sink.layout.target(&shard.shard.source, shard.file.stem()),
                    )
                })
        })
}

pub(super) fn input_of(shard: &PlannedShard) -> Input {
    Input::new(shard.file.bytes, shard.file.modified, shard.rows).tagged(shard.file.tag.clone())
}

pub(super) fn name_of(shard: &Shard) -> String {
    format!("{}/{}", shard.source, shard.path)
}

impl Commit for Publisher<'_> {
    fn commit(
        &self,
        shard: &Shard,
        outputs: Vec<(usize, Box<dyn Finished>)>,
    ) -> Result<(), String> {
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(input) = inputs.get(&shard.index).cloned() else {
            return Err(format!(
                "{} is not among the shards of this run",
                shard.path
            ));
        };
        drop(inputs);
        let mut prepared = Vec::new();
        for (sink, output) in outputs {
            let Ok(complete) = output.into_any().downcast::<Complete>() else {
                return Err("a sink finished something that is not a file".to_owned());
            };
            // All are on their device before the first becomes visible.
            complete.0.sync().map_err(explain)?;
            prepared.push((sink, complete.0));
        }
        let mut published = Vec::new();
        for (sink, output) in prepared {
            published.push((sink, output.publish().map_err(explain)?));
        }
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
                    let planned = self.plan.sinks.get(*sink);
                    planned.is_some_and(|planned| planned.layout.root == ledger.root())
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
