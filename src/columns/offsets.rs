//! Reading a column of annotations, and writing it with other offsets.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, Int64Array, OffsetSizeTrait, StructArray,
    UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast, cast_with_options, interleave, take};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use arrow::error::ArrowError;

use super::annotations::{SpanColumn, SpanUnit};

/// The annotations of a batch.
#[derive(Debug)]
pub struct Spans {
    field: FieldRef,
    large: bool,
    bounds: Vec<usize>,
    nulls: Option<NullBuffer>,
    values: StructArray,
    starts: Int64Array,
    ends: Int64Array,
    places: [usize; 2],
}

/// An annotation that is kept with other offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Which one it is: see [`Spans::of_row`].
    pub element: usize,
    /// Its start and end, in the unit of the column; nothing where it stays as it is.
    pub offsets: Option<[usize; 2]>,
}

impl Spans {
    /// The annotations in `array`, which is the column `column`.
    ///
    /// # Errors
    /// When the array has not the type that was planned for.
    pub fn new(array: &ArrayRef, column: &SpanColumn) -> Result<Self, ArrowError> {
        match array.data_type() {
            DataType::List(field) => Self::read(array.as_list::<i32>(), field, false, column),
            DataType::LargeList(field) => Self::read(array.as_list::<i64>(), field, true, column),
            _ => Err(unlike(column)),
        }
    }

    fn read<O: OffsetSizeTrait>(
        list: &GenericListArray<O>,
        field: &FieldRef,
        large: bool,
        column: &SpanColumn,
    ) -> Result<Self, ArrowError> {
        let values = list
            .values()
            .as_struct_opt()
            .ok_or_else(|| unlike(column))?;
        let numbers = |index: usize| -> Result<Int64Array, ArrowError> {
            let numbers = values.columns().get(index).ok_or_else(|| unlike(column))?;
            // A number that does not fit becomes null, which is no offset.
            Ok(cast(numbers, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .clone())
        };
        Ok(Self {
            field: Arc::clone(field),
            large,
            bounds: list
                .value_offsets()
                .iter()
                .map(|offset| offset.as_usize())
                .collect(),
            nulls: list.nulls().cloned(),
            starts: numbers(column.start)?,
            ends: numbers(column.end)?,
            values: values.clone(),
            places: [column.start, column.end],
        })
    }

    /// The annotations of a row, as numbers to ask for them; none where the list is null.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return 0..0;
        }
        match (self.bounds.get(row), self.bounds.get(row + 1)) {
            (Some(start), Some(end)) => *start..*end,
            _ => 0..0,
        }
    }

    /// Whether the annotation itself is null, and so annotates nothing.
    pub fn is_null(&self, element: usize) -> bool {
        self.values.is_null(element)
    }

    /// The start and the end of an annotation.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn offsets(&self, element: usize) -> Result<[usize; 2], String> {
        let offset = |numbers: &Int64Array, name: &str| {
            let number = numbers.is_valid(element).then(|| numbers.value(element));
            let number = number.ok_or_else(|| format!("has no {name}"))?;
            usize::try_from(number).map_err(|_| format!("has the {name} {number}"))
        };
        let (start, end) = (offset(&self.starts, "start")?, offset(&self.ends, "end")?);
        if start > end {
            return Err(format!("starts at {start} and ends before, at {end}"));
        }
        Ok([start, end])
    }

    /// The column of rows made of those that were read: `parents` says of which, `kept` what is
    /// left of their annotations, where that is not all as it was.
    ///
    /// # Errors
    /// When an offset does not fit the type of its field.
    pub fn rebuilt(
        &self,
        parents: &[u32],
        kept: &[Option<Vec<Moved>>],
    ) -> Result<ArrayRef, ArrowError> {
        let mut lengths = Vec::with_capacity(parents.len());
        let mut elements: Vec<u32> = Vec::new();
        // For each annotation: where its offsets are, among the old or the new ones.
        let mut picks: Vec<(usize, usize)> = Vec::new();
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for (parent, kept) in parents.iter().zip(kept) {
            let before = elements.len();
            let mut put = |moved: Moved| {
                elements.push(u32::try_from(moved.element).unwrap_or(u32::MAX));
                match moved.offsets {
                    None => picks.push((0, moved.element)),
                    Some([start, end]) => {
                        picks.push((1, starts.len()));
                        starts.push(i64::try_from(start).unwrap_or(i64::MAX));
                        ends.push(i64::try_from(end).unwrap_or(i64::MAX));
                    }
                }
            };
            match kept {
                Some(kept) => kept.iter().copied().for_each(&mut put),
                None => self.of_row(*parent as usize).for_each(|element| {
                    put(Moved {
                        element,
                        offsets: None,
                    });
                }),
            }
            lengths.push(elements.len() - before);
        }
        let values = take(&self.values, &UInt32Array::from(elements), None)?;
        let values = values.as_struct();
        let mut columns = values.columns().to_vec();
        for (place, numbers) in self.places.into_iter().zip([starts, ends]) {
            let (Some(column), Some(old)) =
                (columns.get_mut(place), self.values.columns().get(place))
            else {
                continue;
            };
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            let new = cast_with_options(&Int64Array::from(numbers), old.data_type(), &options)?;
            *column = interleave(&[old.as_ref(), new.as_ref()], &picks)?;
        }
        let DataType::Struct(fields) = self.field.data_type() else {
            return Err(ArrowError::SchemaError(
                "annotations are structs".to_owned(),
            ));
        };
        let values = StructArray::try_new_with_length(
            fields.clone(),
            columns,
            values.nulls().cloned(),
            values.len(),
        )?;
        let nulls = self.nulls.as_ref().map(|nulls| {
            let valid = parents
                .iter()
                .map(|parent| nulls.is_valid(*parent as usize));
            valid.collect::<NullBuffer>()
        });
        let (field, values): (FieldRef, ArrayRef) = (Arc::clone(&self.field), Arc::new(values));
        Ok(if self.large {
            let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
            Arc::new(GenericListArray::try_new(field, offsets, values, nulls)?)
        } else {
            let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
            Arc::new(GenericListArray::try_new(field, offsets, values, nulls)?)
        })
    }
}

