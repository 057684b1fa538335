//! Lanes: each shard has one in each place where its batches are taken in order, in which whichever
//! worker comes by does what is next, one batch at a time.
//!
//! What waits in a lane waits for batches of the same shard that were read before: they are in
//! flight already, and do not wait for any after them. So a lane cannot deadlock, whatever the
//! window.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::wiring::Job;

/// The lanes of one sink or stage, each with something of type `T` that lives as long as its shard
/// is in flight.
pub(super) struct Lanes<T>(Mutex<BTreeMap<usize, Lane<T>>>);

struct Lane<T> {
    next: u64,
    pending: BTreeMap<u64, Job>,
    kept: Option<T>,
    /// Whether a worker is at work in the lane: it will look for what has come meanwhile.
    busy: bool,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            next: 0,
            pending: BTreeMap::new(),
            kept: None,
            busy: false,
        }
    }
}

impl<T> Lanes<T> {
    /// Puts `job` into the lane of its shard, and does `work` on every job that is next there,
    /// unless another worker is at that. What `work` leaves in place is there for the next job of
    /// the shard; it goes with the last.
    pub(super) fn advance(&self, job: Job, mut work: impl FnMut(&mut Option<T>, Job)) {
        let Some((shard, seq)) = job.first().map(|(_, batch)| (batch.shard.index, batch.seq))
        else {
            return;
        };
        let mut all = self.lock();
        let lane = all.entry(shard).or_default();
        lane.pending.insert(seq, job);
        if lane.busy {
            return;
        }
        lane.busy = true;
        let mut kept = lane.kept.take();
        while let Some(job) = take_next(&mut all, shard) {
            drop(all);
            let last = job.first().is_some_and(|(_, batch)| batch.last);
            work(&mut kept, job);
            if last {
                kept = None;
            }
            all = self.lock();
            if last {
                all.remove(&shard);
            }
        }
        if let Some(lane) = all.get_mut(&shard) {
            lane.kept = kept;
            lane.busy = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Lane<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The job that comes next in the lane of `shard`, if it is there.
fn take_next<T>(lanes: &mut BTreeMap<usize, Lane<T>>, shard: usize) -> Option<Job> {
    let lane = lanes.get_mut(&shard)?;
    let job = lane.pending.remove(&lane.next)?;
    lane.next += 1;
    Some(job)
}
