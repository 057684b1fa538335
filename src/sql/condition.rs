//! Conditions: expressions that are true or false.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::Schema;
use polars::error::PolarsError;
use polars::prelude::{Column, DataType as PolarsType};

use super::SqlError;
use super::expression::Expression;
use super::guard::guard;

/// A condition on one row, in SQL: what would follow WHERE.
///
/// As in SQL, a condition that is neither true nor false, because it compares with null, does not
/// hold. What else there is to say stands with [`Expression`].
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
pub struct Condition(Expression);

impl Condition {
    /// Parses a condition.
    ///
    /// # Errors
    /// When `sql` is not one SQL expression, or has a part that depends on more than one row.
    pub fn parse(sql: &str) -> Result<Self, SqlError> {
        Expression::parse(sql).map(Self)
    }

    /// The columns that the condition names, each once.
    pub fn columns(&self) -> &[String] {
        self.0.columns()
    }

    /// Checks the condition against the columns of the data: that there are all that it names,
    /// with types that it can read, and that its value is true or false.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self, schema: &Schema) -> Result<(), SqlError> {
        let data_type = self.0.try_on_nulls(schema)?;
        if matches!(data_type, PolarsType::Boolean | PolarsType::Null) {
            return Ok(());
        }
        Err(SqlError::NotBoolean {
            data_type: data_type.to_string(),
        })
    }

    /// Whether the condition holds, for each row of `records`. Never null.
    ///
    /// # Errors
    /// When `records` lacks a column, or the evaluation fails: a conversion that a value does not
    /// allow, for example.
    pub fn mask(&self, records: &RecordBatch) -> Result<BooleanArray, SqlError> {
        let rows = records.num_rows();
        if rows == 0 {
            return Ok(BooleanArray::from(Vec::<bool>::new()));
        }
        let projected = self.0.project(records)?;
        let values = guard(|| values(&self.0.run(&projected)?))?;
        match values.as_slice() {
            // A condition that names no column has one value for all rows.
            [value] => Ok(BooleanArray::from(vec![*value; rows])),
            values if values.len() == rows => Ok(BooleanArray::from(values.to_vec())),
            values => Err(SqlError::Evaluation(format!(
                "it has {} values for {rows} rows",
                values.len()
            ))),
        }
    }
}

/// Whether each value of `column` is true.
fn values(column: &Column) -> Result<Vec<bool>, PolarsError> {
    if *column.dtype() == PolarsType::Null {
        return Ok(vec![false; column.len()]);
    }
    let values = column.bool()?.iter();
    Ok(values.map(|value| value == Some(true)).collect())
}
