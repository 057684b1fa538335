//! A pass over all shards of some sources.
//!
//! All shards are counted, whatever part of them the run works on, each by one thread into a count of
//! its own. These are merged in the order of the shards, so that what is counted does not depend on
//! the number of threads. A shard is not begun before those far ahead of it are merged: memory is
//! bounded by the number of threads.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Counters;
use crate::plan::PlannedSource;
use crate::source::ShardFile;

/// Shards per thread that are begun and not merged yet, at most.
const AHEAD: usize = 2;

/// A count that adds up.
pub(super) trait Tally: Default + Send {
    /// Adds the count of another shard, which comes after those that are in this one.
    ///
    /// # Errors
    /// Why they are too many.
    fn merge(&mut self, other: &Self) -> Result<(), String>;
}

/// Counts in one shard; nothing if the run is to stop.
pub(super) type CountShard<'a, T> =
    &'a (dyn Fn(&PlannedSource, &ShardFile) -> Result<Option<T>, String> + Sync);

/// Counts in all `shards`: what was counted; nothing if the run is to stop.
///
/// # Errors
/// Why the first of the shards that cannot be counted cannot.
pub(super) fn run<T: Tally>(
    shards: &[(&PlannedSource, &ShardFile)],
    counters: Counters<'_>,
    count: CountShard<'_, T>,
) -> Result<Option<T>, String> {
    let workers = counters.workers.max(1);
    let pass = Pass {
        shards,
        ahead: workers * AHEAD,
        count,
        state: Mutex::new(State {
            next: 0,
            merged: 0,
            total: T::default(),
            waiting: BTreeMap::new(),
            failures: BTreeMap::new(),
            interrupted: false,
        }),
        merged: Condvar::new(),
    };
    thread::scope(|scope| {
        for _ in 0..workers.min(shards.len()) {
            scope.spawn(|| pass.work());
        }
    });
    let state = pass.state.into_inner();
    let mut state = state.unwrap_or_else(PoisonError::into_inner);
    match state.failures.pop_first() {
        Some((_, reason)) => Err(reason),
        None if state.interrupted => Ok(None),
        None => Ok(Some(state.total)),
    }
}

struct Pass<'a, T> {
    shards: &'a [(&'a PlannedSource, &'a ShardFile)],
    ahead: usize,
    count: CountShard<'a, T>,
    state: Mutex<State<T>>,
    /// Signalled when shards have been merged, or the pass has ended.
    merged: Condvar,
}

struct State<T> {
    /// The shard to begin next.
    next: usize,
    /// Shards that are merged.
    merged: usize,
    total: T,
    /// Counts of shards before which others are still missing.
    waiting: BTreeMap<usize, T>,
    /// Why shards could not be counted.
    failures: BTreeMap<usize, String>,
    interrupted: bool,
}

impl<T: Tally> Pass<'_, T> {
    fn work(&self) {
        while let Some((index, source, file)) = self.take() {
            let counted = catch_unwind(AssertUnwindSafe(|| (self.count)(source, file)));
            let counted = counted
                .unwrap_or_else(|_| Err(format!("{}: counting failed", file.path.display())));
            self.put(index, counted);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
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

    fn put(&self, index: usize, counted: Result<Option<T>, String>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        match counted {
            Ok(Some(count)) => {
                state.waiting.insert(index, count);
                while let Some(count) = state.waiting.remove(&state.merged) {
                    if let Err(reason) = state.total.merge(&count) {
                        state.failures.insert(state.merged, reason);
                    }
                    state.merged += 1;
                }
            }
            Ok(None) => state.interrupted = true,
            Err(reason) => drop(state.failures.insert(index, reason)),
        }
        drop(guard);
        self.merged.notify_all();
    }
}
