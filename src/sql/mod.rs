//! SQL conditions on single rows, run by polars; and counts of rows by group.
//!
//! A [`Condition`] is parsed and checked when the plan is made, and then gives one truth value per
//! row of each batch. Only the columns that it names cross into polars, without a copy where their
//! type allows, and only truth values come back: the batch itself keeps its types and its metadata.
//!
//! Without the cargo feature `polars` a condition cannot be parsed:
//! [`ConditionError::NotBuilt`] says so.

mod error;

#[cfg(feature = "polars")]
mod bridge;
#[cfg(feature = "polars")]
mod expression;
#[cfg(feature = "polars")]
mod groups;
#[cfg(feature = "polars")]
mod row_wise;
#[cfg(feature = "polars")]
mod stack;
#[cfg(feature = "polars")]
mod syntax;
#[cfg(feature = "polars")]
mod types;

#[cfg(all(test, feature = "polars"))]
mod tests;

#[cfg(not(feature = "polars"))]
mod unavailable;

pub use error::{ConditionError, Group};
#[cfg(feature = "polars")]
pub use expression::Condition;
#[cfg(feature = "polars")]
pub use groups::count_groups;
#[cfg(not(feature = "polars"))]
pub use unavailable::{Condition, count_groups};