/// Where in `text` offsets in `unit` are, in bytes.
///
/// # Errors
/// What is wrong with them.
pub fn as_bytes(
    [start, end]: [usize; 2],
    unit: SpanUnit,
    text: &str,
) -> Result<Range<usize>, String> {
    let span = match unit {
        SpanUnit::Bytes => Some(start..end),
        SpanUnit::Characters if text.is_ascii() => Some(start..end),
        SpanUnit::Characters => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let mut ends = ends.skip(start);
            ends.next().and_then(|first| {
                let last = match end - start {
                    0 => Some(first),
                    more => ends.nth(more - 1),
                };
                Some(first..last?)
            })
        }
    };
    match span {
        Some(span) if text.get(span.clone()).is_some() => Ok(span),
        Some(span) if span.end <= text.len() => {
            Err(format!("from byte {start} to {end} cuts a character"))
        }
        _ => Err(format!("ends at {end}, beyond its text")),
    }
}

/// The offsets of the bytes `span` of `text`, in `unit`.
pub fn in_unit(span: &Range<usize>, unit: SpanUnit, text: &str) -> [usize; 2] {
    let offset = |byte: usize| match unit {
        SpanUnit::Bytes => byte,
        SpanUnit::Characters if text.is_ascii() => byte,
        SpanUnit::Characters => text
            .get(..byte)
            .map_or(byte, |before| before.chars().count()),
    };
    [offset(span.start), offset(span.end)]
}

fn unlike(column: &SpanColumn) -> ArrowError {
    ArrowError::SchemaError(format!(
        "column `{}` holds no annotations any more",
        column.name
    ))
}
