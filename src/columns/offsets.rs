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

#[cfg(test)]
mod tests {
    use arrow::array::{Int8Array, LargeListArray, UInt64Array};
    use arrow::datatypes::{Field, Fields, Schema};

    use super::super::{SpanTable, TextPath};
    use super::*;

    /// Two annotations, a null list, and a null among annotations.
    fn annotations() -> (ArrayRef, SpanColumn) {
        let fields = Fields::from(vec![
            Field::new("end", DataType::Int8, true),
            Field::new("start", DataType::UInt64, true),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int8Array::from(vec![Some(3), Some(7), None, Some(1)])),
            Arc::new(UInt64Array::from(vec![
                Some(0),
                Some(u64::MAX),
                None,
                Some(1),
            ])),
        ];
        let there = NullBuffer::from(vec![true, true, false, true]);
        let values = StructArray::new(fields.clone(), columns, Some(there));
        let item = Arc::new(Field::new("annotation", DataType::Struct(fields), true));
        let offsets = OffsetBuffer::from_lengths([2, 0, 2]);
        let nulls = NullBuffer::from(vec![true, false, true]);
        let list: ArrayRef = Arc::new(LargeListArray::new(
            item,
            offsets,
            Arc::new(values),
            Some(nulls),
        ));
        let schema = Schema::new(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("spans", list.data_type().clone(), true),
        ]);
        let text = TextPath::resolve("text", &schema).unwrap();
        let column = SpanColumn::resolve(&SpanTable::from("spans"), &[text], &schema).unwrap();
        (list, column)
    }

    #[test]
    fn what_is_not_moved_is_written_as_it_was() {
        let (list, column) = annotations();
        let spans = Spans::new(&list, &column).unwrap();
        assert_eq!(spans.offsets(0), Ok([0, 3]));
        assert_eq!(spans.offsets(1), Err("has no start".to_owned()));
        assert!(spans.is_null(2) && spans.of_row(1).is_empty());
        let same = spans.rebuilt(&[0, 1, 2], &[None, None, None]).unwrap();
        assert_eq!(&same, &list);
        let indices = UInt32Array::from(vec![2, 2, 0, 1]);
        let taken = take(&list, &indices, None).unwrap();
        let repeated = spans
            .rebuilt(indices.values(), &[None, None, None, None])
            .unwrap();
        assert_eq!(&repeated, &taken);
    }

    #[test]
    fn offsets_move_and_must_fit_their_type() {
        let (list, column) = annotations();
        let spans = Spans::new(&list, &column).unwrap();
        let moved = |element, offsets| Moved {
            element,
            offsets: Some(offsets),
        };
        let kept = vec![
            Some(vec![moved(0, [5, 8])]),
            None,
            Some(vec![moved(3, [2, 2])]),
        ];
        let array = spans.rebuilt(&[0, 1, 2], &kept).unwrap();
        let spans_after = Spans::new(&array, &column).unwrap();
        assert_eq!((spans_after.of_row(0), spans_after.of_row(2)), (0..1, 1..2));
        assert_eq!(spans_after.offsets(0), Ok([5, 8]));
        assert_eq!(spans_after.offsets(1), Ok([2, 2]));
        assert!(array.is_null(1));
        assert!(
            spans
                .rebuilt(&[0], &[Some(vec![moved(0, [1, 128])])])
                .is_err()
        );
    }

    #[test]
    fn offsets_are_converted_there_and_back() {
        let text = "é👍a";
        for (offsets, unit, bytes) in [
            ([1, 2], SpanUnit::Characters, 2..6),
            ([0, 3], SpanUnit::Characters, 0..7),
            ([3, 3], SpanUnit::Characters, 7..7),
            ([2, 6], SpanUnit::Bytes, 2..6),
        ] {
            assert_eq!(as_bytes(offsets, unit, text), Ok(bytes.clone()));
            assert_eq!(in_unit(&bytes, unit, text), offsets);
        }
        let wrong = |offsets, unit| as_bytes(offsets, unit, text).unwrap_err();
        assert_eq!(
            wrong([0, 4], SpanUnit::Characters),
            "ends at 4, beyond its text"
        );
        assert_eq!(
            wrong([9, 9], SpanUnit::Characters),
            "ends at 9, beyond its text"
        );
        assert_eq!(wrong([0, 8], SpanUnit::Bytes), "ends at 8, beyond its text");
        assert_eq!(
            wrong([0, 3], SpanUnit::Bytes),
            "from byte 0 to 3 cuts a character"
        );
    }
}
