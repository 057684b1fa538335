//! Integration tests: one binary, one module for each promise.

mod bad_input;
mod check;
mod cli;
mod determinism;
mod fixture;
mod lossless;
mod noise;
mod plan;
mod resume;
mod samples;
mod scratch;
