//! What stands in for SQL conditions in a build without polars.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::datatypes::Schema;

use super::{ConditionError, Group};

/// A condition on one row, of which this build has none.
#[derive(Debug, Clone)]
pub enum Condition {}

impl Condition {
    /// Parses no condition.
    ///
    /// # Errors
    /// Always [`ConditionError::NotBuilt`].
    pub fn parse(_sql: &str) -> Result<Self, ConditionError> {
        Err(ConditionError::NotBuilt)
    }

    /// The columns that the condition names.
    pub fn columns(&self) -> &[String] {
        match *self {}
    }

    /// Checks the condition against the columns of the data.
    ///
    /// # Errors
    /// None: there is no condition.
    pub fn check(&self, _schema: &Schema) -> Result<(), ConditionError> {
        match *self {}
    }

    /// Whether the condition holds, for each row of `records`.
    ///
    /// # Errors
    /// None: there is no condition.
    pub fn mask(&self, _records: &RecordBatch) -> Result<BooleanArray, ConditionError> {
        match *self {}
    }
}

/// Counts no groups.
///
/// # Errors
/// Always [`ConditionError::NotBuilt`].
pub fn count_groups(_: &ArrayRef, _: &UInt32Array) -> Result<Vec<Group>, ConditionError> {
    Err(ConditionError::NotBuilt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_refused_with_the_way_to_get_it() {
        let error = Condition::parse("id > 1").unwrap_err();
        assert_eq!(error, ConditionError::NotBuilt);
        assert!(error.help().contains("--features polars"));
    }
}
