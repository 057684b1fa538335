//! Reading and building a text column, whichever Arrow type it has.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringArray, NullBufferBuilder, OffsetSizeTrait, StringArray,
    StringViewArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

pub use crate::columns::is_text;

/// The values of a text column.
#[derive(Debug, Clone)]
pub enum TextValues {
    /// 32-bit offsets.
    Utf8(StringArray),
    /// 64-bit offsets.
    LargeUtf8(LargeStringArray),
    /// Views; also what dictionaries are read as.
    Utf8View(StringViewArray),
}

impl TextValues {
    /// The values of `array`, without copying them.
    ///
    /// # Errors
    /// When the array is not text.
    pub fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Utf8(array.as_string().clone())),
            DataType::LargeUtf8 => Ok(Self::LargeUtf8(array.as_string().clone())),
            DataType::Utf8View => Ok(Self::Utf8View(array.as_string_view().clone())),
            DataType::Dictionary(_, values) if is_text(values) => {
                let views = cast(array, &DataType::Utf8View)?;
                Ok(Self::Utf8View(views.as_string_view().clone()))
            }
            other => Err(ArrowError::SchemaError(format!(
                "a column of type {other} is not text"
            ))),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Utf8(array) => array.len(),
            Self::LargeUtf8(array) => array.len(),
            Self::Utf8View(array) => array.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of `row`; nothing where it is null or there is no such row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&str> {
        if row >= self.len() {
            return None;
        }
        match self {
            Self::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Utf8View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }

    /// The text of `row`, and the bytes of the column from its first on: after the text come those of others.
    #[inline]
    pub(super) fn get_in_column(&self, row: usize) -> Option<(&str, &[u8])> {
        let text = self.get(row)?;
        let rest = match self {
            Self::Utf8(array) => from_row(array.value_offsets(), array.value_data(), row),
            Self::LargeUtf8(array) => from_row(array.value_offsets(), array.value_data(), row),
            Self::Utf8View(_) => None,
        };
        Some((text, rest.unwrap_or(text.as_bytes())))
    }

    /// Bytes of text in all rows.
    pub fn bytes(&self) -> usize {
        fn span<O: OffsetSizeTrait>(offsets: &[O]) -> usize {
            match (offsets.first(), offsets.last()) {
                (Some(first), Some(last)) => last.as_usize() - first.as_usize(),
                _ => 0,
            }
        }
        match self {
            Self::Utf8(array) => span(array.value_offsets()),
            Self::LargeUtf8(array) => span(array.value_offsets()),
            // The low half of a view is the length of its string.
            Self::Utf8View(array) => array
                .views()
                .iter()
                .map(|view| (*view & 0xffff_ffff) as usize)
                .sum(),
        }
    }
}

/// The bytes of all texts from that of `row` on.
#[inline]
fn from_row<'a, O: OffsetSizeTrait>(
    offsets: &[O],
    texts: &'a [u8],
    row: usize,
) -> Option<&'a [u8]> {
    texts.get(offsets.get(row)?.as_usize()..)
}

/// Bytes that are copied at once: see [`TextBuilder::append_span`].
pub(super) const STEP: usize = 64;

/// Collects the texts of a new column.
#[derive(Debug)]
pub struct TextBuilder {
    /// The texts one after the other.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    nulls: NullBufferBuilder,
}

