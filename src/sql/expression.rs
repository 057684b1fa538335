//! Expressions: parsed once, checked against a schema, evaluated on batches.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array, new_empty_array, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use polars::error::PolarsResult;
use polars::prelude::{Column, DataType as PolarsType, Expr, IntoLazy};

use super::guard::guard;
use super::types::{column_type, crossing};
use super::{SqlError, row_wise, stack, syntax};
use crate::foreign::frames;

/// An expression that has a value for each row, in SQL: what would stand in SELECT.
///
/// Names of columns are told apart by case. The expressions are those of
/// [polars](https://docs.pola.rs/api/python/stable/reference/sql/functions/), as far as they look
/// at one row at a time: no aggregates, windows, orders or subqueries. Integers count with 64 bits,
/// timestamps with a zone are taken in UTC.
///
/// The type of the values is known before there are any, and the same for all batches. A column by
/// itself keeps its type.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
/// use arrow::datatypes::DataType;
/// use augment::sql::Expression;
///
/// let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("loud"), None]));
/// let records = RecordBatch::try_from_iter_with_nullable([("text", texts, true)])?;
///
/// let expression = Expression::parse("upper(text) || '!'")?;
/// let data_type = expression.data_type(&records.schema())?;
/// assert_eq!(data_type, DataType::Utf8);
/// let values = expression.evaluate(&records, &data_type)?;
/// assert_eq!(values.as_string::<i32>(), &StringArray::from(vec![Some("LOUD!"), None]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Expression {
    expression: Expr,
    columns: Vec<String>,
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// When `sql` is not one SQL expression, or has a part that depends on more than one row.
    pub fn parse(sql: &str) -> Result<Self, SqlError> {
        stack::with_room(|| {
            let expression = syntax::parse(sql)?;
            let columns = row_wise::columns(&expression)?;
            Ok(Self {
                expression: row_wise::widen(expression),
                columns,
            })
        })
        .unwrap_or_else(|message| {
            Err(SqlError::Syntax {
                message,
                place: None,
            })
        })
    }

    /// The columns that the expression names, each once.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The type of the values, where the data has the columns of `schema`.
    ///
    /// # Errors
    /// When there is no such column, the types do not fit, or no column could hold the values.
    pub fn data_type(&self, schema: &Schema) -> Result<DataType, SqlError> {
        if let Expr::Column(name) = &self.expression {
            return Ok(only_field(schema, name)?.data_type().clone());
        }
        let data_type = self.try_on_nulls(schema)?;
        let is_cast = matches!(self.expression, Expr::Cast { .. });
        column_type(&data_type, is_cast).ok_or_else(|| SqlError::NoColumn {
            data_type: data_type.to_string(),
        })
    }

    /// The values for the rows of `records`, of the type that [`Expression::data_type`] gave.
    ///
    /// # Errors
    /// When `records` lacks a column, or the evaluation fails: a conversion that a value does not
    /// allow, for example.
    pub fn evaluate(
        &self,
        records: &RecordBatch,
        data_type: &DataType,
    ) -> Result<ArrayRef, SqlError> {
        let rows = records.num_rows();
        if rows == 0 {
            return Ok(new_empty_array(data_type));
        }
        let values = if let Expr::Column(name) = &self.expression {
            let column = records.column_by_name(name);
            let unknown = || SqlError::UnknownColumn {
                name: name.to_string(),
            };
            Arc::clone(column.ok_or_else(unknown)?)
        } else {
            let projected = self.project(records)?;
            guard(|| frames::to_array(self.run(&projected)?))?
        };
        let values = match values.len() {
            length if length == rows => values,
            // An expression that names no column has one value for all rows.
            1 => take(&values, &UInt32Array::from(vec![0; rows]), None)
                .map_err(|error| evaluation(&error))?,
            length => {
                let message = format!("it has {length} values for {rows} rows");
                return Err(SqlError::Evaluation(message));
            }
        };
        if values.data_type() == data_type {
            return Ok(values);
        }
        cast_with_options(&values, data_type, &strict()).map_err(|error| evaluation(&error))
    }

    /// The type of the values as polars has it. One row of nulls is evaluated: it shows what a
    /// schema alone does not, patterns that are no regular expressions, for example.
    pub(super) fn try_on_nulls(&self, schema: &Schema) -> Result<PolarsType, SqlError> {
        let mut fields = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let field = only_field(schema, name)?;
            fields.push(Field::new(name, crossing_of(field)?, true));
        }
        let columns = fields
            .iter()
            .map(|field| new_null_array(field.data_type(), 1))
            .collect();
        let records = batch(fields, columns, 1).map_err(|error| evaluation(&error))?;
        let tried = guard(|| {
            let mut lazy = frames::to_frame(&records)?.lazy();
            lazy = lazy.select([self.expression.clone()]);
            let schema = lazy.collect_schema()?;
            let data_type = schema.iter_values().next().cloned();
            self.run(&records)?;
            Ok(data_type.unwrap_or(PolarsType::Null))
        });
        tried.map_err(|error| match error {
            SqlError::Evaluation(message) => SqlError::Mismatch(message),
            other => other,
        })
    }

    /// The columns that the expression names, in the types that polars takes.
    pub(super) fn project(&self, records: &RecordBatch) -> Result<RecordBatch, SqlError> {
        let schema = records.schema();
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let Some((index, field)) = schema.column_with_name(name) else {
                return Err(SqlError::UnknownColumn { name: name.clone() });
            };
            let data_type = crossing_of(field)?;
            let column = records.column(index);
            columns.push(if *field.data_type() == data_type {
                Arc::clone(column)
            } else {
                cast_with_options(column, &data_type, &strict())
                    .map_err(|error| evaluation(&error))?
            });
            fields.push(Field::new(name, data_type, true));
        }
        batch(fields, columns, records.num_rows()).map_err(|error| evaluation(&error))
    }

    /// The value for each row of `projected`, or one for all.
    pub(super) fn run(&self, projected: &RecordBatch) -> PolarsResult<Column> {
        let frame = frames::to_frame(projected)?.lazy();
        let selected = frame.select([self.expression.clone()]).collect()?;
        let mut columns = selected.into_columns();
        Ok(columns.pop().unwrap_or_default())
    }
}

/// The column `name` of `schema`.
fn only_field<'s>(schema: &'s Schema, name: &str) -> Result<&'s Field, SqlError> {
    let mut named = schema.fields().iter().filter(|field| field.name() == name);
    let name = || name.to_owned();
    let field = named
        .next()
        .ok_or_else(|| SqlError::UnknownColumn { name: name() })?;
    match named.next() {
        Some(_) => Err(SqlError::AmbiguousColumn { name: name() }),
        None => Ok(field),
    }
}

/// The type as which the column of `field` goes into polars.
fn crossing_of(field: &Field) -> Result<DataType, SqlError> {
    crossing(field.data_type()).ok_or_else(|| SqlError::UnsupportedType {
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

fn strict() -> CastOptions<'static> {
    CastOptions {
        safe: false,
        ..CastOptions::default()
    }
}

pub(super) fn evaluation(error: &ArrowError) -> SqlError {
    SqlError::Evaluation(error.to_string())
}
