//! Text data augmentation: Parquet in, a DAG of operators, augmented Parquet out.

pub mod batch;
pub mod counters;
pub mod diagnostic;
pub mod ledger;
pub mod operator;
pub mod prelude;
pub mod random;
pub mod sink;
pub mod source;
pub mod table;
pub mod text;
