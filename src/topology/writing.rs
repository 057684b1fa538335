//! Sinks: the batches of each shard are written in order, in a lane.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::commits::Arrival;
use super::merge::merge;
use super::wiring::Job;
use super::{BatchWriter, Finished, Run, ShardSink};
use crate::batch::Shard;

/// Writes what has come for the sink at `position`, and what has waited for it in its lane.
pub(super) fn work(run: Run<'_>, position: usize, job: Job) {
    let (Some(lanes), Some(node)) = (
        run.sink_lanes.get(position),
        run.topology.sinks.get(position),
    ) else {
        return;
    };
    lanes.advance(job, |writer, job| {
        let Some((_, first)) = job.first() else {
            return;
        };
        let shard = Arc::clone(&first.shard);
        if first.last {
            let output = finish(writer.take(), node.sink, &shard);
            run.commits.hand_over(Arrival {
                shard,
                sink: position,
                output,
                job,
            });
        } else {
            write(writer, node.sink, &shard, job);
        }
    });
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
