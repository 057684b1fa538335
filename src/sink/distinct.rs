//! Which columns a dictionary cannot shorten.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};

/// The first rows of a file that are looked at.
pub(super) const SAMPLE_ROWS: usize = 1024;

/// The most bytes that they may have: larger rows are not kept waiting for each other.
pub(super) const SAMPLE_BYTES: usize = 4 << 20;

/// The names of the columns of `sample` in which no value occurs twice: identifiers, time stamps,
/// measurements. A dictionary of them would hold every value and an index to it. (If a column draws
/// from so few values that a dictionary pays, two of 1,024 rows are alike: with 100,000 values, in
/// 99 cases of 100.)
///
/// Columns with a null are left out, nested ones and dictionaries, and samples too small to tell.
pub(super) fn distinct_columns(sample: &RecordBatch) -> Vec<String> {
    if sample.num_rows() < SAMPLE_ROWS || bytes_of(sample) > SAMPLE_BYTES {
        return Vec::new();
    }
    let schema = sample.schema();
    let columns = schema.fields().iter().zip(sample.columns());
    columns
        .filter(|(field, column)| {
            let is_plain = !field.data_type().is_nested()
                && !matches!(field.data_type(), DataType::Dictionary(..));
            is_plain && column.null_count() == 0 && is_distinct(column)
        })
        .map(|(field, _)| field.name().clone())
        .collect()
}

/// Bytes of the values of `batch`. They depend on its rows and not on the buffers that it shares with
/// other batches; where these could not be told apart, the answer is that there are too many.
pub(super) fn bytes_of(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Utf8View => lengths(column.as_string_view().views()),
            DataType::BinaryView => lengths(column.as_binary_view().views()),
            DataType::Dictionary(..) => column.len() * size_of::<u64>(),
            other if has_shared_values(other) => usize::MAX,
            _ => {
                let size = column.to_data().get_slice_memory_size();
                size.unwrap_or(usize::MAX)
            }
        })
        .fold(0, usize::saturating_add)
}

/// The low half of a view is the length of its value.
fn lengths(views: &[u128]) -> usize {
    views
        .iter()
        .map(|view| (*view & 0xffff_ffff) as usize)
        .sum()
}

/// Whether values of a nested type may lie in buffers of any size.
fn has_shared_values(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::Dictionary(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::RunEndEncoded(..)
        | DataType::Union(..) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_shared_values(item.data_type()),
        DataType::Struct(fields) => fields
            .iter()
            .any(|field| has_shared_values(field.data_type())),
        _ => false,
    }
}

fn is_distinct(column: &ArrayRef) -> bool {
    let rows = RowConverter::new(vec![SortField::new(column.data_type().clone())])
        .and_then(|converter| converter.convert_columns(&[Arc::clone(column)]));
    // A type that has no row form is left to the encoder.
    rows.is_ok_and(|rows| {
        let mut seen = HashSet::with_capacity(rows.num_rows());
        rows.iter().all(|row| seen.insert(row))
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray, UInt32Array,
    };
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn columns_that_repeat_nothing_are_found() {
        let rows = 0..i64::try_from(SAMPLE_ROWS).unwrap();
        let texts: StringArray = rows.clone().map(|row| Some(format!("row {row}"))).collect();
        let keys: DictionaryArray<Int32Type> = rows.clone().map(|_| Some("same")).collect();
        let gaps: UInt32Array = rows
            .clone()
            .map(|row| u32::try_from(row).ok().filter(|row| *row != 7))
            .collect();
        let once: Int64Array = rows
            .clone()
            .map(|row| if row == 9 { 8 } else { row })
            .collect::<Vec<_>>()
            .into();
        let columns: [(&str, ArrayRef); 6] = [
            ("id", Arc::new(Int64Array::from_iter_values(rows.clone()))),
            ("text", Arc::new(texts)),
            (
                "label",
                Arc::new(
                    rows.clone()
                        .map(|row| i32::try_from(row % 3).unwrap())
                        .collect::<Int32Array>(),
                ),
            ),
            (
                "score",
                Arc::new(
                    rows.map(|row| Some(f64::from(i32::try_from(row).unwrap()) / 3.0))
                        .collect::<Float64Array>(),
                ),
            ),
            ("gaps", Arc::new(gaps)),
            ("once", Arc::new(once)),
        ];
        let mut batch = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(distinct_columns(&batch), ["id", "text", "score"]);
        assert_eq!(distinct_columns(&batch.slice(0, SAMPLE_ROWS - 1)), [""; 0]);
        batch = RecordBatch::try_from_iter([("keys", Arc::new(keys) as ArrayRef)]).unwrap();
        assert_eq!(distinct_columns(&batch), [""; 0]);
    }

    #[test]
    fn large_rows_are_not_looked_at() {
        let long = "x".repeat(SAMPLE_BYTES / SAMPLE_ROWS);
        let texts: StringArray = (0..SAMPLE_ROWS)
            .map(|row| Some(format!("{row}{long}")))
            .collect();
        let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).unwrap();
        assert_eq!(distinct_columns(&batch), [""; 0]);
    }
}
