//! How many bytes the values of rows have.

use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;

/// What a value that is no text counts: most have as many bytes, or fewer.
const PLAIN: usize = 8;

/// Bytes of the values of some rows of `batch`. They depend on the rows alone and not on the buffers
/// that these share with others, and those of neighbouring rows add up to those of both.
pub(crate) fn weight(batch: &RecordBatch, rows: Range<usize>) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| weight_of(column.as_ref(), rows.clone()))
        .fold(0, usize::saturating_add)
}

/// How many rows at the front of `batch`, one at least, are needed for `bytes`; nothing where all
/// of them together have fewer.
pub(crate) fn rows_with(batch: &RecordBatch, bytes: usize) -> Option<usize> {
    if batch.num_rows() == 0 || weight(batch, 0..batch.num_rows()) < bytes {
        return None;
    }
    // Fewer than `low` rows are not enough, and `high` are.
    let (mut low, mut high) = (1, batch.num_rows());
    while low < high {
        let middle = low.midpoint(high);
        if weight(batch, 0..middle) < bytes {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Some(low)
}

fn weight_of(column: &dyn Array, rows: Range<usize>) -> usize {
    let count = rows.len();
    match column.data_type() {
        DataType::Utf8 => between(column.as_string::<i32>().value_offsets(), &rows).len(),
        DataType::LargeUtf8 => between(column.as_string::<i64>().value_offsets(), &rows).len(),
        DataType::Binary => between(column.as_binary::<i32>().value_offsets(), &rows).len(),
        DataType::LargeBinary => between(column.as_binary::<i64>().value_offsets(), &rows).len(),
        DataType::Utf8View => lengths(column.as_string_view().views(), rows),
        DataType::BinaryView => lengths(column.as_binary_view().views(), rows),
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            weight_of(list.values(), between(list.value_offsets(), &rows))
        }
        DataType::LargeList(_) => {
            let list = column.as_list::<i64>();
            weight_of(list.values(), between(list.value_offsets(), &rows))
        }
        DataType::Map(..) => {
            let map = column.as_map();
            weight_of(map.entries(), between(map.value_offsets(), &rows))
        }
        DataType::Struct(_) => column
            .as_struct()
            .columns()
            .iter()
            .map(|field| weight_of(field.as_ref(), rows.clone()))
            .fold(0, usize::saturating_add),
        // A dictionary has its values once, and a value of fixed size is small.
        _ => count.saturating_mul(PLAIN),
    }
    .saturating_add(count)
}

/// Where the values of `rows` lie.
fn between<Offset: Copy + TryInto<usize>>(offsets: &[Offset], rows: &Range<usize>) -> Range<usize> {
    let at = |row: usize| -> usize {
        let offset = offsets.get(row).copied();
        offset
            .and_then(|offset| offset.try_into().ok())
            .unwrap_or_default()
    };
    at(rows.start)..at(rows.end)
}

/// The low half of a view is the length of its value.
fn lengths(views: &[u128], rows: Range<usize>) -> usize {
    let views = views.get(rows).unwrap_or_default();
    views
        .iter()
        .map(|view| (*view & 0xffff_ffff) as usize)
        .sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;
    use proptest::prelude::*;

    use super::*;

    fn batch(texts: &[String]) -> RecordBatch {
        let length = |text: &String| i64::try_from(text.len()).unwrap();
        let lists = texts
            .iter()
            .map(|text| Some(text.bytes().map(|byte| Some(i32::from(byte)))));
        let columns: [(&str, ArrayRef); 4] = [
            ("text", Arc::new(StringArray::from_iter_values(texts))),
            ("view", Arc::new(StringViewArray::from_iter_values(texts))),
            (
                "length",
                Arc::new(texts.iter().map(length).collect::<Int64Array>()),
            ),
            (
                "bytes",
                Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists)),
            ),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    proptest! {
        #[test]
        fn weights_add_up_wherever_rows_are_cut(
            texts in prop::collection::vec("[a-z]{0,40}", 1..20),
            cut: prop::sample::Index,
            wanted in 0_usize..4_000,
        ) {
            let batch = batch(&texts);
            let rows = batch.num_rows();
            let cut = cut.index(rows);
            let (front, back) = (batch.slice(0, cut), batch.slice(cut, rows - cut));
            let whole = weight(&batch, 0..rows);
            prop_assert_eq!(weight(&front, 0..cut) + weight(&back, 0..rows - cut), whole);
            prop_assert_eq!(weight(&batch, cut..rows), weight(&back, 0..rows - cut));
            match rows_with(&batch, wanted) {
                None => prop_assert!(whole < wanted),
                Some(enough) => {
                    prop_assert!(weight(&batch, 0..enough) >= wanted);
                    prop_assert!(enough == 1 || weight(&batch, 0..enough - 1) < wanted);
                }
            }
        }
    }
}
