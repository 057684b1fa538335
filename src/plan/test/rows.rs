//! The rows of a test as a batch with the columns of a node.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use toml::Spanned;
use toml::de::DeTable;

use super::value::{self, Cell};
use crate::diagnostic::Diagnostic;
use crate::table::nearest;

/// The batch of `rows`: a column that a row does not give is null there.
pub(super) fn batch(
    rows: &[Spanned<DeTable<'_>>],
    schema: &SchemaRef,
    problems: &mut Vec<Diagnostic>,
) -> Option<RecordBatch> {
    for row in rows {
        check_columns(row.get_ref(), schema, problems);
    }
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let cells: Vec<Cell<'_>> = rows
            .iter()
            .map(|row| Cell::new(row.get_ref().get(field.name().as_str()), row.span()))
            .collect();
        columns.push(value::array(field.name(), field, &cells, problems));
    }
    let columns: Option<Vec<_>> = columns.into_iter().collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    // The arrays are of the types of the schema, and as long as the rows are many.
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns?, &options).ok()
}

/// Looks for columns that `schema` does not have.
pub(super) fn check_columns(row: &DeTable<'_>, schema: &Schema, problems: &mut Vec<Diagnostic>) {
    for key in row.keys() {
        let name = key.get_ref().as_ref();
        if schema.column_with_name(name).is_some() {
            continue;
        }
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let problem = Diagnostic::error("A132", format!("there is no column `{name}` here"))
            .at(key.span())
            .label("no such column");
        let problem = match nearest(name, names.clone()) {
            Some(near) => problem.help(format!("a similar column exists: `{near}`")),
            None => problem,
        };
        let names: Vec<&str> = names.collect();
        problems.push(problem.help(format!("the columns are: {}", names.join(", "))));
    }
}
