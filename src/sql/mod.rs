//! SQL on single rows, run by polars; and counts of rows by group.
//!
//! A [`Condition`] is true or false for each row of a batch, an [`Expression`] has a value of any
//! type. Both are parsed and checked when the plan is made. Only the columns that they name cross
//! into polars, without a copy where their type allows, and only their values come back: the batch
//! itself keeps its types and its metadata.
//!
//! Without the cargo feature `polars` no SQL can be parsed: [`SqlError::NotBuilt`] says so.

mod error;
mod tokens;

#[cfg(feature = "polars")]
mod condition;
#[cfg(feature = "polars")]
mod expression;
#[cfg(feature = "polars")]
mod groups;
#[cfg(feature = "polars")]
mod guard;
#[cfg(feature = "polars")]
mod row_wise;
#[cfg(feature = "polars")]
mod stack;
#[cfg(feature = "polars")]
mod syntax;
#[cfg(feature = "polars")]
mod types;

#[cfg(all(test, feature = "polars"))]
mod expression_tests;
#[cfg(all(test, feature = "polars"))]
mod tests;

#[cfg(not(feature = "polars"))]
mod unavailable;

#[cfg(feature = "polars")]
pub use condition::Condition;
pub use error::{Group, SqlError};
#[cfg(feature = "polars")]
pub use expression::Expression;
#[cfg(feature = "polars")]
pub use groups::count_groups;
#[cfg(not(feature = "polars"))]
pub use unavailable::{Condition, Expression, count_groups};
