//! Conditions: parsed once, checked against a schema, evaluated on batches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use polars::error::{PolarsError, set_warning_function};
use polars::prelude::{DataFrame, DataType as PolarsType, Expr, IntoLazy};

use super::types::crossing;
use super::{ConditionError, bridge, row_wise, stack, syntax};

/// polars prints its warnings, about functions that a later version drops, where progress is shown.
static SILENCE: Once = Once::new();

/// A condition on one row, in SQL: what would follow WHERE.
///
/// As in SQL, a condition that is neither true nor false, because it compares with null, does not
/// hold. Names of columns are told apart by case. The expressions are those of
/// [polars](https://docs.pola.rs/api/python/stable/reference/sql/functions/), as far as they look
/// at one row at a time: no aggregates, windows, orders or subqueries. Integers count with 64 bits,
/// timestamps with a zone are taken in UTC.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
/// use augment::sql::Condition;
///
/// let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None]));
/// let texts: ArrayRef = Arc::new(StringArray::from(vec!["short", "a longer one", "a longer one"]));
/// let records = RecordBatch::try_from_iter([("id", ids), ("text", texts)])?;
///
/// let condition = Condition::parse("id < 9 AND length(text) > 5")?;
/// condition.check(&records.schema())?;
/// assert_eq!(condition.mask(&records)?, vec![false, true, false].into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Condition {
    expression: Expr,
    columns: Vec<String>,
}

impl Condition {
    /// Parses a condition.
    ///
    /// # Errors
    /// When `sql` is not one SQL expression, or has a part that depends on more than one row.
    pub fn parse(sql: &str) -> Result<Self, ConditionError> {
        stack::with_room(|| {
            let expression = syntax::parse(sql)?;
            let columns = row_wise::columns(&expression)?;
            Ok(Self {
                expression: row_wise::widen(expression),
                columns,
            })
        })
        .unwrap_or_else(|failure| Err(ConditionError::Syntax(failure)))
    }

    /// The columns that the condition names, each once.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Checks the condition against the columns of the data: that there are all that it names,
    /// with types that it can read, and that its value is true or false.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self, schema: &Schema) -> Result<(), ConditionError> {
        let mut fields = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let mut named = schema.fields().iter().filter(|field| field.name() == name);
            let field = named
                .next()
                .ok_or_else(|| ConditionError::UnknownColumn { name: name.clone() })?;
            if named.next().is_some() {
                return Err(ConditionError::AmbiguousColumn { name: name.clone() });
            }
            fields.push(Field::new(name, crossing_of(field)?, true));
        }
        // One row of nulls shows what a schema alone does not: patterns that are no regular
        // expressions, for example.
        let columns = fields
            .iter()
            .map(|field| new_null_array(field.data_type(), 1))
            .collect();
        let records = batch(fields, columns, 1).map_err(|error| evaluation(&error))?;
        let result = guard(|| {
            let frame = bridge::to_frame(&records)?;
            let mut lazy = frame.clone().lazy().select([self.expression.clone()]);
            let schema = lazy.collect_schema()?;
            let data_type = schema.iter_values().next().cloned();
            let data_type = data_type.unwrap_or(PolarsType::Null);
            if data_type == PolarsType::Boolean {
                self.values(frame)?;
            }
            Ok(data_type)
        });
        match result {
            Ok(Ok(PolarsType::Boolean | PolarsType::Null)) => Ok(()),
            Ok(Ok(other)) => Err(ConditionError::NotBoolean {
                data_type: other.to_string(),
            }),
            Ok(Err(error)) => Err(ConditionError::Mismatch(said(&error))),
            Err(panic) => Err(ConditionError::Mismatch(panic)),
        }
    }

    /// Whether the condition holds, for each row of `records`. Never null.
    ///
    /// # Errors
    /// When `records` lacks a column, or the evaluation fails: a conversion that a value does not
    /// allow, for example.
    pub fn mask(&self, records: &RecordBatch) -> Result<BooleanArray, ConditionError> {
        let rows = records.num_rows();
        if rows == 0 {
            return Ok(BooleanArray::from(Vec::<bool>::new()));
        }
        let projected = self.project(records)?;
        let values = guard(|| self.values(bridge::to_frame(&projected)?))
            .map_err(ConditionError::Evaluation)?
            .map_err(|error| ConditionError::Evaluation(said(&error)))?;
        match values.as_slice() {
            // A condition that names no column has one value for all rows.
            [value] => Ok(BooleanArray::from(vec![*value; rows])),
            values if values.len() == rows => Ok(BooleanArray::from(values.to_vec())),
            values => Err(ConditionError::Evaluation(format!(
                "it has {} values for {rows} rows",
                values.len()
            ))),
        }
    }

    /// The columns that the condition names, in the types that polars takes.
    fn project(&self, records: &RecordBatch) -> Result<RecordBatch, ConditionError> {
        let schema = records.schema();
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let Some((index, field)) = schema.column_with_name(name) else {
                return Err(ConditionError::UnknownColumn { name: name.clone() });
            };
            let data_type = crossing_of(field)?;
            let column = records.column(index);
            columns.push(if *field.data_type() == data_type {
                Arc::clone(column)
            } else {
                cast_with_options(column, &data_type, &strict)
                    .map_err(|error| evaluation(&error))?
            });
            fields.push(Field::new(name, data_type, true));
        }
        batch(fields, columns, records.num_rows()).map_err(|error| evaluation(&error))
    }

    /// The value for each row of `frame`, or one for all. Null is false.
    fn values(&self, frame: DataFrame) -> Result<Vec<bool>, PolarsError> {
        let selected = frame.lazy().select([self.expression.clone()]).collect()?;
        let Some(column) = selected.columns().first() else {
            return Ok(Vec::new());
        };
        if *column.dtype() == PolarsType::Null {
            return Ok(vec![false; column.len()]);
        }
        let values = column.bool()?.iter();
        Ok(values.map(|value| value == Some(true)).collect())
    }
}

/// The type as which the column of `field` goes into polars.
fn crossing_of(field: &Field) -> Result<DataType, ConditionError> {
    crossing(field.data_type()).ok_or_else(|| ConditionError::UnsupportedType {
        column: field.name().clone(),
        data_type: field.data_type().clone(),
    })
}

fn batch(
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// Runs `work`, and makes a message of a panic: polars panics where a feature is not compiled in.
pub(super) fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    SILENCE.call_once(|| set_warning_function(|_, _| {}));
    // Nothing that `work` reaches is used after a panic: it owns its frame, and only reads the rest.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| stack::message_of(&*panic))
}

pub(super) fn said(error: &PolarsError) -> String {
    syntax::plain(&error.to_string())
}

pub(super) fn evaluation(error: &ArrowError) -> ConditionError {
    ConditionError::Evaluation(error.to_string())
}
