//! Why SQL cannot be used.

use std::ops::Range;

use arrow::datatypes::DataType;

use super::tokens;

/// Functions that look at all rows.
const AGGREGATES: [&str; 24] = [
    "all",
    "any",
    "array_agg",
    "avg",
    "corr",
    "count",
    "covar",
    "covar_pop",
    "covar_samp",
    "first",
    "last",
    "max",
    "mean",
    "median",
    "min",
    "quantile_cont",
    "quantile_disc",
    "stddev",
    "stddev_samp",
    "stdev",
    "string_agg",
    "sum",
    "var",
    "variance",
];

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

/// Why SQL cannot be parsed, does not fit the data, or could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// This build has no SQL.
    #[error("SQL is not in this program: it was built without the feature `polars`")]
    NotBuilt,
    /// The text is not one SQL expression, or has functions that there are not.
    #[error("the SQL cannot be parsed: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// The bytes of the text that it is about, if it is one place.
        place: Option<Range<usize>>,
    },
    /// The value for a row would depend on other rows.
    #[error("the SQL has {0}, whose value for a row depends on other rows")]
    NotRowWise(String),
    /// SQL that is of no use here.
    #[error("the SQL has {0}, which it cannot have here")]
    Unsupported(String),
    /// A name is not a column's.
    #[error("the SQL names `{name}`, and there is no such column")]
    UnknownColumn {
        /// The name as the SQL has it.
        name: String,
    },
    /// Two columns have the name.
    #[error("the SQL names `{name}`, and more than one column has that name")]
    AmbiguousColumn {
        /// The name that they share.
        name: String,
    },
    /// A column has a type that SQL cannot read.
    #[error("the SQL names column `{column}`, whose type {data_type} it cannot read")]
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
    /// The expression has a value, but not one that a column could hold.
    #[error("the expression is {data_type} for each row, and no column can hold that")]
    NoColumn {
        /// The type of its value, as polars names it.
        data_type: String,
    },
    /// The operations do not fit the types of the columns.
    #[error("the SQL does not fit the columns: {0}")]
    Mismatch(String),
    /// The evaluation failed on the data.
    #[error("the SQL could not be evaluated: {0}")]
    Evaluation(String),
}

impl SqlError {
    /// What to do about it; empty where the message says it all.
    pub fn help(&self) -> String {
        let help = match self {
            Self::NotBuilt => {
                "build it with default features, or with `--features polars`; to filter by length \
                 alone needs no SQL: `words` and `characters`"
            }
            Self::Syntax { .. } => {
                "write an expression as it would stand in SELECT or after WHERE, for example \
                 `label <> 'spam' AND length(text) > 40`; texts stand in '...', and names that are \
                 not plain words in \"...\""
            }
            Self::NotRowWise(_) => {
                "rows stream through in batches: SQL here sees one row at a time"
            }
            Self::Unsupported(_) => {
                "name columns one by one, and compute with operators and functions of single values"
            }
            Self::UnknownColumn { .. } | Self::Evaluation(_) => "",
            Self::AmbiguousColumn { .. } => "rename one of the columns in the data",
            Self::UnsupportedType { .. } => {
                "leave the column out of the SQL, or store it with a plain type"
            }
            Self::NotBoolean { .. } => "compare it with something, for example `... > 0`",
            Self::NoColumn { .. } => "say of which type it is: CAST(... AS TEXT)",
            Self::Mismatch(_) => {
                "write dates as DATE '2026-01-31', times as TIMESTAMP '2026-01-31 12:00:00', and \
                 convert with CAST(column AS type) where types differ"
            }
        };
        help.to_owned()
    }

    /// The bytes of `sql`, whose error it is, that are to blame; nothing where that is not known,
    /// or is all of it.
    pub fn place(&self, sql: &str) -> Option<Range<usize>> {
        match self {
            Self::Syntax { place, .. } => place.clone(),
            Self::UnknownColumn { name }
            | Self::AmbiguousColumn { name }
            | Self::UnsupportedType { column: name, .. } => tokens::column(sql, name),
            Self::NotRowWise(what) | Self::Unsupported(what) => {
                tokens::word(sql, words_behind(what))
            }
            Self::NotBuilt
            | Self::NotBoolean { .. }
            | Self::NoColumn { .. }
            | Self::Mismatch(_)
            | Self::Evaluation(_) => None,
        }
    }
}

/// The words of SQL that a refusal may be about.
fn words_behind(refused: &str) -> &'static [&'static str] {
    const OTHERS: [(&str, &[&str]); 5] = [
        ("(OVER)", &["over"]),
        ("(ORDER BY)", &["order"]),
        ("UNNEST", &["unnest"]),
        ("subquery", &["select"]),
        ("(COUNT)", &["count"]),
    ];
    if refused.starts_with("an aggregate") {
        return &AGGREGATES;
    }
    let mut others = OTHERS.iter();
    let found = others.find(|(part, _)| refused.contains(part));
    found.map_or(&[], |(_, words)| words)
}
