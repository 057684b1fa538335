//! Labels of rows, counted before a run.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::is_text;
use crate::random::OperatorKey;

/// Parts that the rows of a label are sorted into, by their place.
const BINS: u32 = 4_096;

/// Whether a column of this type can hold labels: text, whole numbers, truth values, or a
/// dictionary of these.
pub fn is_label(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean => true,
        DataType::Dictionary(_, values) => is_label(values),
        other => other.is_integer() || is_text(other),
    }
}

/// The labels in a column as text: `7`, `true`, `spam`.
///
/// # Errors
/// When the column cannot hold labels.
pub fn label_texts(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    if !is_label(column.data_type()) {
        let kind = column.data_type();
        return Err(ArrowError::SchemaError(format!(
            "a column of type {kind} cannot hold labels"
        )));
    }
    let texts = cast(column, &DataType::Utf8)?;
    Ok(texts.as_string::<i32>().clone())
}

/// How many rows have each label; null counts as a label of its own.
///
/// Beside that, it is known roughly where the rows of a label are. Each row has a place from 0 to 1,
/// by a hash of its identity, and for each 4096th of that it is counted how many rows are there. So
/// it can be said below which place a given number of rows are, without keeping a place for every
/// row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelCounts(BTreeMap<Option<String>, Rows>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rows {
    count: u64,
    bins: BTreeMap<u32, u64>,
}

impl LabelCounts {
    /// The most labels that are told apart. A column with more is none of labels.
    pub const MOST: usize = 4_096;

    /// The place of the row of identity `row` for the operator with `key`: at least 0, below 1.
    pub fn place(key: OperatorKey, row: u64) -> f64 {
        // Numbers of replicas that no row has.
        key.row(row, u32::MAX, u32::MAX).unit()
    }

    /// Which of the parts that are counted apart a place is in.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of bins, which is a power of two"
    )]
    pub fn bin(place: f64) -> u32 {
        (place * f64::from(BINS)) as u32
    }

    /// Adds rows.
    pub fn add(&mut self, label: Option<&str>, bin: u32, rows: u64) {
        let label = self.0.entry(label.map(str::to_owned)).or_default();
        label.count += rows;
        *label.bins.entry(bin).or_default() += rows;
    }

    /// Adds other counts to these.
    pub fn merge(&mut self, other: &Self) {
        for (label, rows) in &other.0 {
            let label = self.0.entry(label.clone()).or_default();
            label.count += rows.count;
            for (bin, rows) in &rows.bins {
                *label.bins.entry(*bin).or_default() += rows;
            }
        }
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels, null left out, with the rows of each, sorted.
    pub fn labels(&self) -> impl Iterator<Item = (&str, u64)> {
        let labels = self.0.iter();
        labels.filter_map(|(label, rows)| Some((label.as_deref()?, rows.count)))
    }

    /// The place below which about `wanted` rows of a label are. Between the borders of its bins,
    /// rows are taken to be spread evenly: the number is wrong by less than the rows of one bin.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a place among many is not exact"
    )]
    pub fn place_above(&self, label: &str, wanted: u64) -> f64 {
        let Some(rows) = self.0.get(&Some(label.to_owned())) else {
            return 0.0;
        };
        if wanted == 0 {
            return 0.0;
        }
        let mut left = wanted;
        for (bin, rows) in &rows.bins {
            if left < *rows {
                let within = left as f64 / *rows as f64;
                return (f64::from(*bin) + within) / f64::from(BINS);
            }
            left -= rows;
            if left == 0 {
                return (f64::from(*bin) + 1.0) / f64::from(BINS);
            }
        }
        1.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float64Array, Int8Array, StringDictionaryBuilder};
    use arrow::datatypes::Int16Type;

    use super::*;

    /// Counts of `rows` rows, every third of which is `a`.
    fn counts(rows: u64) -> (LabelCounts, OperatorKey) {
        let key = OperatorKey::new(1, "more");
        let mut counts = LabelCounts::default();
        for row in 0..rows {
            let label = if row % 3 == 0 { "a" } else { "b" };
            let bin = LabelCounts::bin(LabelCounts::place(key, row));
            counts.add(Some(label), bin, 1);
        }
        (counts, key)
    }

    #[test]
    fn about_as_many_rows_as_wanted_are_below_a_place() {
        let (counts, key) = counts(30_000);
        for wanted in [0, 1, 7, 500, 4_999, 9_999, 10_000] {
            let above = counts.place_above("a", wanted);
            let below = (0..30_000).filter(|row| row % 3 == 0);
            let below = below.filter(|row| LabelCounts::place(key, *row) < above);
            let below = below.count() as u64;
            // A bin holds two or three of 10,000 rows, and hardly ever ten.
            assert!(below.abs_diff(wanted) <= 10, "{wanted}: {below}");
        }
        assert!(counts.place_above("a", 0) < f64::EPSILON);
        assert!(counts.place_above("c", 5) < f64::EPSILON);
    }

    #[test]
    fn counts_add_up_in_any_order() {
        let (all, key) = counts(1_000);
        let mut parts = [LabelCounts::default(), LabelCounts::default()];
        for row in 0..1_000 {
            let label = if row % 3 == 0 { "a" } else { "b" };
            let bin = LabelCounts::bin(LabelCounts::place(key, row));
            parts[usize::from(row % 7 == 0)].add(Some(label), bin, 1);
        }
        let [mut one, mut two] = parts.clone();
        one.merge(&parts[1]);
        two.merge(&parts[0]);
        assert_eq!((&one, &two), (&all, &all));
        assert_eq!(all.labels().collect::<Vec<_>>(), [("a", 334), ("b", 666)]);
    }

    #[test]
    fn null_is_a_label_that_has_no_name() {
        let mut counts = LabelCounts::default();
        counts.add(None, 0, 3);
        counts.add(Some(""), 0, 2);
        assert_eq!(counts.len(), 2);
        assert_eq!(counts.labels().collect::<Vec<_>>(), [("", 2)]);
    }

    #[test]
    fn labels_of_any_type_have_a_text() {
        let mut dictionary = StringDictionaryBuilder::<Int16Type>::new();
        dictionary.extend([Some("spam"), None]);
        let columns: [(ArrayRef, &str); 3] = [
            (Arc::new(Int8Array::from(vec![Some(-7), None])), "-7"),
            (Arc::new(BooleanArray::from(vec![Some(true), None])), "true"),
            (Arc::new(dictionary.finish()), "spam"),
        ];
        for (column, text) in columns {
            let texts = label_texts(&column).unwrap();
            assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(text), None]);
        }
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
        assert!(label_texts(&floats).is_err());
    }
}
