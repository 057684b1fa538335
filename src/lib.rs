//! Text data augmentation: Parquet in, a DAG of operators, augmented Parquet out.

pub mod batch;
pub mod counters;
pub mod diagnostic;
pub mod operator;
pub mod operators;
pub mod prelude;
pub mod random;
pub mod table;
pub mod text;
pub mod topology;
