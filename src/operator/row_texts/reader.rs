//! All texts of a row, for operators that look at them and change none.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use super::super::{BuildContext, TextBuilder, TextValues};
use super::units::Units;
use crate::columns::{RowTexts, TextPath};
use arrow::datatypes::DataType;

/// Finds all texts of the rows of batches.
#[derive(Debug, Clone)]
pub struct RowTextReader {
    column: usize,
    paths: Vec<TextPath>,
}

impl RowTextReader {
    /// A reader of the texts that reach the operator.
    pub fn new(context: &BuildContext<'_>) -> Self {
        Self {
            column: context.text.index,
            paths: context.texts.map_or_else(Vec::new, plural),
        }
    }

    /// A reader of `texts`, the first of which is in the column at `column`.
    pub fn of(texts: &RowTexts, column: usize) -> Self {
        Self {
            column,
            paths: plural(texts),
        }
    }

    /// The texts of the rows of `records`.
    ///
    /// # Errors
    /// When a column has not the type that was planned for.
    pub fn read(&self, records: &RecordBatch) -> Result<RowTextValues, ArrowError> {
        if !self.paths.is_empty() {
            return Ok(RowTextValues::Several(SeveralTexts(Units::of(
                records,
                &self.paths,
            )?)));
        }
        let column = records.columns().get(self.column).ok_or_else(|| {
            ArrowError::SchemaError("the column of the text is missing".to_owned())
        })?;
        Ok(RowTextValues::One(TextValues::new(column)?))
    }

    /// The texts of each row in one: the column itself where a row has one text, or else all of
    /// them, each on a line of its own; null where a row has none.
    ///
    /// # Errors
    /// When a column has not the type that was planned for.
    pub fn joined(&self, records: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let RowTextValues::Several(texts) = self.read(records)? else {
            return Ok(std::sync::Arc::clone(records.column(self.column)));
        };
        let mut joined = TextBuilder::with_capacity(records.num_rows(), 0);
        for row in 0..records.num_rows() {
            let texts: Vec<&str> = texts.get(row).collect();
            let text = (!texts.is_empty()).then(|| texts.join("\n"));
            joined.push(text.as_deref());
        }
        joined.finish(&DataType::LargeUtf8)
    }
}

/// The paths, where there are several or nested texts.
fn plural(texts: &RowTexts) -> Vec<TextPath> {
    if texts.several {
        texts.paths.clone()
    } else {
        Vec::new()
    }
}

/// The texts of the rows of a batch.
#[derive(Debug)]
pub enum RowTextValues {
    /// Each row has one, or null.
    One(TextValues),
    /// Rows may have several.
    Several(SeveralTexts),
}

/// Texts of which a row may have several.
#[derive(Debug)]
pub struct SeveralTexts(Units);

impl SeveralTexts {
    fn get(&self, row: usize) -> impl Iterator<Item = &str> {
        self.0.of_row(row).iter().map(|unit| self.0.text(*unit))
    }
}

impl RowTextValues {
    /// The texts of a row that are not null.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::One(values) => (values.get(row), None),
            Self::Several(texts) => (None, Some(texts.get(row))),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }
}

/// The texts of the rows of a batch, each with its place.
#[derive(Debug)]
pub struct NamedTexts {
    units: Units,
    paths: Vec<TextPath>,
}

impl NamedTexts {
    /// The texts in `roots`, of which each path has its own, in a batch of `rows` rows.
    ///
    /// # Errors
    /// When a column has not the type that was planned for.
    pub fn new(roots: &[ArrayRef], paths: &[TextPath], rows: usize) -> Result<Self, ArrowError> {
        Ok(Self {
            units: Units::in_columns(roots, paths, rows)?,
            paths: paths.to_vec(),
        })
    }

    /// The texts of a row that are not null, each with its place, such as `messages[0].content`.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = (String, &str)> {
        let units = self.units.of_row(row).iter();
        units.filter_map(|unit| {
            let path = self.paths.get(unit.path)?;
            Some((path.place(self.units.items(*unit)), self.units.text(*unit)))
        })
    }
}
