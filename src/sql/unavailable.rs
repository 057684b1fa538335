//! What stands in for SQL in a build without polars.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Schema};

use super::{Group, SqlError};

/// A condition on one row, of which this build has none.
#[derive(Debug, Clone)]
pub enum Condition {}

impl Condition {
    /// Parses no condition.
    ///
    /// # Errors
    /// Always [`SqlError::NotBuilt`].
    pub fn parse(_sql: &str) -> Result<Self, SqlError> {
        Err(SqlError::NotBuilt)
    }

    /// The columns that the condition names.
    pub fn columns(&self) -> &[String] {
        match *self {}
    }

    /// Checks the condition against the columns of the data.
    ///
    /// # Errors
    /// None: there is no condition.
    pub fn check(&self, _schema: &Schema) -> Result<(), SqlError> {
        match *self {}
    }

    /// Whether the condition holds, for each row of `records`.
    ///
    /// # Errors
    /// None: there is no condition.
    pub fn mask(&self, _records: &RecordBatch) -> Result<BooleanArray, SqlError> {
        match *self {}
    }
}

/// An expression with a value for each row, of which this build has none.
#[derive(Debug, Clone)]
pub enum Expression {}

impl Expression {
    /// Parses no expression.
    ///
    /// # Errors
    /// Always [`SqlError::NotBuilt`].
    pub fn parse(_sql: &str) -> Result<Self, SqlError> {
        Err(SqlError::NotBuilt)
    }

    /// The columns that the expression names.
    pub fn columns(&self) -> &[String] {
        match *self {}
    }

    /// The type of the values, where the data has the columns of `schema`.
    ///
    /// # Errors
    /// None: there is no expression.
    pub fn data_type(&self, _schema: &Schema) -> Result<DataType, SqlError> {
        match *self {}
    }

    /// The values for the rows of `records`.
    ///
    /// # Errors
    /// None: there is no expression.
    pub fn evaluate(
        &self,
        _records: &RecordBatch,
        _data_type: &DataType,
    ) -> Result<ArrayRef, SqlError> {
        match *self {}
    }
}

/// Counts no groups.
///
/// # Errors
/// Always [`SqlError::NotBuilt`].
pub fn count_groups(_: &ArrayRef, _: &UInt32Array) -> Result<Vec<Group>, SqlError> {
    Err(SqlError::NotBuilt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_refused_with_the_way_to_get_it() {
        let error = Condition::parse("id > 1").unwrap_err();
        assert_eq!(error, SqlError::NotBuilt);
        assert!(error.help().contains("--features polars"));
        let error = Expression::parse("id + 1").unwrap_err();
        assert_eq!(error, SqlError::NotBuilt);
    }
}
