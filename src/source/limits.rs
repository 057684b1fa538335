//! How large the parts of a file may be. A file that passes a bound is refused, so that what it claims
//! cannot take more memory than a run has.

use std::io;

use arrow::datatypes::{DataType, Schema};

use super::compact::{BINARY, Compact, I64, LIST, STRUCT, expect, malformed};

/// Bytes of a page when decompressed, and so of a single value: 256 MiB.
pub(super) const PAGE_BYTES: u64 = 256 << 20;

/// Values of a page, nulls among them.
pub(super) const PAGE_VALUES: u64 = 64 << 20;

/// Bytes of a page in which values are written as what they add to the value before
/// (`DELTA_BYTE_ARRAY`): every value may be as long as the page.
pub(super) const DELTA_PAGE_BYTES: u64 = 16 << 20;

/// Rows of a batch in which such a column is read.
pub(super) const DELTA_ROWS: usize = 64;

/// Bytes that are decompressed for one batch: a bound for all columns, and for each of them.
pub(super) const BATCH_BYTES: u64 = 1 << 30;
pub(super) const BATCH_BYTES_OF_COLUMN: u64 = 2 << 20;

/// Bytes of a batch, at most, should all its rows be as large as the largest.
pub(super) const WORST_BATCH_BYTES: u64 = 64 << 20;

/// Bytes of a page's header.
pub(super) const HEADER_BYTES: u64 = 16 << 20;

/// Bytes that a value takes even where it is null.
const NULL_BYTES: u64 = 16 << 20;

/// How deep columns may be nested.
const DEPTH: usize = 32;

/// The fields of a footer, and of a column in it, as parquet.thrift numbers them.
const FOOTER: &[(i64, u8)] = &[
    (1, I64),
    (COLUMNS, LIST),
    (3, I64),
    (4, LIST),
    (5, LIST),
    (6, BINARY),
    (7, LIST),
    (ENCRYPTION, STRUCT),
    (9, BINARY),
];
const COLUMN: &[(i64, u8)] = &[
    (1, I64),
    (2, I64),
    (3, I64),
    (4, BINARY),
    (CHILDREN, I64),
    (6, I64),
    (7, I64),
    (8, I64),
    (9, I64),
    (10, STRUCT),
];
const COLUMNS: i64 = 2;
const CHILDREN: i64 = 5;
const ENCRYPTION: i64 = 8;

/// Looks at a footer before the decoder does: it follows the nesting of columns by calling itself.
/// Answers whether columns of the file are encrypted.
///
/// # Errors
/// When columns are nested too deeply, or the footer is none.
pub(super) fn check_footer(footer: &[u8]) -> Result<bool, String> {
    let (depth, encrypted) = depth(footer).map_err(|error| error.to_string())?;
    if depth > DEPTH {
        return Err(format!(
            "its columns are nested {depth} deep, and may be {DEPTH}"
        ));
    }
    Ok(encrypted)
}

/// How deep the columns of a footer are nested, and whether it says how they are encrypted.
fn depth(footer: &[u8]) -> io::Result<(usize, bool)> {
    let (mut deepest, mut encrypted) = (0, false);
    let mut compact = Compact::new(footer, footer.len() as u64);
    let mut before = 0;
    while let Some(field) = compact.field(before)? {
        before = field.id;
        expect(field, FOOTER)?;
        encrypted |= field.id == ENCRYPTION;
        if field.id != COLUMNS {
            compact.skip(field.kind)?;
            continue;
        }
        let (item, length) = compact.list()?;
        if item != STRUCT {
            return Err(malformed("its columns are no structs"));
        }
        deepest = deepest.max(depth_of_list(&mut compact, length)?);
    }
    Ok((deepest, encrypted))
}

fn depth_of_list(compact: &mut Compact<&[u8]>, length: u64) -> io::Result<usize> {
    // Columns still to come in each group around the current one.
    let mut open: Vec<i64> = Vec::new();
    let mut deepest = 0;
    for left in (0..length).rev() {
        while open.last().is_some_and(|missing| *missing <= 0) {
            open.pop();
        }
        if let Some(missing) = open.last_mut() {
            *missing -= 1;
        }
        let children = children(compact)?;
        // The decoder makes room for as many as there are said to be.
        if i64::try_from(left).is_ok_and(|left| children > left) {
            return Err(malformed(
                "a group says to have more columns than there are",
            ));
        }
        if children > 0 {
            open.push(children);
        }
        deepest = deepest.max(open.len());
    }
    Ok(deepest)
}

/// How many columns a group says to have.
fn children(compact: &mut Compact<&[u8]>) -> io::Result<i64> {
    let (mut children, mut before) = (0, 0);
    while let Some(field) = compact.field(before)? {
        before = field.id;
        expect(field, COLUMN)?;
        if field.id == CHILDREN {
            children = i64::from(compact.number32()?);
        } else {
            compact.skip(field.kind)?;
        }
    }
    Ok(children)
}

/// Looks for columns of which even a null is large.
///
/// # Errors
/// When there is one.
pub(super) fn check_widths(schema: &Schema) -> Result<(), String> {
    for field in schema.fields() {
        let bytes = width(field.data_type());
        if bytes > NULL_BYTES {
            return Err(format!(
                "each value of column `{}` takes {bytes} bytes, and may take {NULL_BYTES}",
                field.name()
            ));
        }
    }
    Ok(())
}

/// Bytes that a row takes at least.
pub(super) fn row_width(schema: &Schema) -> u64 {
    let widths = schema.fields().iter().map(|field| width(field.data_type()));
    widths.fold(0, u64::saturating_add)
}

fn width(data_type: &DataType) -> u64 {
    let size = |length: i32| u64::try_from(length).unwrap_or_default();
    match data_type {
        DataType::FixedSizeBinary(length) => size(*length),
        DataType::FixedSizeList(item, length) => {
            size(*length).saturating_mul(width(item.data_type()).max(1))
        }
        DataType::Struct(fields) => fields
            .iter()
            .map(|field| width(field.data_type()))
            .fold(0, u64::saturating_add),
        other => other.primitive_width().unwrap_or(1) as u64,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::Field;

    use super::*;

    /// A footer with a chain of groups, each in the one before.
    fn chain(length: usize) -> Vec<u8> {
        let mut bytes = vec![0x15, 0x02, 0x19, 0xfc];
        let mut rest = length;
        while rest >= 0x80 {
            bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap());
        for _ in 1..length {
            bytes.extend([0x48, 1, b'g', 0x15, 0x02, 0x00]);
        }
        bytes.extend([0x48, 1, b'x', 0x00]);
        bytes.push(0);
        bytes
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_followed() {
        assert!(check_footer(&chain(20)).is_ok());
        let refused = check_footer(&chain(100_000)).unwrap_err();
        assert!(refused.contains("nested 99999 deep"), "{refused}");
        assert!(check_footer(b"no footer").is_err());
    }

    #[test]
    fn nulls_that_take_megabytes_are_refused() {
        let item = Arc::new(Field::new_list_field(
            DataType::FixedSizeBinary(1 << 12),
            true,
        ));
        let wide = DataType::FixedSizeList(item, i32::MAX);
        let schema = |data_type| Schema::new(vec![Field::new("wide", data_type, true)]);
        assert!(check_widths(&schema(DataType::FixedSizeBinary(16))).is_ok());
        assert!(check_widths(&schema(wide)).is_err());
        assert_eq!(row_width(&schema(DataType::Int64)), 8);
    }
}
