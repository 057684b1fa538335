//! Rows, counted by group.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use polars::error::PolarsResult;
use polars::prelude::{IntoLazy, col, len};

use super::SqlError;
use super::error::Group;
use super::expression::evaluation;
use super::guard::guard;
use crate::foreign::frames;

/// How many rows there are of each label and bin: `SELECT label, bin, COUNT(*) GROUP BY label, bin`.
/// The labels are text, as many as there are bins. The groups come in no order.
///
/// # Errors
/// When the columns are not of these types, or of one length.
pub fn count_groups(labels: &ArrayRef, bins: &UInt32Array) -> Result<Vec<Group>, SqlError> {
    let schema = Schema::new(vec![
        Field::new("label", DataType::Utf8, true),
        Field::new("bin", DataType::UInt32, false),
    ]);
    let columns: Vec<ArrayRef> = vec![Arc::clone(labels), Arc::new(bins.clone())];
    let records = RecordBatch::try_new(Arc::new(schema), columns);
    let records = records.map_err(|error| evaluation(&error))?;
    guard(|| grouped(&records))
}

fn grouped(records: &RecordBatch) -> PolarsResult<Vec<Group>> {
    let frame = frames::to_frame(records)?;
    let counted = frame
        .lazy()
        .group_by([col("label"), col("bin")])
        .agg([len().alias("rows")])
        .collect()?;
    let (labels, bins) = (
        counted.column("label")?.str()?,
        counted.column("bin")?.u32()?,
    );
    let rows = counted.column("rows")?.u32()?;
    let groups = labels.iter().zip(bins.iter()).zip(rows.iter());
    Ok(groups
        .map(|((label, bin), rows)| Group {
            label: label.map(str::to_owned),
            bin: bin.unwrap_or_default(),
            rows: u64::from(rows.unwrap_or_default()),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::StringArray;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn groups_are_those_that_counting_by_hand_gives(
            rows in prop::collection::vec((prop::option::of("[abé ]{0,2}"), 0..3_u32), 0..50)
        ) {
            let labels = rows.iter().map(|(label, _)| label.as_deref());
            let labels: ArrayRef = Arc::new(labels.collect::<StringArray>());
            let bins = UInt32Array::from_iter_values(rows.iter().map(|(_, bin)| *bin));
            let mut expected: BTreeMap<(Option<String>, u32), u64> = BTreeMap::new();
            for row in &rows {
                *expected.entry(row.clone()).or_default() += 1;
            }
            let groups = count_groups(&labels, &bins).unwrap();
            let found: BTreeMap<_, _> = groups
                .into_iter()
                .map(|group| ((group.label, group.bin), group.rows))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
