//! Ordered fan-in: the batches of one sequence number become one, whatever order they came in.

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::error::ArrowError;

use super::wiring::Job;
use crate::batch::{Batch, Rows};

/// Merges the parts of `job`, which descend from the same source batch, by source row, then by the order of
/// the inputs, then by replica. `None` only if there is no part.
///
/// # Errors
/// When the result does not fit the offset type of a column.
pub(super) fn merge(job: Job) -> Result<Option<Batch>, ArrowError> {
    let mut parts: Vec<Batch> = job.into_iter().map(|(_, part)| part).collect();
    let full = parts.iter().filter(|part| !part.rows.is_empty()).count();
    if full <= 1 {
        let only = parts
            .iter()
            .position(|part| !part.rows.is_empty())
            .unwrap_or(0);
        return Ok((!parts.is_empty()).then(|| parts.swap_remove(only)));
    }
    let mut picks: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, batch)| (0..batch.rows.len()).map(move |row| (part, row)))
        .collect();
    let place = |&(part, row): &(usize, usize)| {
        let rows = parts.get(part).map(|batch| &batch.rows);
        let origin = rows.and_then(|rows| rows.origin.get(row)).copied();
        let replica = rows.and_then(|rows| rows.replica.get(row)).copied();
        (origin, part, replica)
    };
    // The parts are sorted already, so this is a merge of runs, which the stable sort notices.
    picks.sort_by_key(place);
    let records: Vec<&RecordBatch> = parts.iter().map(|part| &part.records).collect();
    let records = interleave_record_batch(&records, &picks)?;
    let rows: Vec<&Rows> = parts.iter().map(|part| &part.rows).collect();
    let rows = Rows::interleave(&rows, &picks);
    Ok(parts.first().map(|first| first.replaced(records, rows)))
}
