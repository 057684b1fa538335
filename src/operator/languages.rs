//! The language of each row, from a column.

use arrow::datatypes::Schema;

use super::{OperatorError, TextOptions, TextValues, is_text};
use crate::batch::Batch;
use crate::diagnostic::Problem;

/// The languages of the rows of a batch.
pub(crate) struct Languages(Option<TextValues>);

impl Languages {
    /// What the column that `options` name says, if it exists and is text.
    pub(crate) fn of(batch: &Batch, options: &TextOptions) -> Result<Self, OperatorError> {
        let column = batch.records.column_by_name(&options.language_column);
        let values = column.filter(|column| is_text(column.data_type()));
        Ok(Self(values.map(TextValues::new).transpose()?))
    }

    /// The language of a row, if anything says what it is.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.0.as_ref().and_then(|values| values.get(row))
    }
}

/// What is wrong with the column of languages, where one is needed.
pub(crate) fn problem(options: &TextOptions, schema: &Schema) -> Option<Problem> {
    if options.languages.is_empty() {
        return None;
    }
    let name = &options.language_column;
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    match schema.column_with_name(name) {
        Some((_, field)) if is_text(field.data_type()) => None,
        Some((_, field)) => Some(Problem::new(
            "languages",
            format!(
                "column `{name}` does not say languages: it is {}",
                field.data_type()
            ),
            "name a column of text in `language_column`",
        )),
        None => Some(Problem::new(
            "languages",
            format!("no column `{name}` says what language a row is in"),
            format!(
                "name it in `language_column`; the columns are: {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}
