//! What rows are kept together by: their identity, or the value of a column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;

use super::neighbours::missing_column;
use crate::batch::Batch;
use crate::prelude::Problem;
use crate::random::hash_bytes;

/// Tells the hash of a value from that of an identity.
const VALUES: u64 = 0x0067_726f_7570;

/// The keys by which the rows of a batch are drawn: rows of one key share their lot.
pub(super) enum GroupKeys<'a> {
    /// The identity of the source row: an original and its variants.
    Identity(&'a Batch),
    /// The values of a column, as text; rows without a value go by their identity.
    Values(&'a Batch, ArrayRef),
}

impl<'a> GroupKeys<'a> {
    /// The keys of `batch` by the column `by`, if one is named.
    ///
    /// # Errors
    /// When the column cannot be read as text, which [`check`] finds when the plan is made.
    pub(super) fn new(batch: &'a Batch, by: Option<&str>) -> Result<Self, ArrowError> {
        let Some(column) = by.and_then(|name| batch.records.column_by_name(name)) else {
            return Ok(Self::Identity(batch));
        };
        let values = cast(column, &DataType::LargeUtf8)?;
        Ok(Self::Values(batch, Arc::clone(&values)))
    }

    /// The key of a row.
    pub(super) fn key(&self, row: usize) -> u64 {
        match self {
            Self::Values(_, values) if values.is_valid(row) => {
                hash_bytes(VALUES, values.as_string::<i64>().value(row).as_bytes())
            }
            Self::Identity(batch) | Self::Values(batch, _) => batch.rows.key(row),
        }
    }
}

/// What is wrong with the column that the option `by` names.
pub(super) fn check(by: Option<&str>, schema: &Schema) -> Option<Problem> {
    let name = by?;
    let Some((_, field)) = schema.column_with_name(name) else {
        return missing_column("by", name, schema);
    };
    let data_type = field.data_type();
    if is_scalar(data_type) {
        return None;
    }
    Some(Problem::new(
        "by",
        format!("column `{name}` is {data_type}: rows cannot be grouped by it"),
        "name a column of texts, numbers, dates or booleans",
    ))
}

fn is_scalar(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_scalar(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean => true,
        other => other.is_numeric() || other.is_temporal(),
    }
}
