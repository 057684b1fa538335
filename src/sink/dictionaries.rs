//! Keeping dictionaries small enough for their keys.
//!
//! A column chunk has one dictionary for all its rows. A reader that gives the column back with
//! the keys it had needs that dictionary to fit them, so that a row group must end before it
//! outgrows narrow keys.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, SortField};

/// The distinct values, in the row group in progress, of the columns with 8-bit or 16-bit keys.
#[derive(Debug)]
pub(super) struct NarrowDictionaries(Vec<NarrowDictionary>);

#[derive(Debug)]
struct NarrowDictionary {
    column: usize,
    values: DataType,
    /// Values that the keys can tell apart.
    capacity: usize,
    seen: HashSet<OwnedRow>,
}

impl NarrowDictionaries {
    /// The columns of `schema` to watch: mostly none.
    pub(super) fn new(schema: &Schema) -> Self {
        let narrow = |(column, data_type): (usize, &DataType)| {
            let DataType::Dictionary(keys, values) = data_type else {
                return None;
            };
            let capacity = match keys.as_ref() {
                DataType::Int8 => 0x7f,
                DataType::UInt8 => 0xff,
                DataType::Int16 => 0x7fff,
                DataType::UInt16 => 0xffff,
                _ => return None,
            };
            let values = values.as_ref().clone();
            Some(NarrowDictionary {
                column,
                values,
                capacity,
                seen: HashSet::new(),
            })
        };
        let types = schema.fields().iter().map(|field| field.data_type());
        Self(types.enumerate().filter_map(narrow).collect())
    }

    /// Adds the values of `rows` up to the first row that does not fit the row group in progress,
    /// and answers which row that is; nothing if all fit.
    pub(super) fn add(&mut self, rows: &RecordBatch) -> Result<Option<usize>, ArrowError> {
        let mut end = None;
        for dictionary in &mut self.0 {
            let column = rows.column(dictionary.column);
            let column = column.slice(0, end.unwrap_or(column.len()));
            end = dictionary.add(&column)?.or(end);
        }
        Ok(end)
    }

    /// Begins a new row group.
    pub(super) fn clear(&mut self) {
        for dictionary in &mut self.0 {
            dictionary.seen.clear();
        }
    }
}

impl NarrowDictionary {
    fn add(&mut self, column: &ArrayRef) -> Result<Option<usize>, ArrowError> {
        let values = cast(column, &self.values)?;
        let converter = RowConverter::new(vec![SortField::new(self.values.clone())])?;
        let rows = converter.convert_columns(&[values])?;
        for (position, row) in rows.iter().enumerate() {
            let row = row.owned();
            if self.seen.contains(&row) || column.is_null(position) {
                continue;
            }
            if self.seen.len() == self.capacity {
                return Ok(Some(position));
            }
            self.seen.insert(row);
        }
        Ok(None)
    }
}
