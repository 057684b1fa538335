//! Ordered fan-in: the batches of one sequence number become one, whatever order they came in.

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::error::ArrowError;

use super::wiring::Job;
use crate::batch::{Batch, Rows};

/// Merges the parts of `job`, which descend from the same source batch, by source row, then by the
/// order of the inputs, then by replica. `None` only if there is no part.
///
/// # Errors
/// When the result does not fit the offset type of a column.
pub(super) fn merge(job: Job) -> Result<Option<Batch>, ArrowError> {
    let mut parts: Vec<Batch> = job.into_iter().map(|(_, part)| part).collect();
    let full = parts.iter().filter(|part| !part.rows.is_empty()).count();
    let first_full = parts.iter().position(|part| !part.rows.is_empty());
    let only = first_full.unwrap_or(0);
    // Which part is empty depends on where batches are cut, so what is alone in one batch has to be
    // in the order that it would have beside others in a larger one.
    if parts.len() <= 1 || full == 0 || full == 1 && parts.get(only).is_none_or(is_sorted) {
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

/// Whether the rows of a batch are in the order of their source rows and then of replicas: a row that
/// was changed in place may have got the number of one before it.
fn is_sorted(batch: &Batch) -> bool {
    let rows = &batch.rows;
    rows.origin.iter().zip(&rows.replica).is_sorted()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};

    use super::*;
    use crate::batch::{Origins, Shard};

    /// A batch of two source rows, with a row for each origin and replica.
    fn batch(rows: &[(u32, u32)]) -> Batch {
        let numbers = Int64Array::from_iter_values(0..i64::try_from(rows.len()).unwrap());
        let column: arrow::array::ArrayRef = Arc::new(numbers);
        let origins = Arc::new(Origins::new("s", 0, 2, None));
        let mut of_rows = Rows::originals(origins, false).none();
        of_rows.origin = rows.iter().map(|(origin, _)| *origin).collect();
        of_rows.replica = rows.iter().map(|(_, replica)| *replica).collect();
        of_rows.changed = vec![crate::batch::OperatorSet::default(); rows.len()];
        Batch {
            records: RecordBatch::try_from_iter([("n", column)]).unwrap(),
            rows: of_rows,
            shard: Arc::new(Shard::new(0, "s", "s", 0)),
            seq: 0,
            last: false,
            ticket: None,
        }
    }

    fn order(parts: Vec<Batch>) -> Vec<(u32, u32)> {
        let merged = merge((0..).zip(parts).collect()).unwrap().unwrap().rows;
        merged.origin.into_iter().zip(merged.replica).collect()
    }

    #[test]
    fn the_order_does_not_depend_on_which_part_has_rows() {
        let unsorted = [(0, 1), (0, 2), (0, 1), (1, 1)];
        let sorted = [(0, 1), (0, 1), (0, 2), (1, 1)];
        assert_eq!(order(vec![batch(&[]), batch(&unsorted)]), sorted);
        let beside = order(vec![batch(&[(1, 7)]), batch(&unsorted)]);
        assert_eq!(beside, [(0, 1), (0, 1), (0, 2), (1, 7), (1, 1)]);
        // What is read alone is not merged, whatever the batch.
        assert_eq!(order(vec![batch(&unsorted)]), unsorted);
        assert!(merge(Vec::new()).unwrap().is_none());
        assert_eq!(order(vec![batch(&[]), batch(&[])]), []);
    }
}
