//! Sink workers: each shard has a lane in each sink, in which its batches are written in order by
//! whichever worker comes by, one at a time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Receiver;

use super::merge::merge;
use super::wiring::Job;
use super::{BatchWriter, Finished, Run, ShardOutcome, ShardSink};
use crate::batch::Shard;

/// The open outputs of one sink.
#[derive(Default)]
pub(super) struct Lanes(Mutex<BTreeMap<usize, Lane>>);

#[derive(Default)]
struct Lane {
    next: u64,
    pending: BTreeMap<u64, Job>,
    writer: Option<Box<dyn BatchWriter>>,
    /// Whether a worker is writing in the lane: it will look for what has come meanwhile.
    busy: bool,
}

/// Works on the jobs of the sink at `position` until there are no more.
pub(super) fn work(run: Run<'_>, position: usize, jobs: &Receiver<Job>) {
    let (Some(lanes), Some(node)) = (run.lanes.get(position), run.topology.sinks.get(position))
    else {
        return;
    };
    for job in jobs {
        let Some(shard) = job.first().map(|batch| Arc::clone(&batch.shard)) else {
            continue;
        };
        let mut all = lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = all.entry(shard.index).or_default();
        if let Some(seq) = job.first().map(|batch| batch.seq) {
            lane.pending.insert(seq, job);
        }
        if lane.busy {
            continue;
        }
        lane.busy = true;
        let mut writer = lane.writer.take();
        while let Some(job) = take_next(&mut all, shard.index) {
            drop(all);
            let last = job.first().is_some_and(|batch| batch.last);
            if last {
                // The ticket stays with `job` until the shard is committed: the run is not over
                // before.
                let finished = finish(run, writer.take(), node.sink, &shard);
                run.commits.arrive(run, &shard, position, finished);
            } else {
                write(run, &mut writer, node.sink, &shard, job);
            }
            all = lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last {
                all.remove(&shard.index);
            }
        }
        if let Some(lane) = all.get_mut(&shard.index) {
            lane.writer = writer;
            lane.busy = false;
        }
    }
}

/// The job that comes next in the lane of `shard`, if it is there.
fn take_next(lanes: &mut BTreeMap<usize, Lane>, shard: usize) -> Option<Job> {
    let lane = lanes.get_mut(&shard)?;
    let job = lane.pending.remove(&lane.next)?;
    lane.next += 1;
    Some(job)
}

/// Writes one batch, opening the output first if this is the shard's first.
fn write(
    run: Run<'_>,
    writer: &mut Option<Box<dyn BatchWriter>>,
    sink: &dyn ShardSink,
    shard: &Shard,
    job: Job,
) {
    if shard.is_lost() {
        *writer = None;
        return;
    }
    let _permit = run.permits.acquire();
    let written = guarded(|| {
        let Some(batch) = merge(job).map_err(|error| format!("fan-in: {error}"))? else {
            return Ok(());
        };
        let open = match writer {
            Some(open) => open,
            None => writer.insert(sink.open(shard)?),
        };
        if batch.rows.is_empty() {
            Ok(())
        } else {
            open.write(&batch)
        }
    });
    if let Err(message) = written {
        shard.fail(message);
        *writer = None;
    }
}

/// Completes the output of a shard, unless the shard is lost.
fn finish(
    run: Run<'_>,
    writer: Option<Box<dyn BatchWriter>>,
    sink: &dyn ShardSink,
    shard: &Shard,
) -> Option<Box<dyn Finished>> {
    if shard.is_lost() {
        return None;
    }
    let _permit = run.permits.acquire();
    let finished = guarded(|| match writer {
        Some(writer) => writer.finish(),
        None => sink.open(shard)?.finish(),
    });
    finished.map_err(|message| shard.fail(message)).ok()
}

fn guarded<T>(write: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|panic| {
        let message = super::stage::panic_message(&*panic);
        Err(format!(
            "the writer panicked: {message}. This is a bug: please report it"
        ))
    })
}

/// The shards that are being read, and what the sinks have finished of them.
#[derive(Default)]
pub(super) struct Commits(Mutex<BTreeMap<usize, Pending>>);

struct Pending {
    /// Position of the shard in the run.
    position: usize,
    source: usize,
    arrived: usize,
    outputs: Vec<(usize, Box<dyn Finished>)>,
}

impl Commits {
    /// A reader begins with the shard of this index.
    pub(super) fn expect(&self, shard: usize, position: usize, source: usize) {
        let pending = Pending {
            position,
            source,
            arrived: 0,
            outputs: Vec::new(),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shard, pending);
    }

    /// The position of the source that a shard in flight comes from.
    pub(super) fn source_of(&self, shard: usize) -> usize {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&shard).map_or(0, |pending| pending.source)
    }

    /// A sink is through with a shard. The last sink to say so commits it.
    fn arrive(
        &self,
        run: Run<'_>,
        shard: &Arc<Shard>,
        sink: usize,
        output: Option<Box<dyn Finished>>,
    ) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pending) = all.get_mut(&shard.index) else {
            return;
        };
        pending.arrived += 1;
        pending.outputs.extend(output.map(|output| (sink, output)));
        if pending.arrived < run.wiring.sinks_reached(pending.source) {
            return;
        }
        let Some(pending) = all.remove(&shard.index) else {
            return;
        };
        drop(all);
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
    }
}
