//! Sinks: each shard has a lane in each sink, in which its batches are written in order by whichever
//! worker comes by, one at a time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::commits::Arrival;
use super::merge::merge;
use super::wiring::Job;
use super::{BatchWriter, Finished, Run, ShardSink};
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

/// Writes what has come for the sink at `position`, and what has waited for it in its lane.
pub(super) fn work(run: Run<'_>, position: usize, job: Job) {
    let (Some(lanes), Some(node), Some((_, first))) = (
        run.lanes.get(position),
        run.topology.sinks.get(position),
        job.first(),
    ) else {
        return;
    };
    let (shard, seq) = (Arc::clone(&first.shard), first.seq);
    let mut all = lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
    let lane = all.entry(shard.index).or_default();
    lane.pending.insert(seq, job);
    if lane.busy {
        return;
    }
    lane.busy = true;
    let mut writer = lane.writer.take();
    while let Some(job) = take_next(&mut all, shard.index) {
        drop(all);
        let last = job.first().is_some_and(|(_, batch)| batch.last);
        if last {
            let output = finish(writer.take(), node.sink, &shard);
            run.commits.hand_over(Arrival {
                shard: Arc::clone(&shard),
                sink: position,
                output,
                job,
            });
        } else {
            write(&mut writer, node.sink, &shard, job);
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

/// The job that comes next in the lane of `shard`, if it is there.
fn take_next(lanes: &mut BTreeMap<usize, Lane>, shard: usize) -> Option<Job> {
    let lane = lanes.get_mut(&shard)?;
    let job = lane.pending.remove(&lane.next)?;
    lane.next += 1;
    Some(job)
}

/// Writes one batch, opening the output first if this is the shard's first.
fn write(writer: &mut Option<Box<dyn BatchWriter>>, sink: &dyn ShardSink, shard: &Shard, job: Job) {
    if shard.is_lost() {
        *writer = None;
        return;
    }
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
    writer: Option<Box<dyn BatchWriter>>,
    sink: &dyn ShardSink,
    shard: &Shard,
) -> Option<Box<dyn Finished>> {
    if shard.is_lost() {
        return None;
    }
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
