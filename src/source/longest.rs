//! How many rows a batch may have where values are far longer than they are on average.
//!
//! A dictionary holds a value once, however often it occurs: a file of one megabyte may say that a text
//! of one megabyte stands in every one of a million rows.

use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::footer::guarded;
use super::header::Kind;
use super::limits::{DELTA_ROWS, WORST_BATCH_BYTES};
use super::pages::{Pages, start_of};

/// Dictionaries up to this size are not looked into: a batch of the usual number of rows stays small.
const SMALL: u64 = 4 << 10;

/// Rows in a batch of the row group, at most.
pub(super) fn batch_rows(
    pages: &Pages,
    group: &RowGroupMetaData,
    projection: &ProjectionMask,
) -> Result<usize, String> {
    let mut most = usize::MAX;
    let columns = group.columns().iter().enumerate();
    let columns = columns.filter(|(leaf, column)| {
        projection.leaf_included(*leaf) && column.column_type() == Type::BYTE_ARRAY
    });
    for (_, column) in columns {
        if column
            .encodings()
            .any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY)
        {
            most = most.min(DELTA_ROWS);
        }
        if let Some(longest) = longest(pages, column)? {
            // Where a row has several values, each may be the longest.
            let rows = u64::try_from(group.num_rows()).unwrap_or_default().max(1);
            let values = u64::try_from(column.num_values()).unwrap_or_default();
            let bytes = longest.max(1).saturating_mul(values.div_ceil(rows).max(1));
            let rows = usize::try_from(WORST_BATCH_BYTES / bytes).unwrap_or(usize::MAX);
            most = most.min(rows.max(1));
        }
    }
    Ok(most)
}

/// The length of the longest value in the dictionary of a column, if it has one that is worth a look.
fn longest(pages: &Pages, column: &ColumnChunkMetaData) -> Result<Option<u64>, String> {
    if column.compressed_size() <= 0 || column.num_values() <= 0 {
        return Ok(None);
    }
    // What is wrong with the page is found when it is read.
    let Ok(header) = pages.header(start_of(column)) else {
        return Ok(None);
    };
    if header.kind != Kind::Dictionary || header.decompressed <= SMALL {
        return Ok(None);
    }
    let dictionary = guarded(|| {
        SerializedPageReader::new(Arc::new(pages.clone()), column, usize::MAX, None)?
            .get_next_page()
    })?;
    Ok(dictionary.map(|page| match page {
        Page::DictionaryPage { buf, .. } => longest_in(&buf),
        _ => 0,
    }))
}

/// The length of the longest of texts that stand one after the other, each after its length.
fn longest_in(mut texts: &[u8]) -> u64 {
    let mut longest = 0;
    while let Some((length, rest)) = texts.split_first_chunk() {
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length).min(rest.len() as u64));
        texts = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(length..))
            .unwrap_or_default();
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_counts() {
        assert_eq!(longest_in(b"\x02\0\0\0ab\x03\0\0\0abc\x01\0\0\0a"), 3);
        assert_eq!(longest_in(b"\x02\0\0\0ab\xff\xff\xff\xffa"), 2);
        assert_eq!(longest_in(b""), 0);
    }
}
