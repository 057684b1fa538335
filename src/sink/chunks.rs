//! Cutting rows anew, so that what the encoder sees does not depend on how they arrived.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;

use crate::source::{rows_with, weight};

/// Rows that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    batches: VecDeque<RecordBatch>,
    rows: usize,
    /// What the rows weigh.
    bytes: usize,
}

impl Chunks {
    /// Adds rows at the end.
    pub(super) fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.bytes += weight(&batch, 0..batch.num_rows());
        self.batches.push_back(batch);
    }

    /// How many rows there are in the next chunk of `rows` rows, or of as many as it takes to have
    /// `bytes`; nothing if it is not complete. That depends on the rows alone.
    pub(super) fn complete(&self, rows: usize, bytes: usize) -> Option<usize> {
        if self.bytes >= bytes {
            let (mut before, mut missing) = (0, bytes);
            for batch in &self.batches {
                if before >= rows {
                    break;
                }
                if let Some(enough) = rows_with(batch, missing) {
                    return Some(rows.min(before + enough));
                }
                before += batch.num_rows();
                missing -= weight(batch, 0..batch.num_rows());
            }
        }
        (self.rows >= rows).then_some(rows)
    }

    /// Number of rows that wait.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The first `rows` rows, or all if there are fewer; nothing where there is none.
    pub(super) fn peek(&self, rows: usize) -> Result<Option<RecordBatch>, ArrowError> {
        let mut parts = Vec::new();
        let mut missing = rows;
        for batch in &self.batches {
            let used = missing.min(batch.num_rows());
            parts.push(batch.slice(0, used));
            missing -= used;
            if missing == 0 {
                break;
            }
        }
        match parts.len() {
            0 | 1 => Ok(parts.pop()),
            _ => join(&parts).map(Some),
        }
    }

    /// Takes the first `rows` rows, or all if there are fewer. They are copied only if they came
    /// in more than one batch.
    pub(super) fn take(&mut self, rows: usize) -> Result<Option<RecordBatch>, ArrowError> {
        let mut parts = Vec::new();
        let mut missing = rows;
        while missing > 0
            && let Some(batch) = self.batches.pop_front()
        {
            let used = missing.min(batch.num_rows());
            if used < batch.num_rows() {
                self.batches
                    .push_front(batch.slice(used, batch.num_rows() - used));
            }
            if used > 0 {
                parts.push(batch.slice(0, used));
            }
            missing -= used;
            self.rows -= used;
            self.bytes -= weight(&batch, 0..used);
        }
        match parts.len() {
            0 | 1 => Ok(parts.pop()),
            _ => join(&parts).map(Some),
        }
    }
}

/// The rows of all `parts`, which have one schema, in one batch.
fn join(parts: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let Some(schema) = parts.first().map(RecordBatch::schema) else {
        return Err(ArrowError::ComputeError(
            "there is nothing to join".to_owned(),
        ));
    };
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (position, field) in schema.fields().iter().enumerate() {
        let arrays: Vec<&ArrayRef> = parts.iter().map(|part| part.column(position)).collect();
        let column = join_column(&arrays)?;
        fields.push(if column.data_type() == field.data_type() {
            Arc::clone(field)
        } else {
            Arc::new(
                field
                    .as_ref()
                    .clone()
                    .with_data_type(column.data_type().clone()),
            )
        });
        columns.push(column);
    }
    let rows = parts.iter().map(RecordBatch::num_rows).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The arrays one after the other. Dictionaries that together have more values than their keys
/// can tell apart are replaced by their values: the file is encoded from those either way.
fn join_column(arrays: &[&ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let all: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let error = match concat(&all) {
        Ok(joined) => return Ok(joined),
        Err(error) => error,
    };
    let Some(first) = arrays.first() else {
        return Err(error);
    };
    let flat = without_dictionaries(first.data_type());
    if flat == *first.data_type() {
        return Err(error);
    }
    let values = arrays
        .iter()
        .map(|array| cast(array, &flat))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    let all: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
    concat(&all)
}

/// The type with each dictionary replaced by the type of its values.
fn without_dictionaries(data_type: &DataType) -> DataType {
    fn flat(field: &Arc<Field>) -> Arc<Field> {
        let data_type = without_dictionaries(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(data_type))
    }
    match data_type {
        DataType::Dictionary(_, values) => without_dictionaries(values),
        DataType::List(item) => DataType::List(flat(item)),
        DataType::LargeList(item) => DataType::LargeList(flat(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(flat(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(flat).collect::<Fields>()),
        DataType::Map(entries, sorted) => DataType::Map(flat(entries), *sorted),
        other => other.clone(),
    }
}
