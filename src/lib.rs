//! Text data augmentation: Parquet in, a DAG of operators, augmented Parquet out.

pub mod batch;
pub mod cli;
pub mod config;
pub mod counters;
pub mod diagnostic;
pub mod engine;
pub mod ledger;
pub mod operator;
pub mod operators;
pub mod plan;
pub mod prelude;
pub mod random;
pub mod report;
pub mod sink;
pub mod source;
pub mod sql;
pub mod table;
pub mod text;
pub mod topology;