impl TextBuilder {
    /// A builder with room for `rows` texts of `bytes` bytes in all.
    pub fn with_capacity(rows: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes + STEP),
            ends: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }

    /// Number of finished rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no row is finished.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, value: Option<&str>) {
        if let Some(value) = value {
            self.append_span(value.as_bytes(), 0, value.len());
            self.finish_row();
        } else {
            self.ends.push(self.bytes.len());
            self.nulls.append_null();
        }
    }

    /// Appends the bytes `start..end` of `source` to the row that is open. They must be whole
    /// characters, and be kept by [`TextBuilder::finish_row`] or removed by
    /// [`TextBuilder::discard_row`].
    ///
    /// Most spans are short, and each has another length. So they are copied in steps of one size,
    /// beyond their end, and what is too much is cut off again.
    #[inline]
    pub(super) fn append_span(&mut self, source: &[u8], start: usize, end: usize) {
        let length = self.bytes.len() + end.saturating_sub(start);
        let mut from = start;
        while from < end {
            let rest = source.get(from..).unwrap_or_default();
            if let Some(step) = rest.first_chunk::<STEP>() {
                self.bytes.extend_from_slice(step);
                from += STEP;
            } else {
                self.bytes
                    .extend_from_slice(rest.get(..end - from).unwrap_or_default());
                break;
            }
        }
        self.bytes.truncate(length);
    }

    /// Ends the row that was appended.
    #[inline]
    pub(super) fn finish_row(&mut self) {
        self.ends.push(self.bytes.len());
        self.nulls.append_non_null();
    }

    /// What was appended since the last finished row.
    #[inline]
    pub(super) fn open_row(&self) -> &[u8] {
        self.bytes
            .get(self.start_of(self.ends.len())..)
            .unwrap_or_default()
    }

    /// Removes what was appended since the last finished row.
    #[inline]
    pub(super) fn discard_row(&mut self) {
        self.bytes.truncate(self.start_of(self.ends.len()));
    }

    /// The text of a finished row; empty where it is null.
    #[inline]
    pub(super) fn row(&self, row: usize) -> &[u8] {
        let end = self.ends.get(row).copied().unwrap_or_default();
        self.bytes.get(self.start_of(row)..end).unwrap_or_default()
    }

    fn start_of(&self, row: usize) -> usize {
        row.checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or_default()
    }

    /// The column, as `data_type`.
    ///
    /// # Errors
    /// When the batch has outgrown the type: more than 2 GiB of `Utf8`, or more distinct values
    /// than the keys of a dictionary can tell apart.
    pub fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let length = self.bytes.len();
        let too_large = || {
            ArrowError::ComputeError(format!(
                "{length} bytes of text in one batch do not fit a column of type {data_type}: \
                 make batches smaller (--batch-rows), or store the column as LargeUtf8"
            ))
        };
        match data_type {
            DataType::Utf8 => {
                let mut offsets = Vec::with_capacity(self.ends.len() + 1);
                offsets.push(0_i32);
                for end in &self.ends {
                    offsets.push(i32::try_from(*end).map_err(|_| too_large())?);
                }
                let array = StringArray::try_new(
                    OffsetBuffer::new(ScalarBuffer::from(offsets)),
                    Buffer::from_vec(self.bytes),
                    self.nulls.finish(),
                )?;
                Ok(Arc::new(array))
            }
            DataType::LargeUtf8 => {
                let mut offsets = Vec::with_capacity(self.ends.len() + 1);
                offsets.push(0_i64);
                for end in &self.ends {
                    offsets.push(i64::try_from(*end).map_err(|_| too_large())?);
                }
                let array = LargeStringArray::try_new(
                    OffsetBuffer::new(ScalarBuffer::from(offsets)),
                    Buffer::from_vec(self.bytes),
                    self.nulls.finish(),
                )?;
                Ok(Arc::new(array))
            }
            DataType::Utf8View => {
                let large = self.finish(&DataType::LargeUtf8)?;
                cast(&large, &DataType::Utf8View)
            }
            DataType::Dictionary(keys, values) => {
                let plain = self.finish(values)?;
                cast(&plain, data_type).map_err(|error| {
                    ArrowError::ComputeError(format!(
                        "the new texts do not fit a dictionary with {keys} keys ({error}): store \
                         the column with wider keys, or as Utf8"
                    ))
                })
            }
            other => Err(ArrowError::SchemaError(format!(
                "a column of type {other} is not text"
            ))),
        }
    }
}
