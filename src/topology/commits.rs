//! Committing: when all sinks are through with a shard, its outputs are published.
//!
//! That means to wait for a device, so it has threads of its own: workers compute meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use super::wiring::Job;
use super::{Finished, Run, ShardOutcome};
use crate::batch::Shard;

/// A sink is through with a shard.
pub(super) struct Arrival {
    pub(super) shard: Arc<Shard>,
    /// Position of the sink.
    pub(super) sink: usize,
    /// What it made of the shard; nothing if the shard is lost.
    pub(super) output: Option<Box<dyn Finished>>,
    /// The last batches of the shard: the run is not over before their ticket is back.
    pub(super) job: Job,
}

/// The shards that are being read, and what the sinks have finished of them.
pub(super) struct Commits {
    pending: Mutex<BTreeMap<usize, Pending>>,
    arrivals: Mutex<Option<Sender<Arrival>>>,
}

struct Pending {
    /// Position of the shard in the run.
    position: usize,
    source: usize,
    arrived: usize,
    outputs: Vec<(usize, Box<dyn Finished>)>,
}

impl Commits {
    /// Arrivals go to the threads that [`work`] on the other end of `arrivals`, which must have
    /// room for every arrival of the batches in flight.
    pub(super) fn new(arrivals: Sender<Arrival>) -> Self {
        Self {
            pending: Mutex::default(),
            arrivals: Mutex::new(Some(arrivals)),
        }
    }

    /// The shard of this index begins to be read.
    pub(super) fn expect(&self, shard: usize, position: usize, source: usize) {
        let pending = Pending {
            position,
            source,
            arrived: 0,
            outputs: Vec::new(),
        };
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shard, pending);
    }

    /// The position of the source that a shard in flight comes from.
    pub(super) fn source_of(&self, shard: usize) -> usize {
        let all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&shard).map_or(0, |pending| pending.source)
    }

    /// Leaves what is to be done about a shard to the committing threads.
    pub(super) fn hand_over(&self, arrival: Arrival) {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arrivals) = &*arrivals {
            // There is room, and the threads wait until the run is over.
            let _ = arrivals.send(arrival);
        }
    }

    /// Lets the committing threads end.
    pub(super) fn close(&self) {
        self.arrivals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Takes note of an arrival. If it is the last of its shard: what was pending.
    fn arrive(&self, run: Run<'_>, arrival: &mut Arrival) -> Option<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = all.get_mut(&arrival.shard.index)?;
        pending.arrived += 1;
        let output = arrival.output.take();
        pending
            .outputs
            .extend(output.map(|output| (arrival.sink, output)));
        if pending.arrived < run.wiring.sinks_reached(pending.source) {
            return None;
        }
        all.remove(&arrival.shard.index)
    }
}

/// Commits shards until the run is over.
pub(super) fn work(run: Run<'_>, arrivals: &Receiver<Arrival>) {
    for mut arrival in arrivals {
        let Some(pending) = run.commits.arrive(run, &mut arrival) else {
            continue;
        };
        let shard = &arrival.shard;
        if !shard.is_lost()
            && let Err(message) = run.topology.commit.commit(shard, pending.outputs)
        {
            shard.fail(message);
        }
        let outcome = match shard.failure() {
            Some(message) => ShardOutcome::Failed(message.to_owned()),
            None if shard.is_lost() => ShardOutcome::Abandoned,
            None => ShardOutcome::Committed,
        };
        run.finish(shard, pending.position, outcome);
        // The ticket goes back only now.
        drop(arrival.job);
    }
}
