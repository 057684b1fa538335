//! Batches of about the size that is wanted, where some rows are much larger than others.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;

use super::weight::{rows_with, weight};

/// Rows decoded at once, at most, where a row group is large. The footer of a file says how large
/// rows are on average, which says nothing of those that lie side by side.
const UNIT_ROWS: usize = 512;

/// How a row group is decoded: in units, which are joined to batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Rows in a unit.
    pub(super) rows: usize,
    /// Units in a batch, at most.
    per_batch: usize,
    /// Bytes in a batch, roughly at most.
    batch_bytes: usize,
}

impl Units {
    /// Units of a row group of `group_bytes`, for batches of `batch_rows` rows. Dictionaries are
    /// not joined: each would be made anew.
    pub(super) fn new(
        schema: &Schema,
        group_bytes: usize,
        batch_rows: usize,
        batch_bytes: usize,
    ) -> Self {
        let joined = schema
            .fields()
            .iter()
            .all(|field| !has_dictionary(field.data_type()));
        let per_batch = if joined && group_bytes > batch_bytes.saturating_mul(2) {
            batch_rows.div_ceil(UNIT_ROWS).max(1)
        } else {
            1
        };
        Self {
            rows: batch_rows.div_ceil(per_batch).max(1),
            per_batch,
            batch_bytes,
        }
    }

    /// The next batches, from the units that `next` gives: none at the end of the row group. They
    /// are several where the rows turn out to be large.
    pub(super) fn batches(
        self,
        mut next: impl FnMut() -> Result<Option<RecordBatch>, String>,
    ) -> Result<VecDeque<RecordBatch>, String> {
        let mut units = Vec::with_capacity(self.per_batch);
        let mut bytes = 0_usize;
        while units.len() < self.per_batch && bytes < self.batch_bytes {
            let Some(unit) = next()? else {
                break;
            };
            if unit.num_rows() == 0 {
                continue;
            }
            bytes = bytes.saturating_add(weight(&unit, 0..unit.num_rows()));
            units.push(unit);
        }
        let joined = join(units).map_err(|error| error.to_string())?;
        let mut batches = VecDeque::new();
        let Some(mut rest) = joined else {
            return Ok(batches);
        };
        if bytes > self.batch_bytes.saturating_mul(2) {
            while let Some(rows) = rows_with(&rest, self.batch_bytes) {
                batches.push_back(rest.slice(0, rows));
                rest = rest.slice(rows, rest.num_rows() - rows);
            }
        }
        if rest.num_rows() > 0 {
            batches.push_back(rest);
        }
        Ok(batches)
    }
}

fn join(mut units: Vec<RecordBatch>) -> Result<Option<RecordBatch>, ArrowError> {
    match units.as_slice() {
        [] | [_] => Ok(units.pop()),
        [first, ..] => concat_batches(&first.schema(), &units).map(Some),
    }
}

fn has_dictionary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(..) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_dictionary(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_dictionary(field.data_type())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, StringArray};

    use super::*;

    fn batch(lengths: &[usize]) -> RecordBatch {
        let texts = lengths.iter().map(|length| "x".repeat(*length));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        RecordBatch::try_from_iter([("text", texts)]).unwrap()
    }

    #[test]
    fn large_rows_are_cut_apart_and_small_ones_joined() {
        let schema = batch(&[1]).schema();
        let units = Units::new(&schema, 1 << 30, 2_048, 1_000);
        assert_eq!((units.rows, units.per_batch), (512, 4));
        let mut given = vec![
            batch(&[1; 100]),
            batch(&[5_000, 10, 10, 700, 700, 3]),
            batch(&[1]),
        ]
        .into_iter();
        let mut batches = units.batches(|| Ok(given.next())).unwrap();
        let mut rest = units.batches(|| Ok(given.next())).unwrap();
        batches.append(&mut rest);
        let lengths: Vec<Vec<usize>> = batches
            .iter()
            .map(|batch| {
                let texts = batch.column(0).as_string::<i32>();
                texts.iter().map(|text| text.unwrap().len()).collect()
            })
            .collect();
        let mut first = vec![1; 100];
        first.push(5_000);
        assert_eq!(
            lengths,
            [first, vec![10, 10, 700, 700], vec![3], vec![1]],
            "no batch has more than a row beyond the bound"
        );
    }

    #[test]
    fn small_row_groups_are_decoded_as_before() {
        let schema = batch(&[1]).schema();
        assert_eq!(Units::new(&schema, 1_000, 4_096, 1_000).rows, 4_096);
        assert_eq!(Units::new(&schema, 1 << 30, 300, 1_000).rows, 300);
    }
}
