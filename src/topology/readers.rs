//! Reading: one batch of one shard at a time, by whichever worker is free.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::array::RecordBatch;

use super::intake::{Read, Reading};
use super::{Feed, Run, ShardOutcome, take_number};
use crate::batch::{Batch, Origins, Rows, Shard};

/// The next shard to read, if there is one and the run goes on.
pub(super) fn next_shard(run: Run<'_>, next: &AtomicU64) -> Option<Reading> {
    while !run.stop.is_requested() {
        let position = take_number(next);
        let (source, shard) = run.shards.get(position)?;
        run.topology.observer.shard_started(shard);
        if run.wiring.sinks_reached(*source) == 0 {
            run.finish(shard, position, ShardOutcome::Committed);
            continue;
        }
        run.commits.expect(shard.index, position, *source);
        return Some(Reading {
            source: *source,
            shard: Arc::clone(shard),
            reader: None,
            seq: 0,
        });
    }
    None
}

/// Reads one batch and sends it on its way; at the end of its shard, an empty last one.
pub(super) fn read(run: Run<'_>, next: &AtomicU64, read: Read) {
    let Read { mut from, ticket } = read;
    let found = next_batch(run, &mut from).unwrap_or_else(|message| {
        from.shard.fail(message);
        None
    });
    let last = found.is_none();
    let ticket = match (&found, &from.reader) {
        (Some((records, _)), Some(reader)) => run.intake.widened(ticket, reader.places(records)),
        _ => ticket,
    };
    let (records, rows) = found.unwrap_or_else(nothing);
    run.topology
        .observer
        .rows_read(&from.shard, rows.len() as u64);
    let batch = Batch {
        records,
        rows,
        shard: Arc::clone(&from.shard),
        seq: from.seq,
        last,
        ticket: Some(ticket),
    };
    run.wiring
        .send(from.source, Feed::Source(from.source), batch);
    if last {
        run.intake.close(next_shard(run, next));
    } else {
        from.seq += 1;
        run.intake.put_back(from);
    }
}

/// The next rows of a shard; nothing at its end, or where its rows lead nowhere any more.
fn next_batch(run: Run<'_>, from: &mut Reading) -> Result<Option<(RecordBatch, Rows)>, String> {
    let shard: &Shard = &from.shard;
    if shard.is_lost() {
        return Ok(None);
    }
    if run.stop.is_requested() {
        shard.abandon();
        return Ok(None);
    }
    guarded(|| {
        if from.reader.is_none() {
            let source = run.topology.sources.get(from.source);
            from.reader = source.map(|source| source.open(shard)).transpose()?;
        }
        from.reader
            .as_mut()
            .map_or(Ok(None), |reader| reader.next_batch())
    })
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
