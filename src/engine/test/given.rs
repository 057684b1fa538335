//! The rows of a test as a source.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::error::ArrowError;

use crate::batch::{Origins, Rows, Shard};
use crate::plan::PlannedTest;
use crate::source::ids;
use crate::topology::{BatchReader, ShardSource};

/// Rows in a batch, where no operator asks for another number.
const BATCH_ROWS: usize = 4_096;

/// The rows that a test puts in: a shard that is called as the test is.
#[derive(Clone)]
pub(super) struct Given {
    records: RecordBatch,
    ids: Option<StringArray>,
    text: Option<ArrayRef>,
    batch_rows: usize,
}

impl Given {
    /// The rows of `test`, in batches of `batch_rows`, as in a run.
    pub(super) fn new(test: &PlannedTest, batch_rows: Option<usize>) -> Result<Self, ArrowError> {
        let records = test.input.clone();
        let ids = test.id.map(|column| ids(&records, column)).transpose()?;
        let texts = test.text.and_then(|column| records.columns().get(column));
        Ok(Self {
            text: texts.cloned(),
            ids,
            batch_rows: batch_rows.unwrap_or(BATCH_ROWS).max(1),
            records,
        })
    }
}

impl ShardSource for Given {
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchReader>, String> {
        Ok(Box::new(Reader {
            given: self.clone(),
            path: shard.path.clone(),
            next: 0,
        }))
    }
}

struct Reader {
    given: Given,
    path: String,
    next: usize,
}

impl BatchReader for Reader {
    fn next_batch(&mut self) -> Result<Option<(RecordBatch, Rows)>, String> {
        let (given, first) = (&self.given, self.next);
        let rows = given.batch_rows.min(given.records.num_rows() - first);
        if rows == 0 {
            return Ok(None);
        }
        self.next += rows;
        let ids = given.ids.as_ref().map(|ids| ids.slice(first, rows));
        let mut origins = Origins::new(&self.path, first as u64, rows, ids);
        origins.text = given.text.as_ref().map(|text| text.slice(first, rows));
        let records = given.records.slice(first, rows);
        Ok(Some((records, Rows::originals(Arc::new(origins), false))))
    }
}
