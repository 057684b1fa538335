//! Why a condition cannot be used.

use arrow::datatypes::DataType;

/// A group of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they share; nothing where it is null.
    pub label: Option<String>,
    /// The other thing that they share.
    pub bin: u32,
    /// How many there are.
    pub rows: u64,
}

/// Why a condition cannot be parsed, does not fit the data, or could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// This build has no SQL.
    #[error("SQL conditions are not in this program: it was built without the feature `polars`")]
    NotBuilt,
    /// The text is not one SQL expression, or has functions that there are not.
    #[error("the condition cannot be parsed: {0}")]
    Syntax(String),
    /// The value for a row would depend on other rows.
    #[error("the condition has {0}, whose value for a row depends on other rows")]
    NotRowWise(String),
    /// SQL that is no part of conditions here.
    #[error("the condition has {0}, which conditions cannot have")]
    Unsupported(String),
    /// A name is not a column's.
    #[error("the condition names `{name}`, and there is no such column")]
    UnknownColumn {
        /// The name as the condition has it.
        name: String,
    },
    /// Two columns have the name.
    #[error("the condition names `{name}`, and more than one column has that name")]
    AmbiguousColumn {
        /// The name that they share.
        name: String,
    },
    /// A column has a type that SQL conditions cannot read.
    #[error("the condition names column `{column}`, whose type {data_type} it cannot read")]
    UnsupportedType {
        /// The column.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// The expression has a value, but not a truth value.
    #[error("the condition is {data_type} for each row, not true or false")]
    NotBoolean {
        /// The type of its value, as polars names it.
        data_type: String,
    },
    /// The operations do not fit the types of the columns.
    #[error("the condition does not fit the columns: {0}")]
    Mismatch(String),
    /// The evaluation failed on the data.
    #[error("the condition could not be evaluated: {0}")]
    Evaluation(String),
}

impl ConditionError {
    /// What to do about it; empty where the message says it all.
    pub fn help(&self) -> String {
        let help = match self {
            Self::NotBuilt => {
                "build it with default features, or with `--features polars`; lengths alone need \
                 no SQL: `words` and `characters`"
            }
            Self::Syntax(_) => {
                "write what would follow WHERE in SQL, for example `label <> 'spam' AND \
                 length(text) > 40`; texts stand in '...', and names that are not plain words in \
                 \"...\""
            }
            Self::NotRowWise(_) => {
                "rows stream through in batches: a condition sees one row at a time"
            }
            Self::Unsupported(_) | Self::UnknownColumn { .. } | Self::Evaluation(_) => "",
            Self::AmbiguousColumn { .. } => "rename one of the columns in the data",
            Self::UnsupportedType { .. } => {
                "leave the column out of the condition, or store it with a plain type"
            }
            Self::NotBoolean { .. } => "compare it with something, for example `... > 0`",
            Self::Mismatch(_) => {
                "write dates as DATE '2026-01-31', times as TIMESTAMP '2026-01-31 12:00:00', and \
                 convert with CAST(column AS type) where types differ"
            }
        };
        help.to_owned()
    }
}
