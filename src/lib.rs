//! Text data augmentation: Parquet in, a DAG of operators, augmented Parquet out.
//!
//! Most people use the program `augment`. The library is for operators of one's own: implement
//! [`operator::TextOperator`] (one text at a time) or [`operator::Operator`] (whole batches) with
//! its configuration, register it, and hand the registry to [`cli::main`]. `examples/` has a
//! program that does; [`prelude`] has what it imports.
//!
//! A run goes [`config`] -> [`plan`] -> [`engine`] -> [`topology`], which moves batches from
//! [`source`] through operators to [`sink`]; [`ledger`] records what is finished.
//! `ARCHITECTURE.md` tells why.

pub mod batch;
pub mod cli;
pub mod columns;
pub mod config;
pub mod counters;
pub mod diagnostic;
mod digest;
pub mod engine;
mod failpoint;
mod figures;
#[cfg(any(feature = "polars", feature = "onnx"))]
mod foreign;
pub mod inference;
pub mod ledger;
pub mod masked;
#[cfg(feature = "onnx")]
pub mod models;
pub mod mt;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod operator;
pub mod operators;
pub mod plan;
pub mod prelude;
pub mod random;
pub mod report;
pub mod sink;
pub mod source;
pub mod sql;
mod store;
pub mod table;
pub mod text;
pub mod topology;
