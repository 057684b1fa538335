//! The words of the sources, counted before the run for operators that depend on all of them.
//!
//! All shards of a source are counted, whatever part of them the run works on, each by one thread
//! into a count of its own. These are merged in the order of the shards, so that what is counted does
//! not depend on the number of threads. A shard is not begun before those far ahead of it are
//! merged: memory is bounded by the number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::RunError;
use super::read::explain;
use crate::columns::{RowTexts, TextPath};
use crate::operator::{Resources, RowTextReader};
use crate::plan::{Counting, Plan, PlannedSource};
use crate::source::{ReadOptions, ShardFile, ShardReader};
use crate::text::{Segmenter, WordCounter, WordCounts};
use crate::topology::{Observer, Stop};

/// Shards per thread that are begun and not merged yet, at most.
const AHEAD: usize = 2;

/// Counts what `plan` asks for, and hands it to its operators. Answers whether that was finished:
/// it is given up when the run is to stop.
pub(super) fn words(
    plan: &Plan,
    resources: &Resources,
    workers: usize,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<bool, RunError> {
    let countings = plan.countings();
    if countings.is_empty() {
        return Ok(true);
    }
    let shards: Vec<Vec<(&PlannedSource, &ShardFile)>> = countings
        .iter()
        .map(|counting| shards_of(plan, counting))
        .collect();
    observer.counting_started(shards.iter().flatten().map(|(_, file)| file.rows).sum());
    for (counting, shards) in countings.iter().zip(&shards) {
        let ids: Vec<&str> = counting
            .operators
            .iter()
            .filter_map(|operator| plan.operators.get(*operator))
            .map(|operator| operator.id.as_str())
            .collect();
        let pass = Pass {
            shards,
            ahead: workers.max(1) * AHEAD,
            observer,
            stop,
            state: Mutex::default(),
            merged: Condvar::new(),
        };
        let counted = pass.run(workers).map_err(|message| RunError::Words {
            operator: ids.first().copied().unwrap_or_default().to_owned(),
            message,
        })?;
        let Some(counts) = counted.map(Arc::new) else {
            return Ok(false);
        };
        for id in ids {
            resources.set_word_counts(id, Arc::clone(&counts));
        }
    }
    observer.counting_finished();
    Ok(true)
}

fn shards_of<'a>(plan: &'a Plan, counting: &Counting) -> Vec<(&'a PlannedSource, &'a ShardFile)> {
    let sources = counting.sources.iter();
    sources
        .filter_map(|source| plan.sources.get(*source))
        .flat_map(|source| source.facts.shards.iter().map(move |file| (source, file)))
        .collect()
}

/// A pass over some shards.
struct Pass<'a> {
    shards: &'a [(&'a PlannedSource, &'a ShardFile)],
    ahead: usize,
    observer: &'a dyn Observer,
    stop: &'a Stop,
    state: Mutex<State>,
    /// Signalled when shards have been merged, or the pass has ended.
    merged: Condvar,
}

#[derive(Default)]
struct State {
    /// The shard to begin next.
    next: usize,
    /// Shards that are merged.
    merged: usize,
    total: WordCounter,
    /// Counts of shards before which others are still missing.
    waiting: BTreeMap<usize, WordCounter>,
    /// Why shards could not be counted.
    failures: BTreeMap<usize, String>,
    interrupted: bool,
}

impl Pass<'_> {
    /// What was counted; nothing if the run is to stop.
    fn run(self, workers: usize) -> Result<Option<WordCounts>, String> {
        thread::scope(|scope| {
            for _ in 0..workers.min(self.shards.len()) {
                scope.spawn(|| self.work());
            }
        });
        let state = self.state.into_inner();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        match state.failures.pop_first() {
            Some((_, reason)) => Err(reason),
            None if state.interrupted => Ok(None),
            None => Ok(Some(state.total.into_counts())),
        }
    }

    fn work(&self) {
        while let Some((index, source, file)) = self.take() {
            let counted = catch_unwind(AssertUnwindSafe(|| self.count(source, file)));
            let counted = counted.unwrap_or_else(|_| {
                Err(format!(
                    "{}: counting its words failed",
                    file.path.display()
                ))
            });
            self.put(index, counted);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next shard, once it is not too far ahead of those that are merged.
    fn take(&self) -> Option<(usize, &PlannedSource, &ShardFile)> {
        let mut state = self.lock();
        loop {
            if state.interrupted || !state.failures.is_empty() {
                return None;
            }
            let index = state.next;
            let (source, file) = *self.shards.get(index)?;
            if index < state.merged + self.ahead {
                state.next += 1;
                return Some((index, source, file));
            }
            let waited = self.merged.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, index: usize, counted: Result<Option<WordCounter>, String>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        match counted {
            Ok(Some(words)) => {
                state.waiting.insert(index, words);
                while let Some(words) = state.waiting.remove(&state.merged) {
                    state.total.merge(&words);
                    state.merged += 1;
                }
            }
            Ok(None) => state.interrupted = true,
            Err(reason) => drop(state.failures.insert(index, reason)),
        }
        drop(guard);
        self.merged.notify_all();
    }

    /// Counts the words of one shard; nothing if the run is to stop.
    fn count(
        &self,
        source: &PlannedSource,
        file: &ShardFile,
    ) -> Result<Option<WordCounter>, String> {
        let named = |error: arrow::error::ArrowError| format!("{}: {error}", file.path.display());
        let options = ReadOptions::default();
        let reader = ShardReader::open(file, &source.facts, &options).map_err(explain)?;
        let paths = source.facts.texts.paths.iter();
        let columns: BTreeSet<usize> = paths.map(TextPath::column).collect();
        let columns: Vec<usize> = columns.into_iter().collect();
        let mut reader = reader.only(&columns).map_err(named)?;
        let texts = RowTexts::resolve(source.config.text.as_slice(), &[], reader.schema())
            .map_err(|_| format!("{}: its columns have changed", file.path.display()))?;
        let texts = RowTextReader::of(&texts, 0);
        let (mut counter, mut segmenter) = (WordCounter::new(), Segmenter::default());
        while let Some((_, batch)) = reader.next_batch().map_err(explain)? {
            if self.stop.is_requested() {
                return Ok(None);
            }
            let texts = texts.read(&batch).map_err(named)?;
            let rows = batch.num_rows();
            for text in (0..rows).flat_map(|row| texts.of_row(row)) {
                counter.add(text, segmenter.segment(text).words);
            }
            self.observer.rows_counted(rows as u64);
        }
        Ok(Some(counter))
    }
}
