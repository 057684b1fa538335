//! Reader threads: each takes the next shard and reads it to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::array::RecordBatch;

use super::{BatchReader, Feed, Run, ShardOutcome, take_number};
use crate::batch::{Batch, Origins, Rows, Shard};

/// Reads shards until there is none left or the run is to stop.
pub(super) fn work(run: Run<'_>, next: &AtomicU64) {
    while !run.stop.is_requested() {
        let position = take_number(next);
        let Some((source, shard)) = run.shards.get(position) else {
            return;
        };
        run.topology.observer.shard_started(shard);
        if run.wiring.sinks_reached(*source) == 0 {
            run.finish(shard, position, ShardOutcome::Committed);
            continue;
        }
        run.commits.expect(shard.index, position, *source);
        read(run, *source, shard);
    }
}

/// Sends the batches of one shard, and always, after them, an empty last one.
fn read(run: Run<'_>, source: usize, shard: &Arc<Shard>) {
    let mut reader: Option<Box<dyn BatchReader>> = None;
    let mut seq = 0;
    loop {
        let ticket = run.window.enter();
        let read = if shard.is_lost() {
            Ok(None)
        } else if run.stop.is_requested() {
            shard.abandon();
            Ok(None)
        } else {
            let _permit = run.permits.acquire();
            guarded(|| {
                if reader.is_none() {
                    let opened = run
                        .topology
                        .sources
                        .get(source)
                        .map(|source| source.open(shard));
                    reader = opened.transpose()?;
                }
                reader
                    .as_mut()
                    .map_or(Ok(None), |reader| reader.next_batch())
            })
        };
        let read = read.unwrap_or_else(|message| {
            shard.fail(message);
            None
        });
        let last = read.is_none();
        let (records, rows) = read.unwrap_or_else(nothing);
        run.topology.observer.rows_read(shard, rows.len() as u64);
        let shard = Arc::clone(shard);
        let batch = Batch {
            records,
            rows,
            shard,
            seq,
            last,
            ticket: Some(ticket),
        };
        run.wiring.send(source, Feed::Source(source), &batch);
        if last {
            return;
        }
        seq += 1;
    }
}

/// No rows at all. The schema does not matter: nobody looks at the columns of an empty batch.
fn nothing() -> (RecordBatch, Rows) {
    let records = RecordBatch::new_empty(arrow::datatypes::Schema::empty().into());
    let origins = Origins::new("", 0, 0, None);
    (records, Rows::originals(Arc::new(origins), false))
}

/// Runs `read`; a panic in it (a decoder met something it did not expect) is an error like others.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let message = super::stage::panic_message(&*panic);
        Err(format!(
            "the reader panicked: {message}. This is a bug: please report it"
        ))
    })
}
