//! What operators need that put a row together with others of its batch: columns by name, and rows
//! by label.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};

use crate::prelude::*;
use crate::table::nearest;

/// Rows of a batch from which others are drawn: all batches of a run have so many, so that what is
/// drawn depends on the shard alone.
pub(super) const BATCH_ROWS: usize = 1_024;

/// What to say where the column `name`, which `option` names, is not among those of `input`.
pub(super) fn missing_column(option: &str, name: &str, input: &Schema) -> Option<Problem> {
    if input.column_with_name(name).is_some() {
        return None;
    }
    let known: Vec<&str> = input
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let list = known.join(", ");
    let help = match nearest(name, known) {
        Some(near) => format!("a similar one is `{near}`; there are: {list}"),
        None => format!("there are: {list}"),
    };
    Some(Problem::new(
        option,
        format!("there is no column `{name}`"),
        help,
    ))
}

/// The column `name` of a batch.
///
/// # Errors
/// When there is none: the plan has been checked, so this is about rows that come without a plan.
pub(super) fn column<'a>(
    records: &'a RecordBatch,
    name: &str,
) -> Result<&'a ArrayRef, OperatorError> {
    let column = records.column_by_name(name);
    column.ok_or_else(|| OperatorError::Other(format!("there is no column `{name}`")))
}

/// The rows of a batch by label.
pub(super) struct Groups {
    /// The group of each row; nothing where the label is null.
    of_rows: Vec<Option<usize>>,
    /// The rows of each group that may be drawn; the group with the first row comes first.
    members: Vec<Vec<u32>>,
}

impl Groups {
    /// All of `rows` rows in one group, of which those may be drawn that are `usable`.
    pub(super) fn one(rows: usize, usable: impl Fn(usize) -> bool) -> Self {
        let members = (0..rows).zip(0_u32..).filter(|(row, _)| usable(*row));
        Self {
            of_rows: vec![Some(0); rows],
            members: vec![members.map(|(_, row)| row).collect()],
        }
    }

    /// Rows with the same value in `labels` in one group, of which those may be drawn that are
    /// `usable`.
    ///
    /// # Errors
    /// When values of this type cannot be compared.
    pub(super) fn by_label(
        labels: &ArrayRef,
        usable: impl Fn(usize) -> bool,
    ) -> Result<Self, ArrowError> {
        let converter = RowConverter::new(vec![SortField::new(labels.data_type().clone())])?;
        let values = converter.convert_columns(std::slice::from_ref(labels))?;
        let nulls = labels.logical_nulls();
        let mut known = HashMap::new();
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut of_rows = Vec::with_capacity(labels.len());
        for ((place, value), row) in values.iter().enumerate().zip(0_u32..) {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(place)) {
                of_rows.push(None);
                continue;
            }
            let group = *known.entry(value).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            of_rows.push(Some(group));
            if usable(place)
                && let Some(members) = members.get_mut(group)
            {
                members.push(row);
            }
        }
        Ok(Self { of_rows, members })
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The group of a row; nothing where its label is null.
    pub(super) fn of(&self, row: usize) -> Option<usize> {
        self.of_rows.get(row).copied().flatten()
    }

    /// The rows of a group that may be drawn, in order.
    pub(super) fn members(&self, group: usize) -> &[u32] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    /// The next row of `group` that is drawn for `row` from `places`, which must have been reset to
    /// the number of members: no variant of the source row of `row` itself.
    pub(super) fn draw_other(
        &self,
        group: usize,
        row: usize,
        rows: &Rows,
        places: &mut Places,
        random: &mut Random,
    ) -> Option<u32> {
        let members = self.members(group);
        loop {
            let other = *members.get(places.draw(random)?)?;
            if rows.origin.get(other as usize) != rows.origin.get(row) {
                return Some(other);
            }
        }
    }
}

/// The variants that were made of one row, to tell whether another is new; keeps its memory from
/// row to row.
#[derive(Debug, Default)]
pub(super) struct Made {
    texts: String,
    ends: Vec<usize>,
}

impl Made {
    /// Forgets all variants: the next row has none yet.
    pub(super) fn reset(&mut self) {
        self.texts.clear();
        self.ends.clear();
    }

    /// Whether `text` is a variant that there was not yet.
    pub(super) fn is_new(&mut self, text: &str) -> bool {
        let mut start = 0;
        for end in &self.ends {
            if self.texts.get(start..*end) == Some(text) {
                return false;
            }
            start = *end;
        }
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, StringDictionaryBuilder};
    use arrow::datatypes::{DataType, Field, Int8Type};

    use super::*;

    #[test]
    fn rows_with_equal_values_of_any_type_are_a_group() {
        let mut words = StringDictionaryBuilder::<Int8Type>::new();
        words.extend([Some("b"), None, Some("a"), Some("b")]);
        let numbers = Float64Array::from(vec![Some(0.5), None, Some(-0.5), Some(0.5)]);
        for labels in [Arc::new(words.finish()) as ArrayRef, Arc::new(numbers)] {
            let groups = Groups::by_label(&labels, |row| row != 3).unwrap();
            assert_eq!(
                [0, 1, 2, 3, 4].map(|row| groups.of(row)),
                [Some(0), None, Some(1), Some(0), None]
            );
            assert_eq!(
                (groups.len(), groups.members(0), groups.members(1)),
                (2, &[0][..], &[2][..])
            );
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_reported_with_the_nearest_and_all() {
        let schema = Schema::new(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("label", DataType::Utf8, true),
        ]);
        assert_eq!(missing_column("label", "text", &schema), None);
        let problem = missing_column("label", "lable", &schema).unwrap();
        assert_eq!(problem.message, "there is no column `lable`");
        assert_eq!(
            problem.help,
            "a similar one is `label`; there are: text, label"
        );
    }

    #[test]
    fn a_variant_is_new_once() {
        let mut made = Made::default();
        let new = ["a", "ab", "a", "b", "", "ab", ""].map(|text| made.is_new(text));
        assert_eq!(new, [true, true, false, true, true, false, false]);
        made.reset();
        assert!(made.is_new("a"));
    }
}
